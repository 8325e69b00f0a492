/**
 * The REST of MCP Toolbox: `GET /api/toolset[/{name}]`, `GET /api/tool/{name}`,
 * `POST /api/tool/{name}/invoke`, with its success shapes. Its errors all came as 200; ours carry real
 * status codes, the same body members, and our code and remedy beside them.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { UNTRUSTED, type Principal } from '#contract';
import type { ChatelaineError } from '#kernel';
import type { Admission } from '#registry';
import { isRecord, parseStrictJson, type JsonObject, type JsonValue, type Secret } from '#kernel';
import type { Group, NamespaceView, Tool, ToolOutput } from '#toolbox';
import { gatewayError } from '../errors.ts';
import type { AnswerMarks } from '../shaping/index.ts';
import { isJson, readBody } from '../http/body.ts';
import type { Replies } from '../http/replies.ts';
import { noClient } from '../mcp/client-face.ts';
import type { Caller } from '../pipeline/caller.ts';
import type { Pipeline } from '../pipeline/call.ts';
import type { CallRequest } from '../pipeline/call-request.ts';
import type { DoorGuard } from '../pipeline/door-guard.ts';
import type { Peer } from '../pipeline/peer.ts';
import { truncationNotice } from '../pipeline/shape-mcp.ts';
import { checkAccess } from '../pipeline/access.ts';
import type { Decisions } from '../decisions/index.ts';
import { toolsOf } from '../pipeline/visible.ts';

export interface RestVisit {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
  readonly caller: Caller;
  readonly view: NamespaceView;
  readonly headers: readonly string[];
  readonly guard: DoorGuard | undefined;
}

export interface ToolboxRest {
  toolset(visit: RestVisit, group: Group): Promise<void>;
  tool(visit: RestVisit, name: string): Promise<void>;
  invoke(visit: RestVisit, name: string): Promise<void>;
}

export function toolboxRest(options: {
  pipeline: Pipeline;
  decisions: Decisions;
  replies: Replies;
  maxBodyBytes: number;
  version: string;
}): ToolboxRest {
  const { pipeline, decisions, replies, maxBodyBytes, version } = options;
  // A group is immutable: its manifest is encoded once.
  const manifests = new WeakMap<Group, Buffer>();

  const manifestOf = (tools: Iterable<{ name: string; manifest: JsonObject }>): Buffer =>
    Buffer.from(
      JSON.stringify({
        serverVersion: version,
        tools: Object.fromEntries(Array.from(tools, (tool) => [tool.name, tool.manifest])),
      }),
    );

  async function seenBy({ caller, view }: RestVisit, group: Group): Promise<Group> {
    return decisions.listed({ principal: caller.principal, peer: caller.peer, door: 'rest' }, view, group);
  }

  async function toolset(visit: RestVisit, group: Group): Promise<void> {
    expectMethod(visit, 'GET', 'HEAD');
    checkAccess(visit.caller.principal, 'read');
    const seen = await seenBy(visit, group);
    let manifest = manifests.get(seen);
    if (manifest === undefined) manifests.set(seen, (manifest = manifestOf(seen.tools)));
    replies.json(visit.response, 200, manifest, visit.headers);
  }

  async function tool(visit: RestVisit, name: string): Promise<void> {
    expectMethod(visit, 'GET', 'HEAD');
    checkAccess(visit.caller.principal, 'read');
    const found = toolsOf(await seenBy(visit, visit.view.all)).get(name);
    if (found === undefined) throw gatewayError('TOOL_UNKNOWN', `no tool is called \`${name}\``);
    replies.json(visit.response, 200, manifestOf([found]), visit.headers);
  }

  async function invoke(visit: RestVisit, name: string): Promise<void> {
    expectMethod(visit, 'POST');
    const args = await readArguments(visit.request);
    const call = new RestCall(visit, name, args);
    const answer = await pipeline.call(call, shapeForRest);
    replies.json(visit.response, 200, answer, call.headers);
  }

  async function readArguments(request: IncomingMessage): Promise<JsonObject> {
    if (!isJson(request)) throw gatewayError('MEDIA_TYPE_UNSUPPORTED', 'the body must be `application/json`');
    const parsed = parseStrictJson(await readBody(request, maxBodyBytes));
    if (!parsed.ok)
      throw gatewayError('BODY_INVALID', `the body is not JSON that can be read one way only: ${parsed.error}`);
    if (!isRecord(parsed.value)) throw gatewayError('BODY_INVALID', 'the body must be a JSON object of arguments');
    return parsed.value;
  }

  return { toolset, tool, invoke };
}

/** `result` is JSON as text, as Toolbox's clients expect; what there is to say about it stands beside it. */
function shapeForRest(_tool: Tool, output: ToolOutput, marks: AnswerMarks | undefined): string {
  const result = resultOf(output);
  return JSON.stringify(marks?.untrusted === true ? { ...result, trust: UNTRUSTED } : result);
}

function resultOf(output: ToolOutput): JsonObject {
  switch (output.kind) {
    case 'rows': {
      const empty: JsonValue = output.affected === undefined ? [] : { affectedRows: output.affected };
      const result = JSON.stringify(output.rows.length === 0 ? empty : output.rows);
      return output.truncated === undefined
        ? { result }
        : { result, notice: truncationNotice(output.truncated, output.rows.length) };
    }
    case 'value':
      return { result: typeof output.value === 'string' ? output.value : JSON.stringify(output.value) };
    case 'content':
      return {
        result: JSON.stringify(output.structuredContent ?? output.content),
        ...(output.isError && { isError: true }),
      };
  }
}

/** An invocation as the pipeline takes it. */
class RestCall implements CallRequest {
  readonly door = 'rest';
  readonly requestId: string;
  readonly principal: Principal;
  readonly subjectToken: Secret | undefined;
  readonly peer: Peer;
  readonly view: NamespaceView;
  readonly group: Group;
  readonly name: string;
  readonly arguments: JsonObject;
  /** Toolbox took secure parameters as plain body members here; a body is no secure channel. */
  readonly secureArguments = undefined;
  readonly client = noClient;
  readonly guard: DoorGuard | undefined;
  readonly traceparent: string | undefined;
  /** What the answer carries. */
  headers: readonly string[];
  readonly #response: ServerResponse;
  #controller: AbortController | undefined;

  constructor(visit: RestVisit, name: string, args: JsonObject) {
    this.requestId = visit.requestId;
    this.headers = visit.headers;
    this.principal = visit.caller.principal;
    this.subjectToken = visit.caller.subjectToken;
    this.peer = visit.caller.peer;
    this.view = visit.view;
    this.group = visit.view.all;
    this.name = name;
    this.arguments = args;
    this.guard = visit.guard;
    this.traceparent = visit.request.headers['traceparent'] as string | undefined;
    this.#response = visit.response;
  }

  admitted({ headers }: Admission): void {
    if (headers.length > 0) this.headers = [...this.headers, ...headers];
  }

  /** Made when somebody reads it, aborted when the client goes away. */
  get signal(): AbortSignal {
    this.#controller ??= abortedWhenGone(this.#response);
    return this.#controller.signal;
  }
}

function abortedWhenGone(response: ServerResponse): AbortController {
  const controller = new AbortController();
  const gone = (): void => {
    if (!response.writableEnded) controller.abort(new Error('the client went away'));
  };
  if (response.destroyed) gone();
  else response.once('close', gone);
  return controller;
}

function expectMethod(visit: RestVisit, ...methods: readonly string[]): void {
  if (methods.includes(visit.request.method as string)) return;
  throw gatewayError('METHOD_NOT_ALLOWED', `this path answers to ${methods[0]}`, {
    details: { allow: methods.join(', ') },
  });
}

/** An error as the REST door writes it: Toolbox's members, and ours. */
export function restError(error: ChatelaineError, requestId: string): string {
  return JSON.stringify({
    status: STATUS_TEXT[error.status] ?? 'Error',
    error: error.message,
    code: error.code,
    remedy: error.remedy,
    requestId,
    ...(error.details?.['violations'] !== undefined && { violations: error.details['violations'] }),
    ...(error.details?.['approval'] !== undefined && { approval: error.details['approval'] }),
    ...(error.details?.['link'] !== undefined && { link: error.details['link'] }),
  });
}

const STATUS_TEXT: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  413: 'Payload Too Large',
  415: 'Unsupported Media Type',
  421: 'Misdirected Request',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};
