import { startRecurring, type Clock, type Logger } from '#kernel';
import type { Database } from '#db';
import { KEPT_MS } from './idempotency.ts';
import { forgetKeys } from './store/idempotency-store.ts';

const EVERY_MS = 3_600_000;

export interface PruningOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly everyMs?: number;
}

/**
 * Forgets answers that no repetition gets any more, now and every hour: what is kept for a day must not lie
 * there until somebody happens to ask for something. Several processes may do so at once. Gives how to stop
 * it, which resolves when no run is under way.
 */
export function startPruning({ database, clock, log, everyMs = EVERY_MS }: PruningOptions): () => Promise<void> {
  const prune = (): Promise<void> => forgetKeys(database.db, clock.now() - KEPT_MS);
  return startRecurring(prune, {
    everyMs,
    failed: (error) =>
      log.error({ err: error }, 'api: answers that were kept long enough could not be removed; it is tried again'),
  });
}
