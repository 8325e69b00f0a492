import { isRecord, type JsonObject } from '#kernel';
import type { ToolCall } from '#toolbox';
import { gatewayError } from '../../errors.ts';
import type { Found } from '../../pipeline/call.ts';
import { McpConsultation } from '../pipeline-request.ts';
import type { Exchange, Method } from '../exchange.ts';
import { INVALID_PARAMS, RpcError } from '../json-rpc.ts';
import type { McpServices } from '../services.ts';
import { findPrompt, readArguments } from './prompts.ts';

/** As many values as MCP lets one answer hold. */
const MAX_VALUES = 100;

export function completionMethods(services: McpServices): Record<string, Method> {
  return {
    'completion/complete': { eras: ['stateless', 'session'], handle: (exchange) => complete(exchange, services) },
  };
}

async function complete(exchange: Exchange, { pipeline }: McpServices): Promise<JsonObject> {
  const { ref, argument, context } = exchange.params;
  if (!isRecord(argument) || typeof argument['name'] !== 'string' || typeof argument['value'] !== 'string') {
    throw new RpcError(INVALID_PARAMS, '`params.argument` must have a `name` and a `value`, both strings');
  }
  const filled = isRecord(context) ? readArguments(context['arguments']) : {};
  const { name, value } = argument;
  const reference = referenceOf(ref);
  const consultation = new McpConsultation(exchange, { kind: 'completion', name: reference.to });
  const values = await pipeline.consult(
    consultation,
    (call, found) => candidates(exchange, reference, { name, typed: value, filled }, call, found),
    // A value that is half covered fills in nothing.
    (found, masking) => found.filter((one) => masking.text(one) === one),
  );
  return {
    completion: { values: values.slice(0, MAX_VALUES), total: values.length, hasMore: values.length > MAX_VALUES },
  };
}

/** What is being filled in: a prompt by its name, a resource template by its text. */
interface Reference {
  readonly kind: 'prompt' | 'template';
  readonly to: string;
}

function referenceOf(ref: unknown): Reference {
  if (isRecord(ref) && ref['type'] === 'ref/prompt') return { kind: 'prompt', to: String(ref['name']) };
  if (isRecord(ref) && ref['type'] === 'ref/resource') return { kind: 'template', to: String(ref['uri']) };
  throw new RpcError(INVALID_PARAMS, '`params.ref` must be of type `ref/prompt` or `ref/resource`');
}

async function candidates(
  exchange: Exchange,
  { kind, to }: Reference,
  { name, typed, filled }: { name: string; typed: string; filled: Record<string, string> },
  call: ToolCall,
  found: Found,
): Promise<readonly string[]> {
  if (kind === 'prompt') return found(findPrompt(exchange, to)).complete(name, typed, filled, call);
  const template = exchange.group.resourceTemplates.find(({ uriTemplate }) => uriTemplate === to);
  if (template === undefined) throw gatewayError('RESOURCE_UNKNOWN', `no resource template is \`${to}\``);
  return found(template).complete(name, typed, filled, call);
}
