/**
 * The MCP endpoint over HTTP: POST carries one message of either era, GET opens a session's stream,
 * DELETE ends a session (MCP 2026-07-28 and 2025-11-25, Streamable HTTP).
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isRecord, type JsonObject } from '#kernel';
import type { Group, NamespaceView } from '#toolbox';
import { gatewayError } from '../errors.ts';
import type { Replies } from '../http/replies.ts';
import { contextOf } from '../pipeline/caller-face.ts';
import type { Caller } from '../pipeline/caller.ts';
import type { DoorGuard } from '../pipeline/door-guard.ts';
import { meantBy, toolsOf, visibleTo } from '../pipeline/visible.ts';
import { answer } from './answer.ts';
import { acceptsEventStream, EventStream } from './event-stream.ts';
import type { Method, RequestFacts } from './exchange.ts';
import { HttpExchange } from './http-exchange.ts';
import { continueRounds } from './input-required.ts';
import { encodeError, INVALID_PARAMS, INVALID_REQUEST, RpcError, type Message } from './json-rpc.ts';
import { negotiate } from './methods/lifecycle.ts';
import { CALL_TOOL, isFoundIn } from './progressive.ts';
import { readPosted } from './posted-message.ts';
import { ASSUMED_VERSION, eraOf, isSession, metaOf, META_VERSION } from './revision.ts';
import type { Session } from './session.ts';
import {
  checkHeaders,
  checkMeta,
  checkParameterHeaders,
  checkVersion,
  unsupportedVersion,
} from './stateless-headers.ts';
import type { McpServices } from './services.ts';

/** One HTTP request at the endpoint, after its caller and its place are known. */
export interface McpVisit {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
  readonly caller: Caller;
  readonly view: NamespaceView;
  readonly group: Group;
  readonly guard: DoorGuard | undefined;
  /**
   * Has the process of that id answer the request, whose body was read; false where it is gone. Absent where nobody
   * else answers, or the request was handed over already.
   */
  readonly handOver?: ((to: string, body: Buffer) => Promise<boolean>) | undefined;
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
    const posted = await readPosted(visit.request, maxBodyBytes);
    if (!posted.ok) {
      const { status, id, error } = posted.error;
      // What was not read of a body that is too large is not worth reading: the connection goes with it.
      const headers = status === 413 ? [...visit.headers, 'Connection', 'close'] : visit.headers;
      return replies.json(visit.response, status, encodeError(id, error), headers);
    }
    const { message, body } = posted.value;
    const header = visit.request.headers['mcp-protocol-version'] as string | undefined;
    const params = message.kind === 'response' ? undefined : message.params;
    try {
      if (eraOf(params, header) === 'stateless') await stateless(visit, message, body, header);
      else await inSession(visit, message, header);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      const id = message.kind === 'request' ? message.id : undefined;
      const status = message.kind === 'request' || error.status !== 200 ? error.status : 400;
      replies.json(visit.response, status, encodeError(id, error), [...visit.headers, ...error.headers]);
    }
  }

  async function stateless(visit: McpVisit, message: Message, body: Buffer, header: string | undefined): Promise<void> {
    if (message.kind === 'response')
      throw new RpcError(INVALID_REQUEST, 'nothing was asked: this revision asks in results, not by requests');
    const params = message.params ?? {};
    const meta = metaOf(params);
    if (message.kind === 'notification') {
      // None is defined from client to server over HTTP in this era; unknown ones do nothing.
      const version = meta[META_VERSION] ?? header;
      checkVersion(typeof version === 'string' ? version : JSON.stringify(version));
      return accepted(visit);
    }
    const version = checkMeta(meta);
    const { headers } = visit.request;
    checkHeaders(headers, message.method, params, version);
    if (message.method === 'tools/call') checkMirroredArguments(visit, params);
    const rounds = continueRounds(services.states, visit.caller.principal, message.method, params);
    if (rounds?.heldBy !== undefined && rounds.heldBy !== services.self) {
      if ((await visit.handOver?.(rounds.heldBy, body)) === true) return;
      const gone = 'what `requestState` goes on with has ended; start the call again without it';
      throw new RpcError(INVALID_PARAMS, gone, { status: 400 });
    }
    await respond(visit, {
      ...whoAndWhere(visit),
      id: message.id,
      method: message.method,
      params,
      meta,
      revision: { era: 'stateless', version },
      session: undefined,
      rounds,
    });
  }

  async function respond(visit: McpVisit, facts: RequestFacts, headers = visit.headers): Promise<void> {
    const exchange = new HttpExchange(facts, {
      request: visit.request,
      response: visit.response,
      headers,
      streamOpened: (stream) => services.streams.add(stream, visit.caller.verifyAgain),
    });
    exchange.finish(await answer(exchange, methods, services), replies);
  }

  function checkMirroredArguments(visit: McpVisit, params: JsonObject): void {
    const { name, arguments: args } = params;
    if (args !== undefined && !isRecord(args)) return;
    const { headers } = visit.request;
    if (name === CALL_TOOL.name && isFoundIn(visit.group, services.progressiveFrom)) {
      checkParameterHeaders(headers, CALL_TOOL, args ?? {});
      // Through `call_tool` nothing is spared that a call by name has to show.
      const { name: through, arguments: passed } = args ?? {};
      if (through === CALL_TOOL.name) return;
      return checkMirroredArguments(visit, {
        ...(through !== undefined && { name: through }),
        ...(passed !== undefined && { arguments: passed }),
      });
    }
    const tool =
      typeof name === 'string'
        ? toolsOf(visibleTo(visit.caller.principal, visit.group)).get(meantBy(visit.group, name))
        : undefined;
    if (tool !== undefined) checkParameterHeaders(headers, tool, args ?? {});
  }

  async function inSession(visit: McpVisit, message: Message, header: string | undefined): Promise<void> {
    if (header !== undefined && !isSession(header)) throw unsupportedVersion(header);
    const opening = message.kind === 'request' && message.method === 'initialize';
    const session = opening ? openSession(visit, message.params ?? {}) : findSession(visit);
    if (message.kind === 'response') {
      if (session === undefined)
        throw new RpcError(INVALID_REQUEST, 'nothing was asked: this request names no session');
      session.answer(message.id, message.result, message.error);
      return accepted(visit);
    }
    const params = message.params ?? {};
    if (message.kind === 'notification') {
      if (message.method === 'notifications/cancelled') cancel(session, params);
      return accepted(visit);
    }
    const facts: RequestFacts = {
      ...whoAndWhere(visit),
      id: message.id,
      method: message.method,
      params,
      meta: metaOf(params),
      revision: { era: 'session', version: session?.version ?? header ?? ASSUMED_VERSION },
      session,
      rounds: undefined,
    };
    const named = opening && session !== undefined ? [...visit.headers, 'Mcp-Session-Id', session.id] : visit.headers;
    await respond(visit, facts, named);
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
    if (session === undefined) {
      throw gatewayError('METHOD_NOT_ALLOWED', 'GET opens the event stream of a session; this request names none', {
        details: { allow: 'POST, DELETE' },
      });
    }
    if (!acceptsEventStream(visit.request))
      throw new RpcError(INVALID_REQUEST, 'GET opens an event stream: accept `text/event-stream`', { status: 406 });
    const stream = new EventStream(visit.response, visit.headers);
    session.attach(stream);
    services.streams.add(stream, visit.caller.verifyAgain);
    const stopListening = services.changes.listen({
      namespace: visit.view.name,
      group: visit.group.name === '' ? undefined : visit.group.name,
      context: contextOf(visit.caller.principal),
      changed: (list) => {
        if (session.speaksOn(stream)) session.notify(`notifications/${list}/list_changed`, {});
      },
      ended: () => stream.end(),
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

const whoAndWhere = ({ requestId, caller, view, group, guard }: McpVisit) => ({
  requestId,
  principal: caller.principal,
  subjectToken: caller.subjectToken,
  peer: caller.peer,
  view,
  group,
  guard,
});

function accepted(visit: McpVisit): void {
  visit.response.writeHead(202, ['Content-Length', '0', ...visit.headers]).end();
}
