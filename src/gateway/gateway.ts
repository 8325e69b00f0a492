/** The doors of the listeners, and what they share: how the gateway is put together. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { progressiveFrom, type Principal } from '#contract';
import { steadyClock } from '#kernel';
import { latePlaces } from '#policy';
import type { FindTools } from '#registry';
import { Catalog } from './catalog.ts';
import { Decisions } from './decisions/index.ts';
import type { GatewayOptions } from './gateway-options.ts';
import { hostPolicy } from './http/host-origin.ts';
import { refusals } from './http/refusals.ts';
import { Replies } from './http/replies.ts';
import { requestIds } from './http/request-ids.ts';
import { visits, type OwnWays } from './http/visits.ts';
import { Changes } from './mcp/changes.ts';
import { mcpEndpoint } from './mcp/endpoint.ts';
import { Lists } from './mcp/lists.ts';
import { mcpMethods } from './mcp/methods/index.ts';
import { OpenStreams } from './mcp/open-streams.ts';
import { announceChanges } from './mcp/quarantine-news.ts';
import { RequestStates } from './mcp/request-state.ts';
import type { McpServices } from './mcp/services.ts';
import { Sessions } from './mcp/sessions.ts';
import type { Gauges } from './operations/metrics.ts';
import { readinessProbe } from './operations/readiness.ts';
import type { AgentCertificates } from './pipeline/agent-certificates.ts';
import { createPipeline } from './pipeline/call.ts';
import { ConcurrencyLimit } from './pipeline/concurrency-limit.ts';
import { DoorRecords } from './pipeline/door-records.ts';
import { FailedCredentials } from './pipeline/failed-credentials.ts';
import { LOCAL_PEER, ToldPeer } from './pipeline/peer.ts';
import { Reception } from './pipeline/reception.ts';
import { RequestRate } from './pipeline/request-rate.ts';
import { toolboxRest } from './rest/toolbox-rest.ts';
import { OutputShaping, SeenLabels } from './shaping/index.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export interface Gateway {
  /** The handler of the public listener. */
  readonly handler: Handler;
  /** The handler of a listener whose clients show certificates: the same doors, and the second way in. */
  agentHandler(certificates: AgentCertificates): Handler;
  /** What other doors (standard input, `invoke`) share with it. */
  readonly services: McpServices;
  /** Tools as lists show them to who asks, by what they are for. */
  readonly findTools: FindTools;
  readonly gauges: Omit<Gauges, 'deliveries' | 'shadows'>;
  /** The tools of a namespace that the caller may call, by name: for doors that show tools and call none. */
  callable(principal: Principal, namespace: string): Promise<ReadonlySet<string>>;
  /** Refuses new calls and ends what waits for news; running calls end by themselves. */
  drain(): void;
  /** Puts on record what was only counted so far. Rejects when it cannot. */
  close(): Promise<void>;
}

export function createGateway(options: GatewayOptions): Gateway {
  const { toolbox, verifier, resources, settings, tls = [], trail, siblings, clock, log } = options;
  const serverInfo = { name: 'chatelaine', title: 'Chatelaine', version: options.version };
  const limit = new ConcurrencyLimit(settings.limits.maxConcurrentCalls, settings.limits.maxCallsPerSource);
  const seen = new SeenLabels(clock, settings.outputs.seenFor);
  const places = latePlaces({ files: settings.places, log });
  const decisions = new Decisions(options.policies, clock, seen, places, options.steps?.standings);
  const shaping = new OutputShaping(options.maskKey, settings.outputs, seen);
  const catalog = new Catalog(decisions);
  const usual = progressiveFrom(settings.listing);
  const services: McpServices = {
    pipeline: createPipeline({
      ...{ limit, trail, log, observers: options.observers, grants: options.grants },
      steps: { ...options.steps, decisions, shaping },
    }),
    lists: new Lists({ pageSize: settings.toolsPageSize, progressiveFrom: usual, serverInfo, decisions }),
    catalog,
    progressiveFrom: usual,
    sessions: new Sessions(
      clock,
      { maxSessions: settings.limits.maxSessions, idleMs: settings.limits.sessionIdle },
      siblings && `${siblings.self}.`,
    ),
    states: new RequestStates(options.stateKey, clock, siblings?.self),
    self: siblings?.self,
    changes: new Changes(),
    streams: new OpenStreams(),
    clock,
    log,
    instructions: settings.instructions,
    serverInfo,
  };
  announceChanges(toolbox, options.steps?.standings, services.changes);

  const records = new DoorRecords(trail, clock);
  const policy = hostPolicy({ ...settings, certifiedNames: () => tls.flatMap((one) => one.names()) });
  const replies = new Replies();
  const { maxBodyBytes } = settings.limits;
  const mcp = mcpEndpoint({ methods: mcpMethods(services), services, replies, maxBodyBytes });
  const rest = toolboxRest({ pipeline: services.pipeline, decisions, replies, maxBodyBytes, version: options.version });
  let serving = true;
  const readiness = readinessProbe({
    views: () => toolbox.current().namespaces.values(),
    serving: () => serving,
    tls,
    authServices: async () => (await resources?.standings()) ?? [],
    exchange: options.exchange,
    recording: () => trail.status.available,
    damaged: () => trail.status.damage !== undefined,
    policiesFaulty: () => (options.policies.faults?.length ?? 0) > 0,
    clock,
  });
  const failures = new FailedCredentials(steadyClock);
  const reception = new Reception({ records, failures, isServing: () => serving, log });
  const apiRate = new RequestRate(settings.limits.apiRequestsPerMinute, steadyClock);
  let agents: AgentCertificates | undefined;
  const door = visits({
    ...{ ...options, policy, places, reception, records, apiRate, mcp, rest, readiness, replies },
    agents: () => agents,
  });
  const refuse = refusals({ resources, replies, log });
  const nextRequestId = requestIds(clock);

  const handlerFor =
    (ways: OwnWays): Handler =>
    (request, response) => {
      const requestId = nextRequestId();
      door.receive({ request, response, requestId, ways }).catch((error: unknown) => {
        if (request.destroyed && !request.complete) return;
        refuse(error, { request, response, requestId }, door.commonHeaders(request));
      });
    };

  return {
    services,
    async findTools({ principal, peer: from }, question) {
      const view = toolbox.current().namespaces.get(principal.namespace);
      if (view === undefined) return { tools: [], total: 0 };
      const peer = new ToldPeer(from, places);
      return await catalog.find({ principal, peer, door: 'rest' }, view, view.all, question);
    },
    gauges: {
      sessions: () => services.sessions.size,
      streams: () => services.streams.size,
      running: () => limit.running,
      damage: () => trail.status.damage?.length ?? 0,
      certificates: () => tls,
    },
    handler: handlerFor({ verifier }),
    agentHandler: (certificates) => handlerFor({ verifier, certificates: (agents = certificates) }),
    async callable(principal, namespace) {
      const view = toolbox.current().namespaces.get(namespace);
      if (view === undefined) return new Set();
      const { tools } = await decisions.listed({ principal, peer: LOCAL_PEER, door: 'rest' }, view, view.all);
      return new Set(tools.map(({ name }) => name));
    },
    drain() {
      serving = false;
      services.changes.endAll();
      siblings?.drain();
    },
    close() {
      places.close();
      return records.flush();
    },
  };
}
