import { ChatelaineError, isRecord, type JsonObject } from '#kernel';
import type { Admission } from '#registry';
import type { Group, NamespaceView, Tool, ToolOutput } from '#toolbox';
import type { CallRequest } from '../../pipeline/call-request.ts';
import type { DoorGuard } from '../../pipeline/door-guard.ts';
import { meantBy } from '../../pipeline/visible.ts';
import { shapeFailure, shapeForMcp, type CallToolResult } from '../../pipeline/shape-mcp.ts';
import type { AnswerMarks } from '../../shaping/index.ts';
import { McpRequest } from '../pipeline-request.ts';
import type { Exchange, Method } from '../exchange.ts';
import { INVALID_PARAMS, INVALID_REQUEST, MISSING_CLIENT_CAPABILITY, RpcError } from '../json-rpc.ts';
import { refusal } from '../refusals.ts';
import { META_CLIENT_CAPABILITIES, TOOLBOX_EXTENSION } from '../revision.ts';
import { CALL_TOOL, calledThrough, FIND_TOOLS, isFoundIn, type NamedCall } from '../progressive.ts';
import type { McpServices } from '../services.ts';
import { findTools } from './find-tools.ts';

export function toolMethods(services: McpServices): Record<string, Method> {
  return {
    'tools/list': {
      eras: ['stateless', 'session'],
      handle: (exchange) => services.lists.page(exchange, 'tools'),
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
    const isFound = isFoundIn(exchange.group, services.progressiveFrom);
    if (isFound && name === FIND_TOOLS.name)
      return (await findTools(exchange, services, args ?? {})) as unknown as JsonObject;
    const called =
      isFound && name === CALL_TOOL.name
        ? calledThrough(args ?? {})
        : { name: meantBy(exchange.group, name), arguments: args ?? {} };
    const shape = exchange.revision.era === 'stateless' ? shapeForMcp : shapeForSession;
    const result = await services.pipeline.call(new McpCall(exchange, called), shape);
    return result as unknown as JsonObject;
  } catch (error) {
    return failed(error, exchange) as unknown as JsonObject;
  }
}

/** Before 2026-07-28 structured content is an object; clients of then reject an answer with another. */
function shapeForSession(tool: Tool, output: ToolOutput, marks: AnswerMarks | undefined): CallToolResult {
  const { structuredContent, ...result } = shapeForMcp(tool, output, marks);
  return isRecord(structuredContent) ? { ...result, structuredContent } : result;
}

/** A `tools/call` as the pipeline takes it. */
class McpCall extends McpRequest implements CallRequest {
  readonly name: string;
  readonly arguments: JsonObject;

  constructor(exchange: Exchange, called: NamedCall) {
    super(exchange);
    this.name = called.name;
    this.arguments = called.arguments;
  }

  get view(): NamespaceView {
    return this.exchange.view;
  }

  get group(): Group {
    return this.exchange.group;
  }

  get guard(): DoorGuard | undefined {
    return this.exchange.guard;
  }

  admitted({ headers }: Admission): void {
    this.exchange.carry?.(headers);
  }

  get secureArguments(): JsonObject | undefined {
    return secureArguments(this.exchange);
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

/** Failures that a model can mend it sees in the result; the others are errors of the protocol. */
function failed(error: unknown, { revision }: Exchange): CallToolResult {
  if (error instanceof RpcError && error.code === MISSING_CLIENT_CAPABILITY && revision.era === 'session')
    return { content: [{ type: 'text', text: error.message }], isError: true };
  if (!(error instanceof ChatelaineError) || refusal(error, revision.era) !== undefined) throw error;
  return shapeFailure(error);
}
