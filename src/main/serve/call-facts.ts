import type { ServerSettings } from '#contract';
import { endedAs, type CallObserver, type CallReport, type Metrics } from '#gateway';
import type { Clock, Logger } from '#kernel';
import {
  argumentSize,
  loadAnomalies,
  loadUsage,
  type AnomalyWatch,
  type NotedCall,
  type UsageRecorder,
} from '#registry';
import type { Endings } from '../endings.ts';
import type { Services } from '../services/index.ts';
import type { LateNotices } from './late-notices.ts';

type Noted = NotedCall & { readonly durationMs: number };

/** Before what looks at calls is loaded, which the first one begins. */
const MOST_WAITING = 10_000;

/**
 * What becomes of calls once they have ended: sums of how tools are used, and what is not like the caller. Loaded by
 * the first call, which does not wait for it.
 */
export function callFacts(parts: {
  readonly services: Pick<Services, 'database' | 'audit'>;
  readonly settings: Pick<ServerSettings, 'alerts' | 'statistics'>;
  readonly notices: LateNotices;
  readonly metrics: Metrics | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly endings: Endings;
}): CallObserver {
  const { services, settings, notices, metrics, clock, log, endings } = parts;
  let waiting: Noted[] | undefined;
  let opened: { readonly usage: UsageRecorder; readonly watch: AnomalyWatch | undefined } | undefined;

  async function open(): Promise<void> {
    const { database, audit } = services;
    const [{ UsageRecorder, startForgettingUsage }, { AnomalyWatch, startForgettingWays }] = await Promise.all([
      loadUsage(),
      loadAnomalies(),
    ]);
    const usage = new UsageRecorder({ database, clock, log });
    endings.add('how tools are used', () => usage.close());
    const keepMs = settings.statistics.keepFor;
    endings.add('old sums of how tools are used', startForgettingUsage({ database, keepMs, clock, log }));
    let watch: AnomalyWatch | undefined;
    if (settings.alerts.anomalies) {
      const counted = (kind: string): void => metrics?.anomaly(kind);
      const { cooldown: cooldownMs } = settings.alerts;
      watch = new AnomalyWatch({ database, trail: audit, cooldownMs, counted, raised: notices.kick, clock, log });
      endings.add('what is unusual', () => watch?.close());
      endings.add('old alerts', startForgettingWays({ database, clock, log }));
    }
    // What an earlier run could not tell is told by the first call of this one.
    notices.kick?.();
    opened = { usage, watch };
    for (const noted of waiting ?? []) note(noted);
    waiting = undefined;
  }

  function note(noted: Noted): void {
    opened?.usage.note(noted);
    opened?.watch?.note(noted);
  }

  function wake(): void {
    if (waiting !== undefined || opened !== undefined) return;
    waiting = [];
    open().catch((error: unknown) => log.error({ err: error }, 'calls are not counted'));
  }

  return {
    called(report) {
      const noted = notedOf(report, clock);
      if (noted === undefined) return;
      if (opened !== undefined) return note(noted);
      wake();
      if (waiting !== undefined && waiting.length < MOST_WAITING) waiting.push(noted);
    },
  };
}

/** Names that nobody has are nobody's use of anything. */
function notedOf({ request, tool, outcome, durationMs }: CallReport, clock: Clock): Noted | undefined {
  const ended = endedAs(outcome);
  if (tool === undefined || ended === undefined) return undefined;
  const { principal, peer } = request;
  const { country } = peer;
  return {
    ...{ at: clock.now(), namespace: tool.namespace, tool: tool.name, principal, ended, durationMs },
    // Read now: a connection that is gone has no address.
    ...{ address: peer.address, userAgent: peer.userAgent },
    // Not the arguments: what a call was made of is not kept for longer than the call.
    size: argumentSize(request.arguments),
    country: typeof country === 'string' ? country : undefined,
  };
}
