import type { Database } from '#db';
import { startRecurring, type Clock, type Logger } from '#kernel';
import { forgetUsageBefore } from '../store/usage-store.ts';
import { dayOf } from './usage.ts';

const EVERY_MS = 6 * 3_600_000;

/** Forgets sums that are older than `keepMs`, now and again. Gives how to stop, which resolves when no run is under way. */
export function startForgettingUsage(parts: {
  readonly database: Database;
  readonly keepMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly everyMs?: number;
}): () => Promise<void> {
  const { database, keepMs, clock, log, everyMs = EVERY_MS } = parts;
  return startRecurring(() => forgetUsageBefore(database.db, dayOf(clock.now() - keepMs)), {
    everyMs,
    failed: (error) =>
      log.error({ err: error }, 'old sums of how tools are used could not be removed; it is tried again'),
  });
}
