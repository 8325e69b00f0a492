/**
 * What is measured of the work with a cluster, for a registry of prom-client: of whoever has a listener for it. Loaded
 * late, as all metrics are: the library takes its time, and nothing waits for them.
 */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ClusterObserver } from './observer.ts';

/** What is read at a scrape. */
export interface ClusterGauges {
  readonly isLeader: () => boolean;
  /** By resource: since when nothing was heard of the API server about it. */
  readonly staleness: () => readonly { readonly resource: string; readonly ms: number }[];
  /** By queue: how many keys wait. */
  readonly depths: () => readonly { readonly queue: string; readonly depth: number }[];
}

const FAST = [0.005, 0.025, 0.1, 0.5, 1, 5, 15, 60];

export function clusterMetrics(register: Registry, gauges: ClusterGauges): ClusterObserver {
  const registers = [register];
  const requests = new Counter({
    name: 'chatelaine_operator_api_requests_total',
    help: 'Requests to the API server by verb, resource and HTTP status, or the error where there was no answer.',
    labelNames: ['verb', 'resource', 'code'],
    registers,
  });
  const requestSeconds = new Histogram({
    name: 'chatelaine_operator_api_request_seconds',
    help: 'How long the API server takes to begin its answer.',
    labelNames: ['verb', 'resource'],
    buckets: FAST,
    registers,
  });
  const restarts = new Counter({
    name: 'chatelaine_operator_watch_restarts_total',
    help: 'Watches that began anew: `closed` by the server in its time, `gone` (all was listed again), or the error.',
    labelNames: ['resource', 'why'],
    registers,
  });
  const waited = new Histogram({
    name: 'chatelaine_operator_queue_wait_seconds',
    help: 'How long keys waited for a worker.',
    labelNames: ['queue'],
    buckets: FAST,
    registers,
  });
  const retries = new Counter({
    name: 'chatelaine_operator_queue_retries_total',
    help: 'Keys that come again because they failed.',
    labelNames: ['queue'],
    registers,
  });
  const reconciles = new Counter({
    name: 'chatelaine_operator_reconciles_total',
    help: 'Reconciles by kind and outcome: `ok` or `failed`.',
    labelNames: ['kind', 'outcome'],
    registers,
  });
  const reconcileSeconds = new Histogram({
    name: 'chatelaine_operator_reconcile_seconds',
    help: 'How long reconciles take.',
    labelNames: ['kind'],
    buckets: FAST,
    registers,
  });
  const events = new Counter({
    name: 'chatelaine_operator_events_total',
    help: 'Events of Kubernetes, by what became of them: `sent`, `dropped` because there were too many, `failed`.',
    labelNames: ['outcome'],
    registers,
  });
  readAtScrape(register, gauges);
  return {
    requested({ verb, resource, code, durationMs }) {
      requests.inc({ verb, resource, code });
      requestSeconds.observe({ verb, resource }, durationMs / 1000);
    },
    watchRestarted: (watch) => restarts.inc(watch),
    dequeued: ({ queue, waitedMs }) => waited.observe({ queue }, waitedMs / 1000),
    reconciled({ queue: kind, outcome, durationMs }) {
      reconciles.inc({ kind, outcome });
      reconcileSeconds.observe({ kind }, durationMs / 1000);
    },
    retried: (queue) => retries.inc({ queue }),
    eventRecorded: (outcome) => events.inc({ outcome }),
  };
}

function readAtScrape(register: Registry, gauges: ClusterGauges): void {
  const registers = [register];
  const leader: Gauge = new Gauge({
    name: 'chatelaine_operator_leader',
    help: 'Whether this process leads: 1, else 0.',
    registers,
    collect: () => leader.set(gauges.isLeader() ? 1 : 0),
  });
  const staleness: Gauge = new Gauge({
    name: 'chatelaine_operator_cache_staleness_seconds',
    help: 'Since when nothing was heard of the API server about a resource. Up to about a minute is as it should be.',
    labelNames: ['resource'],
    registers,
    collect: () => {
      for (const { resource, ms } of gauges.staleness()) staleness.set({ resource }, ms / 1000);
    },
  });
  const depth: Gauge = new Gauge({
    name: 'chatelaine_operator_queue_depth',
    help: 'Keys that wait for a worker.',
    labelNames: ['queue'],
    registers,
    collect: () => {
      for (const one of gauges.depths()) depth.set({ queue: one.queue }, one.depth);
    },
  });
}
