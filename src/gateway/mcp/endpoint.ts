/**
 * The MCP endpoint over HTTP: POST carries one message of either era, GET opens a session's stream,
 * DELETE ends a session (MCP 2026-07-28 and 2025-11-25, Streamable HTTP).
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ChatelaineError, isRecord, parseStrictJson, type JsonObject, type Result } from '#kernel';
import type { Group, NamespaceView } from '#toolbox';
import { gatewayError } from '../errors.ts';
import { isJson, readBody } from '../http/body.ts';
import type { Replies } from '../http/replies.ts';
import type { Caller } from '../pipeline/authenticate.ts';
import { toolsOf } from '../pipeline/visible.ts';
import { answer } from './answer.ts';
import { clientFace, isLogLevel } from './client-face.ts';
import { EventStream } from './event-stream.ts';
import type { Method } from './exchange.ts';
import { HttpExchange } from './http-exchange.ts';
import { continueRounds } from './input-required.ts';
import { encodeError, INVALID_REQUEST, PARSE_ERROR, readMessage, RpcError, type Message } from './json-rpc.ts';
import { negotiate } from './methods/lifecycle.ts';
import { ASSUMED_VERSION, eraOf, isSession, META_CLIENT_CAPABILITIES, META_LOG_LEVEL, metaOf } from './revision.ts';
import type { Session } from './session.ts';
import { checkHeaders, checkMeta, checkParameterHeaders, unsupportedVersion } from './stateless-headers.ts';
import type { McpServices } from './services.ts';

/** One HTTP request at the endpoint, after its caller and its place are known. */
export interface McpVisit {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
  readonly caller: Caller;
  readonly view: NamespaceView;
  readonly group: Group;
  /** Flat list of headers that every answer to this request carries (CORS). */
  readonly headers: readonly string[];
}

export interface McpEndpoint {
  handle(visit: McpVisit): Promise<void>;
}

export function mcpEndpoint(options: {
  methods: ReadonlyMap<string, Method>;
  services: McpServices;
  replies: Replies;
  maxBodyBytes: number;
}): McpEndpoint {
  const { methods, services, replies, maxBodyBytes } = options;

  async function handle(visit: McpVisit): Promise<void> {
    try {
      switch (visit.request.method) {
        case 'POST':
          return await post(visit);
        case 'GET':
          return openSessionStream(visit);
        case 'DELETE':
          return endSession(visit);
        default:
          throw gatewayError('METHOD_NOT_ALLOWED', 'MCP answers to POST, GET and DELETE', {
            details: { allow: 'POST, GET, DELETE' },
          });
      }
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      replies.json(visit.response, error.status === 200 ? 400 : error.status, encodeError(undefined, error), [
        ...visit.headers,
        ...error.headers,
      ]);
    }
  }

  // ── POST: one message ───────────────────────────────────────────────────────────────────────────

  async function post(visit: McpVisit): Promise<void> {
    const message = await readPosted(visit.request);
    if (!message.ok) {
      return replies.json(
        visit.response,
        message.error.status,
        encodeError(message.error.id, message.error.error),
        visit.headers,
      );
    }
    const posted = message.value;
    const header = visit.request.headers['mcp-protocol-version'] as string | undefined;
    const era = posted.kind === 'response' ? 'session' : eraOf(posted.params, header);
    try {
      if (era === 'stateless') await stateless(visit, posted as Exclude<Message, { kind: 'response' }>);
      else await inSession(visit, posted, header);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      const id = posted.kind === 'notification' ? undefined : posted.id;
      replies.json(visit.response, error.status, encodeError(id, error), [...visit.headers, ...error.headers]);
    }
  }

  async function readPosted(
    request: IncomingMessage,
  ): Promise<Result<Message, { status: number; id: string | number | undefined; error: RpcError }>> {
    const refuse = (status: number, error: RpcError, id?: string | number) => ({
      ok: false as const,
      error: { status, id, error },
    });
    if (!isJson(request)) return refuse(415, new RpcError(INVALID_REQUEST, 'the body must be `application/json`'));
    let body: Buffer;
    try {
      body = await readBody(request, maxBodyBytes);
    } catch (error) {
      if (error instanceof ChatelaineError) return refuse(error.status, new RpcError(INVALID_REQUEST, error.message));
      throw error;
    }
    const parsed = parseStrictJson(body);
    if (!parsed.ok)
      return refuse(
        400,
        new RpcError(PARSE_ERROR, `the body is not JSON that can be read one way only: ${parsed.error}`),
      );
    const message = readMessage(parsed.value);
    return message.ok ? message : refuse(400, new RpcError(INVALID_REQUEST, message.error.message), message.error.id);
  }

  async function stateless(visit: McpVisit, message: Exclude<Message, { kind: 'response' }>): Promise<void> {
    const params = message.params ?? {};
    const meta = metaOf(params);
    const version = checkMeta(meta);
    // No notification is defined from client to server over HTTP in this era; unknown ones do nothing.
    if (message.kind === 'notification') return accepted(visit);
    const { headers } = visit.request;
    checkHeaders(headers, message.method, params, version);
    if (message.method === 'tools/call') checkMirroredArguments(visit, params);
    const level = meta[META_LOG_LEVEL];
    // Opened only for the methods that may ask: elsewhere a state in the params means nothing.
    const rounds = ASKING.has(message.method)
      ? continueRounds(services.states, visit.caller.principal, message.method, params)
      : undefined;
    const exchange = new HttpExchange({
      ...visit,
      principal: visit.caller.principal,
      id: message.id,
      method: message.method,
      params,
      revision: { era: 'stateless', version },
      session: undefined,
      streamOpened: (stream) => services.streams.add(stream, visit.caller.credential),
      face: (exchange) =>
        clientFace({
          capabilities: meta[META_CLIENT_CAPABILITIES] as JsonObject,
          progressToken: meta['progressToken'],
          logLevel: () => (isLogLevel(level) ? level : undefined),
          notify: (method, notification) => exchange.notify(method, notification),
          state: rounds?.state,
          ask: (inputs, state) =>
            rounds?.ask(inputs, state) ??
            Promise.reject(new RpcError(INVALID_REQUEST, `\`${message.method}\` cannot ask the client`)),
        }),
    });
    exchange.finish(await answer(exchange, methods, services), replies);
  }

  function checkMirroredArguments(visit: McpVisit, params: JsonObject): void {
    const { name, arguments: args } = params;
    const tool = typeof name === 'string' ? toolsOf(visit.group).get(name) : undefined;
    if (tool !== undefined && (args === undefined || isRecord(args))) {
      checkParameterHeaders(visit.request.headers, tool, args ?? {});
    }
  }

  async function inSession(visit: McpVisit, message: Message, header: string | undefined): Promise<void> {
    if (header !== undefined && !isSession(header)) throw unsupportedVersion(header);
    const opening = message.kind === 'request' && message.method === 'initialize';
    const session = opening ? openSession(visit, message.params ?? {}) : findSession(visit);
    if (message.kind === 'response') {
      session?.answer(message.id, message.result, message.error);
      return accepted(visit);
    }
    if (message.kind === 'notification') {
      if (message.method === 'notifications/cancelled') cancel(session, message.params ?? {});
      return accepted(visit);
    }
    const params = message.params ?? {};
    const exchange: HttpExchange = new HttpExchange({
      ...visit,
      principal: visit.caller.principal,
      id: message.id,
      method: message.method,
      params,
      revision: { era: 'session', version: session?.version ?? header ?? ASSUMED_VERSION },
      session,
      headers: opening && session !== undefined ? [...visit.headers, 'Mcp-Session-Id', session.id] : visit.headers,
      streamOpened: (stream) => services.streams.add(stream, visit.caller.credential),
      face: (exchange) =>
        clientFace({
          capabilities: session?.capabilities ?? {},
          progressToken: metaOf(params)['progressToken'],
          // Until a client sets a level, the server decides (MCP 2025-11-25, Logging).
          logLevel: () => session?.logLevel ?? 'info',
          notify: (method, notification) => exchange.notify(method, notification),
          state: undefined,
          ask: async (inputs) => {
            const asked = Object.entries(inputs).map(async ([key, input]) => [
              key,
              await (session as Session).ask(input, (text) => exchange.send(text), exchange.signal),
            ]);
            return Object.fromEntries(await Promise.all(asked)) as Record<string, JsonObject>;
          },
        }),
    });
    exchange.finish(await answer(exchange, methods, services), replies);
  }

  // ── sessions ────────────────────────────────────────────────────────────────────────────────────

  function openSession(visit: McpVisit, params: JsonObject): Session {
    const { version, capabilities } = negotiate(params);
    return services.sessions.open({
      version,
      capabilities,
      principal: visit.caller.principal,
      namespace: visit.view.name,
    });
  }

  /** A request without a session is served without one: it can then neither subscribe nor be asked. */
  function findSession(visit: McpVisit): Session | undefined {
    const id = visit.request.headers['mcp-session-id'];
    if (id === undefined) return undefined;
    const session =
      typeof id === 'string' ? services.sessions.find(id, visit.caller.principal, visit.view.name) : undefined;
    if (session === undefined)
      throw new RpcError(INVALID_REQUEST, 'the session has ended or never was; send `initialize` to open one', {
        status: 404,
      });
    return session;
  }

  function cancel(session: Session | undefined, params: JsonObject): void {
    const { requestId, reason } = params;
    if (typeof requestId !== 'string' && typeof requestId !== 'number') return;
    session?.cancel(requestId, typeof reason === 'string' ? reason : undefined);
  }

  function openSessionStream(visit: McpVisit): void {
    const session = findSession(visit);
    if (session === undefined || !visit.request.headers.accept?.includes('text/event-stream')) {
      throw gatewayError('METHOD_NOT_ALLOWED', 'GET opens the event stream of a session; this request names none', {
        details: { allow: 'POST' },
      });
    }
    const stream = new EventStream(visit.response, visit.headers);
    session.attach(stream);
    services.streams.add(stream, visit.caller.credential);
    const stopListening = services.changes.listen({
      namespace: visit.view.name,
      group: visit.group.name === '' ? undefined : visit.group.name,
      changed: (list) => {
        if (session.speaksOn(stream)) session.notify(`notifications/${list}/list_changed`, {});
      },
    });
    stream.onClose(stopListening);
  }

  function endSession(visit: McpVisit): void {
    const session = findSession(visit);
    if (session === undefined)
      throw new RpcError(INVALID_REQUEST, '`Mcp-Session-Id` must name the session to end', { status: 400 });
    services.sessions.end(session);
    visit.response.writeHead(204, [...visit.headers]).end();
  }

  return { handle };
}

/** Methods whose answer may be a question (MCP 2026-07-28, MRTR, Supported Requests). */
const ASKING = new Set(['tools/call', 'prompts/get', 'resources/read']);

function accepted(visit: McpVisit): void {
  visit.response.writeHead(202, ['Content-Length', '0', ...visit.headers]).end();
}
