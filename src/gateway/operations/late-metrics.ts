import type { Gauges, MeasuredCall, Metrics } from './metrics.ts';

/** Long enough for a first answer, short enough that little has to wait. */
const LOAD_AFTER_MS = 1000;

/**
 * Metrics without their library in the way of the start: it takes a twentieth of it to load, and no
 * answer needs it. What is reported before it is there waits for it: a second after the
 * start, or until the first scrape.
 */
export function lateMetrics(gauges: () => Gauges | undefined): Metrics {
  let metrics: Metrics | undefined;
  let loading: Promise<Metrics> | undefined;
  let waiting: ((metrics: Metrics) => void)[] = [];

  const load = (): Promise<Metrics> => (loading ??= loadNow());

  async function loadNow(): Promise<Metrics> {
    clearTimeout(timer);
    const { createMetrics } = await import('./metrics.ts');
    metrics = createMetrics(gauges);
    for (const tell of waiting) tell(metrics);
    waiting = [];
    return metrics;
  }

  const timer = setTimeout(() => void load(), LOAD_AFTER_MS).unref();

  function tell(what: (metrics: Metrics) => void): void {
    if (metrics === undefined) waiting.push(what);
    else what(metrics);
  }

  /** Not the call itself: what it touched would wait with it, and V8 would take what calls are made of for long-lived. */
  function keep({ request: { door }, tool, outcome, durationMs }: MeasuredCall): void {
    const call = { request: { door }, tool: tool && { name: tool.name, server: tool.server }, outcome, durationMs };
    waiting.push(({ observer }) => observer.called(call));
  }

  return {
    observer: {
      called(call) {
        if (metrics === undefined) keep(call);
        else metrics.observer.called(call);
      },
    },
    reloaded: (outcome) => tell((all) => all.reloaded(outcome)),
    certificatesReloaded: (listener, outcome) => tell((all) => all.certificatesReloaded(listener, outcome)),
    handshakeFailed: (listener) => tell((all) => all.handshakeFailed(listener)),
    grantAsked: (outcome) => tell((all) => all.grantAsked(outcome)),
    exchanged: (outcome) => tell((all) => all.exchanged(outcome)),
    approval: (outcome) => tell((all) => all.approval(outcome)),
    limitRefused: (refused) => tell((all) => all.limitRefused(refused)),
    anomaly: (kind) => tell((all) => all.anomaly(kind)),
    forwarded: (outcome) => tell((all) => all.forwarded(outcome)),
    handler: (request, response) => void load().then((all) => all.handler(request, response)),
  };
}
