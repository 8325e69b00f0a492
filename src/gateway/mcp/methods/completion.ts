import { isRecord, type JsonObject } from '#kernel';
import { promptsOf } from '../../pipeline/visible.ts';
import type { Exchange, Method } from '../exchange.ts';
import { INVALID_PARAMS, RpcError } from '../json-rpc.ts';
import type { McpServices } from '../services.ts';
import { readArguments } from './prompts.ts';

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
  const values = await pipeline.consult(exchange.principal, exchange.view.name, () =>
    candidates(exchange, ref, name, value, filled),
  );
  return {
    completion: { values: values.slice(0, MAX_VALUES), total: values.length, hasMore: values.length > MAX_VALUES },
  };
}

async function candidates(
  exchange: Exchange,
  ref: unknown,
  name: string,
  typed: string,
  filled: Record<string, string>,
): Promise<readonly string[]> {
  if (isRecord(ref) && ref['type'] === 'ref/prompt') {
    const prompt = promptsOf(exchange.group).get(String(ref['name']));
    if (prompt !== undefined) return prompt.complete(name, typed, filled);
    throw new RpcError(INVALID_PARAMS, `no prompt is called \`${String(ref['name'])}\``);
  }
  if (isRecord(ref) && ref['type'] === 'ref/resource') {
    const template = exchange.group.resourceTemplates.find(({ uriTemplate }) => uriTemplate === ref['uri']);
    if (template !== undefined) return template.complete(name, typed, filled);
    throw new RpcError(INVALID_PARAMS, `no resource template is \`${String(ref['uri'])}\``);
  }
  throw new RpcError(INVALID_PARAMS, '`params.ref` must be of type `ref/prompt` or `ref/resource`');
}
