/**
 * Prometheus metrics on a listener of their own (loopback by default): what is called, how it ends, how
 * long it takes. Names of tools and servers are labels, names of callers are not: they would be unbounded.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { DeliveryStatus } from '#audit';
import type { ForwardingOutcome } from '../http/siblings/index.ts';
import type { CallReport } from '../pipeline/call-observer.ts';

/** What is measured of a call. */
export interface MeasuredCall extends Pick<CallReport, 'outcome' | 'durationMs'> {
  readonly request: Pick<CallReport['request'], 'door'>;
  readonly tool: Pick<NonNullable<CallReport['tool']>, 'name' | 'server'> | undefined;
}

export interface Metrics {
  readonly observer: { called(call: MeasuredCall): void };
  reloaded(outcome: 'applied' | 'refused'): void;
  /** The files of a listener's certificates changed. */
  certificatesReloaded(listener: string, outcome: 'applied' | 'refused'): void;
  handshakeFailed(listener: string): void;
  /** What became of an exchange at the internal listener: `ok`, or the error that was answered. */
  exchanged(outcome: string): void;
  /** Of a token of a caller that was asked for elsewhere. */
  grantAsked(outcome: string): void;
  /** What became of a call that wants the yes of people. */
  approval(outcome: string): void;
  limitRefused(refused: { readonly limit: string; readonly per: string }): void;
  /** Somebody did what is not like them. */
  anomaly(kind: string): void;
  /** What became of a request that another replica was to answer. */
  forwarded(outcome: ForwardingOutcome): void;
  readonly handler: (request: IncomingMessage, response: ServerResponse) => void;
}

type Receiver = Awaited<ReturnType<Gauges['deliveries']>>[number];

const DELIVERY_STATES: readonly DeliveryStatus['state'][] = ['sending', 'failing', 'standby'];

export interface Gauges {
  readonly sessions: () => number;
  readonly streams: () => number;
  readonly running: () => number;
  /** What was met in the audit log that is not as it was written. */
  readonly damage: () => number;
  /** How often policies that are watched would have decided otherwise. */
  readonly shadows: () => readonly { readonly policy: string; readonly difference: string; readonly count: number }[];
  /** How the receivers of the audit log stand. */
  readonly deliveries: () => Promise<readonly Pick<DeliveryStatus, 'name' | 'state' | 'behind' | 'failure'>[]>;
  /** Whether the counters of limits are where they should be. */
  readonly countersAway?: () => boolean;
  readonly certificates: () => readonly { readonly name: string; notAfter(): number }[];
}

export function createMetrics(gauges: () => Gauges | undefined): Metrics {
  const register = new Registry();
  collectDefaultMetrics({ register, prefix: 'chatelaine_' });
  const calls = new Counter({
    name: 'chatelaine_tool_calls_total',
    help: 'Tool calls by tool, door and outcome (`ok` or the error code), and by the MCP server behind that the tool is of.',
    labelNames: ['tool', 'server', 'door', 'outcome'],
    registers: [register],
  });
  const durations = new Histogram({
    name: 'chatelaine_tool_call_seconds',
    help: 'How long tool calls take, from the checked request to the answer.',
    labelNames: ['tool', 'server'],
    buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 30],
    registers: [register],
  });
  const reloads = new Counter({
    name: 'chatelaine_configuration_reloads_total',
    help: 'Reloads of the configuration: applied, or refused because of problems in it.',
    labelNames: ['outcome'],
    registers: [register],
  });
  const certificateReloads = new Counter({
    name: 'chatelaine_tls_reloads_total',
    help: 'Changed certificates, keys, bundles and revocation lists: applied, or refused because of what is wrong with them.',
    labelNames: ['listener', 'outcome'],
    registers: [register],
  });
  const anomalies = new Counter({
    name: 'chatelaine_anomalies_total',
    help: 'Alerts about what is not like a caller, by kind.',
    labelNames: ['kind'],
    registers: [register],
  });
  const forwarded = new Counter({
    name: 'chatelaine_forwarded_requests_total',
    help: 'Requests of sessions that another replica holds, by what became of them: `answered`, `left` (the client), `gone` (the replica), `unreachable`, `broken`; `refused` are those that no replica forwarded here.',
    labelNames: ['outcome'],
    registers: [register],
  });
  const handshakes = new Counter({
    name: 'chatelaine_tls_handshakes_failed_total',
    help: 'TLS handshakes that failed.',
    labelNames: ['listener'],
    registers: [register],
  });
  const approvals = new Counter({
    name: 'chatelaine_approvals_total',
    help: 'Calls that want the yes of people, by what became of them.',
    labelNames: ['outcome'],
    registers: [register],
  });
  const shadows: Counter = new Counter({
    name: 'chatelaine_policy_shadow_total',
    help: 'Decisions compared with a policy that is watched, by how that one would have decided: `same`, `would-deny`, `would-allow`, `obligations`.',
    labelNames: ['policy', 'difference'],
    registers: [register],
    collect: () => {
      shadows.reset();
      for (const { policy, difference, count } of gauges()?.shadows() ?? []) shadows.inc({ policy, difference }, count);
    },
  });
  const limitRefusals = new Counter({
    name: 'chatelaine_limit_refusals_total',
    help: 'Calls that a limit refused, by limit and by what it counts.',
    labelNames: ['limit', 'per'],
    registers: [register],
  });
  const exchanges = new Counter({
    name: 'chatelaine_token_exchanges_total',
    help: 'Exchanges at the internal listener, by outcome: `ok`, or the error that was answered.',
    labelNames: ['outcome'],
    registers: [register],
  });
  const asked = new Counter({
    name: 'chatelaine_grants_asked_total',
    help: 'Tokens of callers that were asked for at an authorization server elsewhere (`exchange`), by outcome: `ok`, `kept` (in memory still), why there is none (`session`, `upstream`, `link`, `unavailable`), or the error.',
    labelNames: ['outcome'],
    registers: [register],
  });
  const expiry: Gauge = new Gauge({
    name: 'chatelaine_tls_certificate_expiry_seconds',
    help: 'When the first certificate of a listener’s chain expires, in seconds since 1970.',
    labelNames: ['listener'],
    registers: [register],
    collect: () => {
      for (const one of gauges()?.certificates() ?? []) expiry.set({ listener: one.name }, one.notAfter() / 1000);
    },
  });
  const measured: readonly [name: string, help: string, read: (all: Gauges) => number][] = [
    ['chatelaine_mcp_sessions', 'Sessions of the 2025 revisions.', (all) => all.sessions()],
    ['chatelaine_mcp_streams', 'Event streams that are open.', (all) => all.streams()],
    ['chatelaine_tool_calls_running', 'Tool calls that run now.', (all) => all.running()],
    [
      'chatelaine_limit_counters_away',
      'Whether the counters of limits do not answer, so that this process grants its share of each: 1, else 0.',
      (all) => (all.countersAway?.() === true ? 1 : 0),
    ],
    [
      'chatelaine_audit_damage',
      'Chains of the audit log, and its checkpoints, that are not as they were written; 0 as long as none was met.',
      (all) => all.damage(),
    ],
  ];
  for (const [name, help, read] of measured) {
    const gauge: Gauge = new Gauge({
      name,
      help,
      registers: [register],
      collect: () => {
        const all = gauges();
        if (all !== undefined) gauge.set(read(all));
      },
    });
  }

  const delivered: readonly [name: string, help: string, read: (one: Receiver) => number][] = [
    ['behind', 'Records, or checkpoints of an anchor, that the receiver does not have yet.', ({ behind }) => behind],
    [
      'failing_since_seconds',
      'Since when the receiver takes nothing, in seconds since 1970; 0 while it does.',
      ({ failure }) => (failure?.since ?? 0) / 1000,
    ],
  ];
  for (const [name, help, read] of delivered) {
    const gauge: Gauge = new Gauge({
      name: `chatelaine_audit_delivery_${name}`,
      help,
      labelNames: ['receiver'],
      registers: [register],
      collect: async () => {
        for (const one of (await gauges()?.deliveries()) ?? []) gauge.set({ receiver: one.name }, read(one));
      },
    });
  }
  const states: Gauge = new Gauge({
    name: 'chatelaine_audit_delivery_state',
    help: 'Whether deliveries to the receiver are in that state: 1, else 0. Another process sends in `standby`.',
    labelNames: ['receiver', 'state'],
    registers: [register],
    collect: async () => {
      for (const { name: receiver, state } of (await gauges()?.deliveries()) ?? []) {
        for (const one of DELIVERY_STATES) states.set({ receiver, state: one }, one === state ? 1 : 0);
      }
    },
  });

  return {
    observer: {
      called({ request, tool, outcome, durationMs }) {
        // An unknown name is the caller's text: as a label it would grow without bound.
        const label = tool?.name ?? '(unknown)';
        // Names of servers are those of documents: what calls are of is as bounded as what is configured.
        const of = tool?.server === undefined ? { tool: label } : { tool: label, server: tool.server };
        calls.inc({ ...of, door: request.door, outcome });
        if (tool !== undefined) durations.observe(of, durationMs / 1000);
      },
    },
    reloaded: (outcome) => reloads.inc({ outcome }),
    certificatesReloaded: (listener, outcome) => certificateReloads.inc({ listener, outcome }),
    handshakeFailed: (listener) => handshakes.inc({ listener }),
    exchanged: (outcome) => exchanges.inc({ outcome }),
    grantAsked: (outcome) => asked.inc({ outcome }),
    approval: (outcome) => approvals.inc({ outcome }),
    limitRefused: (refused) => limitRefusals.inc(refused),
    anomaly: (kind) => anomalies.inc({ kind }),
    forwarded: (outcome) => forwarded.inc({ outcome }),
    handler(request, response) {
      // A scraper may add a query.
      if (!/^\/metrics(\?|$)/.test(request.url as string)) return nothing(response, 404);
      if (request.method !== 'GET' && request.method !== 'HEAD') return nothing(response, 405, 'Allow', 'GET, HEAD');
      void register.metrics().then(
        (text) => response.writeHead(200, ['Content-Type', register.contentType]).end(text),
        () => nothing(response, 500),
      );
    },
  };
}

function nothing(response: ServerResponse, status: number, ...headers: readonly string[]): void {
  response.writeHead(status, ['Content-Length', '0', ...headers]).end();
}
