import { setTimeout as sleep } from 'node:timers/promises';
import type { Kysely, Transaction } from 'kysely';
import { isRecord } from '#kernel';
import { databaseError } from './errors.ts';
import type { Schema } from './schema/index.ts';

const ATTEMPTS = 12;
const FIRST_PAUSE_MS = 4;
const LONGEST_PAUSE_MS = 250;

/** serialization_failure and deadlock_detected (PostgreSQL manual, appendix A): nothing was done, ask again. */
const CONFLICTS: ReadonlySet<unknown> = new Set(['40001', '40P01']);

/**
 * Runs `work` as if no other transaction ran meanwhile, so that what it checked still holds when it
 * writes: serializable on PostgreSQL, under the one write lock on SQLite. A transaction that lost to
 * another is run again, so `work` may run more than once and must do nothing but talk to `trx`.
 *
 * Throws what `work` throws, and `DATABASE_BUSY` when it lost twelve times in a row (about two seconds).
 */
export async function runTransaction<Value>(
  db: Kysely<Schema>,
  work: (trx: Transaction<Schema>) => Promise<Value>,
): Promise<Value> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.transaction().setIsolationLevel('serializable').execute(work);
    } catch (error) {
      if (!isConflict(error)) throw error;
      if (attempt === ATTEMPTS) {
        throw databaseError('DATABASE_BUSY', 'the change lost to others twelve times in a row', { cause: error });
      }
    }
    // At random, so that those who met do not meet again.
    const longest = Math.min(FIRST_PAUSE_MS * 2 ** attempt, LONGEST_PAUSE_MS);
    await sleep(longest * Math.random());
  }
}

const isConflict = (error: unknown): boolean => isRecord(error) && CONFLICTS.has(error['code']);
