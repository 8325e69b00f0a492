/**
 * The public listener: what is the same for every request before a door gets it, in this order:
 * own Host and Origin, a known path, the caller, a namespace the caller belongs to, the scopes that everybody
 * needs there. Each door then reads its own body. Nothing is answered unauthenticated but the greeting, the
 * health checks and the metadata of resources.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AuditTrail, ResourcePlace, ServerSettings, TokenVerifier } from '#contract';
import type { ApiHandler } from '#http';
import { ChatelaineError, type Clock, type Logger, type Result } from '#kernel';
import type { ResourceServer } from '#resource-server';
import type { ServerTls } from '#tls';
import type { NamespaceView, ToolboxSnapshot } from '#toolbox';
import { gatewayError } from './errors.ts';
import { answerMetadata, metadataOf } from './http/metadata.ts';
import { corsHeaders, preflightHeaders } from './http/cors.ts';
import { doorOf, resourceOf, type DoorPath } from './http/doors.ts';
import { hostPolicy, refuseForeign } from './http/host-origin.ts';
import { Replies } from './http/replies.ts';
import { isStrictTransport, STRICT_TRANSPORT } from './http/strict-transport.ts';
import { Changes } from './mcp/changes.ts';
import { mcpEndpoint } from './mcp/endpoint.ts';
import { Lists } from './mcp/lists.ts';
import { mcpMethods } from './mcp/methods/index.ts';
import { OpenStreams } from './mcp/open-streams.ts';
import { RequestStates } from './mcp/request-state.ts';
import { Sessions } from './mcp/sessions.ts';
import type { McpServices } from './mcp/services.ts';
import type { Gauges } from './operations/metrics.ts';
import { readinessProbe } from './operations/readiness.ts';
import type { AgentCertificates } from './pipeline/agent-certificates.ts';
import { authenticate, challenge, type Caller, type Unauthenticated, type WaysIn } from './pipeline/authenticate.ts';
import { HttpGuard } from './pipeline/door-guard.ts';
import { DoorRecords, type Arrival } from './pipeline/door-records.ts';
import { createPipeline, type CallObserver } from './pipeline/call.ts';
import { ConcurrencyLimit } from './pipeline/concurrency-limit.ts';
import { HttpPeer, rangesOf } from './pipeline/peer.ts';
import { groupOf } from './pipeline/visible.ts';
import { restError, toolboxRest } from './rest/toolbox-rest.ts';

/** The toolbox as the gateway sees it: the snapshot of now, and news of the next. */
export interface ToolboxHolder {
  current(): ToolboxSnapshot;
  onChange(listener: (snapshot: ToolboxSnapshot) => void): unknown;
}

/** Pages for people, which read their own requests. */
export interface Pages {
  answers(path: string): boolean;
  /** Answers; never rejects. */
  handle(request: IncomingMessage, response: ServerResponse, arrival: PageArrival): Promise<void>;
}

/** What the listener knows of a request to a page. */
export interface PageArrival {
  readonly requestId: string;
  readonly address: string | undefined;
  /** What the answer carries beside the page's own. Flat: name, value, name, value. */
  readonly headers: readonly string[];
}

export interface GatewayOptions {
  readonly toolbox: ToolboxHolder;
  readonly verifier: TokenVerifier;
  /** Whose tokens open which doors; without it no issuer is trusted, and no tool gets a token of its own. */
  readonly resources?: ResourceServer;
  readonly settings: ServerSettings;
  /** 32 bytes that seal `requestState`; the same in every process that serves the same clients. */
  readonly stateKey: Buffer;
  /** Where every call, authentication and refusal goes on record. */
  readonly trail: AuditTrail;
  /** Answers below `/api/v1`; nothing does without it. */
  readonly api?: ApiHandler;
  /** What people see of signing in; nothing without it. */
  readonly pages?: Pages;
  readonly observers: readonly CallObserver[];
  /** The TLS of the listeners, as far as `/readyz` and the `Host` header go by it. */
  readonly tls?: readonly ServerTls[];
  readonly version: string;
  readonly clock: Clock;
  readonly log: Logger;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export interface Gateway {
  /** The handler of the public listener. */
  readonly handler: Handler;
  /** The handler of a listener whose clients show certificates: the same doors, and the second way in. */
  agentHandler(certificates: AgentCertificates): Handler;
  /** What other doors (standard input, `invoke`) share with it. */
  readonly services: McpServices;
  readonly gauges: Omit<Gauges, 'deliveries'>;
  /** Refuses new calls and ends what waits for news; running calls end by themselves. */
  drain(): void;
  /** Puts on record what was only counted so far. Rejects when it cannot. */
  close(): Promise<void>;
}

export function createGateway(options: GatewayOptions): Gateway {
  const { toolbox, verifier, resources, settings, tls = [], trail, clock, log } = options;
  const serverInfo = { name: 'chatelaine', title: 'Chatelaine', version: options.version };
  const limit = new ConcurrencyLimit(settings.limits.maxConcurrentCalls);
  const services: McpServices = {
    pipeline: createPipeline({ limit, trail, observers: options.observers, log }),
    lists: new Lists({ pageSize: settings.toolsPageSize, serverInfo }),
    sessions: new Sessions(clock, { maxSessions: settings.limits.maxSessions, idleMs: settings.limits.sessionIdle }),
    states: new RequestStates(options.stateKey, clock),
    changes: new Changes(),
    streams: new OpenStreams(),
    clock,
    log,
    instructions: settings.instructions,
    serverInfo,
  };
  let announced = toolbox.current();
  toolbox.onChange((snapshot) => {
    services.changes.announce(announced, snapshot);
    announced = snapshot;
  });

  const records = new DoorRecords(trail, clock);
  const policy = hostPolicy({ ...settings, certifiedNames: () => tls.flatMap((one) => one.names()) });
  const replies = new Replies();
  const { maxBodyBytes } = settings.limits;
  const mcp = mcpEndpoint({ methods: mcpMethods(services), services, replies, maxBodyBytes });
  const rest = toolboxRest({ pipeline: services.pipeline, replies, maxBodyBytes, version: options.version });
  let serving = true;
  const readiness = readinessProbe({
    views: () => toolbox.current().namespaces.values(),
    serving: () => serving,
    tls,
    authServices: async () => (await resources?.standings()) ?? [],
    recording: () => trail.status.available,
    damaged: () => trail.status.damage !== undefined,
    clock,
  });
  const nextRequestId = requestIds(clock);
  const proxies = rangesOf(settings.trustedProxies);
  const peerOf = (request: IncomingMessage): HttpPeer => new HttpPeer(request, proxies);

  async function visit(
    request: IncomingMessage,
    response: ServerResponse,
    requestId: string,
    ways: WaysIn,
  ): Promise<void> {
    const foreign = refuseForeign(request, policy);
    const path = doorOf(request.url as string);
    // Metadata are for everybody, pages of any origin among them: a client in a browser begins there.
    if (path?.door === 'metadata' && foreign !== 'host') {
      const document = (): string | undefined => resources && metadataOf(resources, toolbox.current(), path.place);
      return answerMetadata(request, response, document, requestId);
    }
    if (foreign !== undefined) {
      const error =
        foreign === 'host'
          ? gatewayError('HOST_REFUSED', 'the Host header names another host than this server')
          : gatewayError('ORIGIN_REFUSED', `pages of \`${request.headers.origin}\` may not call this server`);
      await records.stopped(error, { door: 'rest', requestId, peer: peerOf(request) });
      throw error;
    }
    if (options.pages?.answers(pathOf(request)) === true) {
      const { address } = peerOf(request);
      const headers = [...(isStrictTransport(request) ? STRICT_TRANSPORT : []), 'X-Request-Id', requestId];
      return options.pages.handle(request, response, { requestId, address, headers });
    }
    const headers = commonHeaders(request);
    if (request.method === 'OPTIONS')
      return void response.writeHead(204, [...headers, ...preflightHeaders(request)]).end();
    if (path === undefined) throw gatewayError('DOOR_UNKNOWN', 'nothing answers at this path');
    if (path.door === 'api') return administer({ request, response, requestId, headers, ways });
    if ('namespace' in path) return enter(path, { request, response, requestId, headers, ways });
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      throw gatewayError('METHOD_NOT_ALLOWED', 'this path answers to GET', { details: { allow: 'GET, HEAD' } });
    }
    if (path.door === 'greeting') return greet(response, headers);
    if (path.door === 'healthz') return replies.json(response, 200, '{"status":"ok"}', headers);
    const state = await readiness.read();
    replies.json(response, state.ready ? 200 : 503, state.body, headers);
  }

  async function enter(
    path: Extract<DoorPath, { namespace: string }>,
    { request, response, requestId, headers, ways }: Arriving,
  ): Promise<void> {
    const arrival = { door: path.door === 'mcp' ? 'mcp' : 'rest', requestId, peer: peerOf(request) } as const;
    const place = (arrival.peer.resource = resourceOf(path)) as ResourcePlace & { readonly namespace: string };
    const letIn = welcome(request, arrival, ways);
    const caller = letIn instanceof Promise ? await letIn : letIn;
    const guard = resources && new HttpGuard(resources, request, place);
    const view = viewFor(caller, path.namespace);
    if (view === undefined) {
      const error = gatewayError('DOOR_UNKNOWN', 'nothing answers at this path');
      await records.stopped(error, arrival, caller.principal);
      throw error;
    }
    try {
      guard?.checkScopes(caller.principal);
    } catch (error) {
      await records.stopped(error as ChatelaineError, arrival, caller.principal);
      throw error;
    }
    const at = { request, response, requestId, caller, view, headers, guard };
    if (path.door === 'tool') return rest.tool(at, path.tool);
    if (path.door === 'invoke') return rest.invoke(at, path.tool);
    // A token for one toolset sees that one at `/mcp` too.
    const name = path.group ?? resources?.narrowing(caller.principal, place);
    const group = groupOf(view, name);
    if (group === undefined) throw gatewayError('TOOLSET_UNKNOWN', `no toolset or group is called \`${name}\``);
    if (path.door === 'toolset') return rest.toolset(at, group);
    return mcp.handle({ ...at, group });
  }

  /** The API has its own frame, which asks who is calling unless the route is for everybody. */
  async function administer({ request, response, requestId, headers, ways }: Arriving): Promise<void> {
    if (options.api === undefined) throw gatewayError('DOOR_UNKNOWN', 'nothing answers at this path');
    const peer = peerOf(request);
    const place = (peer.resource = { kind: 'api' } as const);
    await options.api(request, response, {
      requestId,
      headers,
      address: peer.address,
      authenticate: async () => (await welcome(request, { door: 'api', requestId, peer }, ways)).principal,
      challenge: (error) => challenge(error, resources?.challengeAt(place)),
      recordDenial: (principal, event) => records.denied(principal, event),
    });
  }

  /** The caller, on record. Throws the refusal, which is on record as well. */
  function welcome(
    request: IncomingMessage,
    arrival: Arrival & { readonly peer: HttpPeer },
    ways: WaysIn,
  ): Caller | Promise<Caller> {
    const checked = authenticate(request, arrival.peer, ways, log);
    if (checked instanceof Promise) return checked.then((authenticated) => letIn(authenticated, arrival));
    return letIn(checked, arrival);
  }

  function letIn(authenticated: Result<Caller, Unauthenticated>, arrival: Arrival): Caller | Promise<Caller> {
    if (!authenticated.ok) {
      const { refusal, error } = authenticated.error;
      return records.refused(refusal, arrival).then(() => Promise.reject(error));
    }
    const recorded = records.accepted(authenticated.value.principal, arrival);
    return recorded === undefined
      ? whileServing(authenticated.value)
      : recorded.then(() => whileServing(authenticated.value));
  }

  function whileServing(caller: Caller): Caller {
    if (serving) return caller;
    throw gatewayError('SHUTTING_DOWN', 'the server is ending', { details: { retryAfterSeconds: 1 } });
  }

  /** A namespace that the caller does not belong to is as one that is not there. */
  function viewFor({ principal }: Caller, namespace: string): NamespaceView | undefined {
    return principal.namespace === namespace ? toolbox.current().namespaces.get(namespace) : undefined;
  }

  function refuse(
    error: unknown,
    { request, response, requestId }: { request: IncomingMessage; response: ServerResponse; requestId: string },
    origin: readonly string[],
  ): void {
    if (response.headersSent || response.destroyed) return void response.destroy();
    const told = error instanceof ChatelaineError ? error : internal(error, requestId);
    const headers = [...origin, 'X-Request-Id', requestId];
    const path = doorOf(request.url as string);
    const place = path && resourceOf(path);
    const wanted = challenge(told, place && resources?.challengeAt(place));
    if (wanted !== undefined) headers.push('WWW-Authenticate', wanted);
    if (told.details?.['allow'] !== undefined) headers.push('Allow', told.details['allow'] as string);
    if (told.details?.['retryAfterSeconds'] !== undefined)
      headers.push('Retry-After', JSON.stringify(told.details['retryAfterSeconds']));
    // What was not read of a refused body is not worth reading: the connection goes with it.
    if (told.status === 413 || told.status === 421 || told.status === 401) headers.push('Connection', 'close');
    replies.json(response, told.status, restError(told, requestId), headers);
  }

  function internal(error: unknown, requestId: string): ChatelaineError {
    log.error({ err: error, requestId }, 'a request met a fault of the server');
    return gatewayError(
      'INTERNAL',
      `the server met a fault of its own; its log has the details under request id \`${requestId}\``,
      { cause: error },
    );
  }

  /** What every answer says, whatever it is. */
  function commonHeaders(request: IncomingMessage): readonly string[] {
    const cors = corsHeaders(request, policy.origins);
    return isStrictTransport(request) ? [...cors, ...STRICT_TRANSPORT] : cors;
  }

  const handlerFor =
    (ways: WaysIn): Handler =>
    (request, response) => {
      const requestId = nextRequestId();
      visit(request, response, requestId, ways).catch((error: unknown) => {
        if (request.destroyed && !request.complete) return;
        refuse(error, { request, response, requestId }, commonHeaders(request));
      });
    };

  return {
    services,
    gauges: {
      sessions: () => services.sessions.size,
      streams: () => services.streams.size,
      running: () => limit.running,
      damage: () => trail.status.damage?.length ?? 0,
      certificates: () => tls,
    },
    handler: handlerFor({ verifier }),
    agentHandler: (certificates) => handlerFor({ verifier, certificates }),
    drain() {
      serving = false;
      services.changes.endAll();
    },
    close: () => records.flush(),
  };
}

/** The path of a request target, without its query. */
function pathOf({ url = '' }: IncomingMessage): string {
  const question = url.indexOf('?');
  return question === -1 ? url : url.slice(0, question);
}

/** A request that found a door, with what is known of it. */
interface Arriving {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
  readonly headers: readonly string[];
  readonly ways: WaysIn;
}

function greet(response: ServerResponse, headers: readonly string[]): void {
  const text =
    'Chatelaine keeps tools for agents. MCP: /mcp, REST: /api/toolset. Send a key: Authorization: Bearer chk_…\n';
  response
    .writeHead(200, [
      'Content-Type',
      'text/plain; charset=utf-8',
      'Content-Length',
      String(Buffer.byteLength(text)),
      'X-Content-Type-Options',
      'nosniff',
      ...headers,
    ])
    .end(text);
}

/** Request ids: unique across restarts, in order within one, and cheap. */
function requestIds(clock: Clock): () => string {
  const start = clock.now().toString(36);
  let count = 0;
  return () => `${start}-${(++count).toString(36)}`;
}
