/**
 * What is the same for every request before a door gets it, in this order: own Host and Origin, a known path, the
 * caller, a namespace the caller belongs to, the scopes that everybody needs there. Each door then reads its own body.
 * Nothing is answered unauthenticated but the greeting, the health checks and the metadata of resources.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { Presentation, ResourcePlace } from '#contract';
import { ChatelaineError } from '#kernel';
import type { Places } from '#policy';
import type { NamespaceView } from '#toolbox';
import { gatewayError } from '../errors.ts';
import type { GatewayOptions } from '../gateway-options.ts';
import type { McpEndpoint } from '../mcp/endpoint.ts';
import type { ReadinessProbe } from '../operations/readiness.ts';
import type { AgentCertificates } from '../pipeline/agent-certificates.ts';
import type { WaysIn } from '../pipeline/authenticate.ts';
import type { Caller } from '../pipeline/caller.ts';
import { CallerBehind } from '../pipeline/caller-face.ts';
import { challenge } from '../pipeline/challenge.ts';
import { presentationOf } from '../pipeline/credential.ts';
import { HttpGuard } from '../pipeline/door-guard.ts';
import type { DoorRecords } from '../pipeline/door-records.ts';
import { HttpPeer, rangesOf } from '../pipeline/peer.ts';
import type { Reception } from '../pipeline/reception.ts';
import type { RequestRate } from '../pipeline/request-rate.ts';
import { doorOfServer, groupOf, toolsAlone } from '../pipeline/visible.ts';
import type { ToolboxRest } from '../rest/toolbox-rest.ts';
import { corsHeaders, preflightHeaders } from './cors.ts';
import { doorOf, resourceOf, type DoorPath } from './doors.ts';
import { greet } from './greeting.ts';
import { refuseForeign, type HostPolicy } from './host-origin.ts';
import { answerMetadata, metadataOf } from './metadata.ts';
import type { Replies } from './replies.ts';
import { pathOf } from './request-target.ts';
import type { Siblings, Witnessed } from './siblings/index.ts';
import { isStrictTransport, STRICT_TRANSPORT } from './strict-transport.ts';

/** A request, and by what it may prove who sends it. */
export interface Visit {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
  readonly ways: OwnWays;
}

/** What a listener of this process lets callers prove themselves by. */
export interface OwnWays extends WaysIn {
  readonly certificates?: AgentCertificates | undefined;
}

/** A visit that found a door: with what every answer says. */
interface Arriving extends Visit {
  readonly headers: readonly string[];
}

/** Likewise, wherever it came in first. */
type Entering = Omit<Arriving, 'ways'> & { readonly ways: WaysIn; readonly passOn?: PassOn | undefined };

/** As `Siblings.forward`, with the key whose proof was used up here. */
type PassOn = (to: string, body: Buffer, proved: string | undefined) => Promise<boolean>;

export interface Visits {
  /** Answers, or rejects with the refusal. */
  receive(visit: Visit): Promise<void>;
  /** What every answer says, whatever it is. */
  commonHeaders(request: IncomingMessage): readonly string[];
}

export function visits(
  parts: Pick<
    GatewayOptions,
    'grants' | 'introduce' | 'toolbox' | 'resources' | 'settings' | 'api' | 'pages' | 'agentPages' | 'siblings'
  > & {
    readonly policy: HostPolicy;
    readonly places: Places;
    readonly reception: Reception;
    readonly records: DoorRecords;
    readonly apiRate: RequestRate;
    readonly mcp: McpEndpoint;
    readonly rest: ToolboxRest;
    readonly readiness: ReadinessProbe;
    readonly replies: Replies;
    /** Of the agent listener, where this process has one. */
    readonly agents: () => AgentCertificates | undefined;
  },
): Visits {
  const { toolbox, resources, api, policy, places, reception, records, apiRate, mcp, rest, readiness, replies } = parts;
  const { siblings } = parts;
  const { maxBodyBytes } = parts.settings.limits;
  const proxies = rangesOf(parts.settings.trustedProxies);
  const peerOf = (request: IncomingMessage, elsewhere?: Witnessed): HttpPeer =>
    new HttpPeer(request, proxies, places, elsewhere);

  async function receive(visit: Visit): Promise<void> {
    const { request, response, requestId, ways } = visit;
    const path = doorOf(request.url as string);
    if (siblings?.saysForwarded(request) === true) return receiveForwarded(siblings, path, visit);
    const foreign = refuseForeign(request, policy);
    // Metadata are for everybody, pages of any origin among them: a client in a browser begins there.
    if (path?.door === 'metadata' && foreign !== 'host') {
      const { host } = request.headers;
      const document = (): string | undefined =>
        resources && metadataOf(resources, toolbox.current(), path.place, host);
      return answerMetadata(request, response, document, requestId);
    }
    const isForAll = foreign === 'origin' && parts.pages?.takesAnyOrigin?.(pathOf(request)) === true;
    if (foreign !== undefined && !isForAll) {
      const error =
        foreign === 'host'
          ? gatewayError('HOST_REFUSED', 'the Host header names another host than this server')
          : gatewayError('ORIGIN_REFUSED', `pages of \`${request.headers.origin}\` may not call this server`);
      await records.stopped(error, { door: 'rest', requestId, peer: peerOf(request) });
      throw error;
    }
    const pages = ways.certificates === undefined ? parts.pages : parts.agentPages;
    if (pages?.answers(pathOf(request)) === true) {
      const { address } = peerOf(request);
      const headers = [...(isStrictTransport(request) ? STRICT_TRANSPORT : []), 'X-Request-Id', requestId];
      const shown = ways.certificates?.certificate(request.socket as TLSSocket);
      const agents = shown && { certificate: shown.ok ? shown.value : undefined };
      return pages.handle(request, response, { requestId, address, agents, headers });
    }
    const headers = commonHeaders(request);
    if (request.method === 'OPTIONS')
      return void response.writeHead(204, [...headers, ...preflightHeaders(request)]).end();
    if (path === undefined) throw gatewayError('DOOR_UNKNOWN', 'nothing answers at this path');
    if (path.door === 'api') return administer({ ...visit, headers });
    if ('namespace' in path) {
      const handedOver = path.door === 'mcp' || path.door === 'server' ? handOver(visit) : undefined;
      if (handedOver !== undefined && (await handedOver)) return;
      return enter(path, { ...visit, headers, passOn: passOn(visit) });
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      throw gatewayError('METHOD_NOT_ALLOWED', 'this path answers to GET', { details: { allow: 'GET, HEAD' } });
    }
    if (path.door === 'greeting') return greet(response, headers);
    if (path.door === 'healthz') return replies.json(response, 200, '{"status":"ok"}', headers);
    const state = await readiness.read();
    replies.json(response, state.ready ? 200 : 503, state.body, headers);
  }

  /** From a process beside this one, which has looked at Host and Origin and knows nothing of the caller. */
  async function receiveForwarded(from: Siblings, path: DoorPath | undefined, visit: Visit): Promise<void> {
    const { request, requestId } = visit;
    let witnessed: Witnessed;
    let ways: WaysIn;
    try {
      witnessed = from.witnessed(request);
      ways = from.sessions.waysFor(witnessed, visit.ways, parts.agents());
    } catch (error) {
      await records.stopped(error as ChatelaineError, { door: 'rest', requestId, peer: peerOf(request) });
      throw error;
    }
    if (path?.door !== 'mcp' && path?.door !== 'server')
      throw gatewayError('DOOR_UNKNOWN', 'nothing is forwarded to this path');
    return enter(path, { ...visit, ways, headers: commonHeaders(request) }, witnessed);
  }

  /** Has the process answer that holds the session of the request; undefined where that is this one, false where it is gone. */
  function handOver({ request, response, ways }: Visit): Promise<boolean> | undefined {
    if (siblings === undefined || request.headers['mcp-session-id'] === undefined) return undefined;
    const peer = peerOf(request);
    const elsewhere = siblings.sessions.elsewhere(request, ways, peer, maxBodyBytes);
    if (elsewhere === undefined) return undefined;
    reception.letThrough(request, peer);
    return siblings.forward({ ...elsewhere, response });
  }

  /** Hands a request over whose caller was let in here, and whose body was read. */
  function passOn({ request, response, ways }: Visit): PassOn | undefined {
    if (siblings === undefined) return undefined;
    return async (to, body, proved) => {
      const seen = siblings.sessions.seenOf(request, ways, peerOf(request));
      if (seen === undefined) return false;
      try {
        return await siblings.forward({ request, response, to, body, proved, ...seen });
      } catch (error) {
        // That a session has ended is no news to a client without one.
        if (error instanceof ChatelaineError && error.code === 'SESSION_ENDED') return false;
        throw error;
      }
    };
  }

  async function enter(
    path: Extract<DoorPath, { namespace: string }>,
    { request, response, requestId, headers, ways, passOn }: Entering,
    witnessed?: Witnessed,
  ): Promise<void> {
    const peer = peerOf(request, witnessed);
    const isMcp = path.door === 'mcp' || path.door === 'server';
    const arrival = { door: isMcp ? 'mcp' : 'rest', requestId, peer } as const;
    const place = (arrival.peer.resource = resourceOf(path)) as ResourcePlace & { readonly namespace: string };
    const letIn = reception.welcome(request, arrival, ways);
    const caller = letIn instanceof Promise ? await letIn : letIn;
    const guard = resources && new HttpGuard(resources, request, place);
    if (parts.introduce !== undefined) await introduced(caller, parts.introduce, parts.grants);
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
    const name =
      path.door === 'server'
        ? doorOfServer(path.server)
        : (path.group ?? resources?.narrowing(caller.principal, place));
    const found = groupOf(view, name);
    if (found === undefined)
      throw path.door === 'server'
        ? gatewayError('DOOR_UNKNOWN', `no MCP server is called \`${path.server}\``)
        : gatewayError('TOOLSET_UNKNOWN', `no toolset or group is called \`${name}\``);
    // A credential for one tool opens nothing else: no prompt, no resource of the namespace.
    const group = resources?.isForOneTool(caller.principal) === true ? toolsAlone(found) : found;
    if (path.door === 'toolset') return rest.toolset(at, group);
    // A proof that came with the request is used up here, for the key of the token.
    const proved = caller.principal.cnf?.jkt;
    return mcp.handle({ ...at, group, handOver: passOn && (async (to, body) => await passOn(to, body, proved)) });
  }

  /** The API has its own frame, which asks who is calling unless the route is for everybody. */
  async function administer({ request, response, requestId, headers, ways }: Arriving): Promise<void> {
    if (api === undefined) throw gatewayError('DOOR_UNKNOWN', 'nothing answers at this path');
    const peer = peerOf(request);
    const place = { kind: 'api' } as const;
    await api(request, response, {
      requestId,
      headers,
      address: peer.address,
      authenticate: async (besides) => {
        peer.resource = besides ?? place;
        const { principal } = await reception.welcome(request, { door: 'api', requestId, peer }, ways);
        const refused = apiRate.take(principal);
        if (refused !== undefined) throw refused;
        return principal;
      },
      presented: () => peer.presentation ?? shownBy(request, ways),
      challenge: (error) => challenge(error, resources?.challengeAt(place, request.headers.host)),
      recordDenial: (principal, event) => records.denied(principal, event),
    });
  }

  /** What a request shows of keys that came with a plain token, or with none. */
  function shownBy(request: IncomingMessage, { certificates }: WaysIn): Presentation {
    const shown = certificates?.certificate(request.socket as TLSSocket);
    const certificate = shown?.ok === true ? shown.value.thumbprint : undefined;
    const listener = certificates === undefined ? 'public' : 'agents';
    return presentationOf(request, { scheme: 'Bearer', listener, certificate });
  }

  /** What only the caller can mend is told by what they call, where it can lead them to how. */
  async function introduced(
    { principal, subjectToken }: Caller,
    introduce: NonNullable<GatewayOptions['introduce']>,
    grants: GatewayOptions['grants'],
  ): Promise<void> {
    try {
      await introduce(new CallerBehind({ principal, subjectToken, grants }));
    } catch (error) {
      if (!(error instanceof ChatelaineError) || error.status >= 500) throw error;
    }
  }

  /** A namespace that the caller does not belong to is as one that is not there. */
  function viewFor({ principal }: Caller, namespace: string): NamespaceView | undefined {
    return principal.namespace === namespace ? toolbox.current().namespaces.get(namespace) : undefined;
  }

  /** What every answer says, whatever it is. */
  function commonHeaders(request: IncomingMessage): readonly string[] {
    const cors = corsHeaders(request, policy.origins);
    return isStrictTransport(request) ? [...cors, ...STRICT_TRANSPORT] : cors;
  }

  return { receive, commonHeaders };
}
