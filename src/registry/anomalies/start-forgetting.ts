import type { Database } from '#db';
import { startRecurring, type Clock, type Logger } from '#kernel';
import { forgetWaysBefore } from '../store/alerts-store.ts';

const EVERY_MS = 6 * 3_600_000;
const KEPT_MS = 400 * 86_400_000;

/** Forgets callers who did not come for long, and old alerts. Gives how to stop, which resolves when no run is under way. */
export function startForgettingWays({
  database,
  clock,
  log,
}: {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
}): () => Promise<void> {
  return startRecurring(() => forgetWaysBefore(database.db, clock.now() - KEPT_MS), {
    everyMs: EVERY_MS,
    failed: (error) => log.error({ err: error }, 'old alerts could not be removed; it is tried again'),
  });
}
