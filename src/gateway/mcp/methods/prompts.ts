import { isRecord, type JsonObject } from '#kernel';
import { promptsOf } from '../../pipeline/visible.ts';
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
  const prompt = promptsOf(exchange.group).get(name);
  if (prompt === undefined) throw new RpcError(INVALID_PARAMS, `no prompt is called \`${name}\``);
  const filled = readArguments(args);
  const call = { client: exchange.client, log: services.log, signal: exchange.signal };
  const got = await services.pipeline.consult(exchange.principal, exchange.view.name, () => prompt.get(filled, call));
  if (!got.ok) {
    const list = got.error.map((violation) => `\`${violation.path}\`: ${violation.message}`).join('; ');
    throw new RpcError(INVALID_PARAMS, `the arguments of \`${name}\` are not valid: ${list}`);
  }
  return {
    ...(prompt.description !== undefined && { description: prompt.description }),
    messages: got.value as unknown as JsonObject[],
  };
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
