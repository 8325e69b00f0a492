import { ChatelaineError, isRecord, type JsonObject } from '#kernel';
import type { Prompt } from '#toolbox';
import { gatewayError } from '../../errors.ts';
import { argumentsInvalid } from '../../pipeline/check-arguments.ts';
import { promptsOf } from '../../pipeline/visible.ts';
import { McpConsultation } from '../pipeline-request.ts';
import type { Exchange, Method } from '../exchange.ts';
import { INVALID_PARAMS, RpcError } from '../json-rpc.ts';
import type { McpServices } from '../services.ts';

export function promptMethods(services: McpServices): Record<string, Method> {
  return {
    'prompts/list': {
      eras: ['stateless', 'session'],
      handle: (exchange) => services.lists.page(exchange, 'prompts'),
    },
    'prompts/get': { eras: ['stateless', 'session'], handle: (exchange) => getPrompt(exchange, services) },
  };
}

async function getPrompt(exchange: Exchange, services: McpServices): Promise<JsonObject> {
  const { name, arguments: args } = exchange.params;
  if (typeof name !== 'string') throw new RpcError(INVALID_PARAMS, '`params.name` must be the name of a prompt');
  const filled = readArguments(args);
  const consultation = new McpConsultation(exchange, { kind: 'prompt', name, arguments: filled });
  return await services.pipeline
    .consult(
      consultation,
      async (call, found) => {
        const prompt = found(findPrompt(exchange, name));
        const got = await prompt.get(filled, call);
        if (!got.ok) throw argumentsInvalid(name, got.error);
        const { description } = prompt;
        const beside: JsonObject = { ...(description !== undefined && { description }), ...got.value.beside };
        return { beside, messages: got.value };
      },
      ({ beside, messages }, masking) => ({
        beside: masking.json(beside) as JsonObject,
        messages: masking.messages(messages),
      }),
    )
    .then(({ beside, messages }) => ({
      ...beside,
      messages: messages as unknown as JsonObject[],
    }))
    .catch((error: unknown) => {
      // No result could carry it to the model, as that of a tool does.
      if (error instanceof ChatelaineError && error.code === 'ARGUMENTS_INVALID')
        throw new RpcError(INVALID_PARAMS, error.message);
      throw error;
    });
}

/** The prompt of that name at this door; throws `PROMPT_UNKNOWN`. */
export function findPrompt({ group }: Exchange, name: string): Prompt {
  const prompt = promptsOf(group).get(name);
  if (prompt === undefined) throw gatewayError('PROMPT_UNKNOWN', `no prompt is called \`${name}\``);
  return prompt;
}

/** Prompt arguments are strings in MCP. */
export function readArguments(args: unknown): Record<string, string> {
  if (args === undefined) return {};
  if (!isRecord(args)) throw new RpcError(INVALID_PARAMS, '`params.arguments` must be an object');
  for (const [name, value] of Object.entries(args)) {
    if (typeof value !== 'string') throw new RpcError(INVALID_PARAMS, `the argument \`${name}\` must be a string`);
  }
  return args as Record<string, string>;
}
