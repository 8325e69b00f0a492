import type { ClientFace, Principal } from '#contract';
import { ChatelaineError, isRecord, type JsonObject } from '#kernel';
import type { Group, NamespaceView, Tool } from '#toolbox';
import { challenge } from '../../pipeline/authenticate.ts';
import type { CallRequest } from '../../pipeline/call.ts';
import { shapeFailure, shapeForMcp, type CallToolResult } from '../../pipeline/shape-mcp.ts';
import { toolsOf } from '../../pipeline/visible.ts';
import type { Exchange, Method } from '../exchange.ts';
import { INTERNAL_ERROR, INVALID_PARAMS, INVALID_REQUEST, MISSING_CLIENT_CAPABILITY, RpcError } from '../json-rpc.ts';
import { META_CLIENT_CAPABILITIES } from '../revision.ts';
import type { McpServices } from '../services.ts';

export const TOOLBOX_EXTENSION = 'com.google.cloud/toolbox.v1';

export function toolMethods(services: McpServices): Record<string, Method> {
  return {
    'tools/list': {
      eras: ['stateless', 'session'],
      handle: (exchange) =>
        services.lists.page(exchange.group, 'tools', exchange.revision.era, exchange.params['cursor']),
    },
    'tools/call': { eras: ['stateless', 'session'], handle: (exchange) => callTool(exchange, services) },
  };
}

async function callTool(exchange: Exchange, services: McpServices): Promise<JsonObject> {
  const { name, arguments: args } = exchange.params;
  if (typeof name !== 'string') throw new RpcError(INVALID_PARAMS, '`params.name` must be the name of a tool');
  if (args !== undefined && !isRecord(args))
    throw new RpcError(INVALID_REQUEST, '`params.arguments` must be an object');
  try {
    const output = await services.pipeline.call(new McpCall(exchange, name, args ?? {}));
    return shapeForMcp(toolsOf(exchange.group).get(name) as Tool, output) as unknown as JsonObject;
  } catch (error) {
    return answerFor(error, exchange) as unknown as JsonObject;
  }
}

/** A `tools/call` as the pipeline takes it; what is read late is the exchange's to make. */
class McpCall implements CallRequest {
  readonly door = 'mcp';
  readonly name: string;
  readonly arguments: JsonObject;
  readonly #exchange: Exchange;

  constructor(exchange: Exchange, name: string, args: JsonObject) {
    this.#exchange = exchange;
    this.name = name;
    this.arguments = args;
  }

  get requestId(): string {
    return this.#exchange.requestId;
  }

  get principal(): Principal {
    return this.#exchange.principal;
  }

  get view(): NamespaceView {
    return this.#exchange.view;
  }

  get group(): Group {
    return this.#exchange.group;
  }

  get secureArguments(): JsonObject | undefined {
    return secureArguments(this.#exchange);
  }

  get client(): ClientFace {
    return this.#exchange.client;
  }

  get signal(): AbortSignal {
    return this.#exchange.signal;
  }

  get traceparent(): string | undefined {
    const { traceparent } = this.#exchange.meta;
    return typeof traceparent === 'string' ? traceparent : undefined;
  }
}

/** Values of secure parameters: only a client that declared the extension sends them apart. */
function secureArguments(exchange: Exchange): JsonObject | undefined {
  const capabilities = exchange.meta[META_CLIENT_CAPABILITIES] as JsonObject | undefined;
  const extensions = capabilities?.['extensions'];
  if (!isRecord(extensions) || extensions[TOOLBOX_EXTENSION] === undefined) return undefined;
  const secure = exchange.params['secureArguments'];
  return isRecord(secure) ? secure : {};
}

/**
 * Which failures the model sees in the result, and which are errors of the protocol: what it can mend
 * (arguments, the statement, a source that is down) it sees; what the client must mend is an error.
 */
function answerFor(error: unknown, exchange: Exchange): CallToolResult {
  if (error instanceof RpcError && error.code === MISSING_CLIENT_CAPABILITY && exchange.revision.era === 'session') {
    return { content: [{ type: 'text', text: error.message }], isError: true };
  }
  if (!(error instanceof ChatelaineError)) throw error;
  switch (error.code) {
    case 'TOOL_UNKNOWN':
      throw new RpcError(INVALID_PARAMS, error.message);
    case 'FORBIDDEN_ROLE':
    case 'INSUFFICIENT_SCOPE':
    case 'TOOL_AUTHORIZATION_UNAVAILABLE': {
      const wanted = challenge(error);
      throw new RpcError(INVALID_REQUEST, error.message, {
        status: error.status,
        ...(wanted !== undefined && { headers: ['WWW-Authenticate', wanted] }),
      });
    }
    case 'SECURE_CHANNEL_REQUIRED':
      throw new RpcError(MISSING_CLIENT_CAPABILITY, error.message, {
        status: 400,
        data: { requiredCapabilities: { extensions: { [TOOLBOX_EXTENSION]: {} } } },
      });
    case 'OVERLOADED':
      throw new RpcError(error.status, error.message, { status: error.status, headers: ['Retry-After', '1'] });
    case 'INTERNAL':
      throw new RpcError(INTERNAL_ERROR, error.message, { status: error.status });
    default:
      return shapeFailure(error);
  }
}
