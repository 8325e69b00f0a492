import type { Database } from '#db';
import { startRecurring, type Clock, type Logger } from '#kernel';
import { forgetSubjectsBefore } from '../store/decision-subjects-store.ts';

const EVERY_MS = 6 * 3_600_000;
/** What is met again is written once a day: a decision may be a day younger than it says. */
const DAY_MS = 24 * 3_600_000;

/**
 * Forgets what decisions were about whose records are not kept any more, now and again. Gives how to stop, which
 * resolves when no run is under way.
 */
export function startForgettingDecisions({
  database,
  keepMs,
  clock,
  log,
  everyMs = EVERY_MS,
}: {
  readonly database: Pick<Database, 'db'>;
  /** How long records are kept. */
  readonly keepMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly everyMs?: number;
}): () => Promise<void> {
  return startRecurring(() => forgetSubjectsBefore(database.db, clock.now() - keepMs - DAY_MS), {
    everyMs,
    failed: (error) =>
      log.error({ err: error }, 'what old decisions were about could not be removed; it is tried again'),
  });
}
