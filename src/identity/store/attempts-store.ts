import { sql } from 'kysely';
import type { DatabaseOrTransaction } from '#db';

export interface AttemptToTake {
  readonly key: string;
  readonly now: number;
  /** How long it takes until one attempt is forgiven. */
  readonly forgiveEveryMs: number;
  /** From which unforgiven attempt on how long the next one has to wait, ascending. */
  readonly ladder: readonly { readonly attempt: number; readonly waitMs: number }[];
}

/**
 * Counts an attempt and gives from when on the next one is let through; undefined, and nothing counted,
 * while the key has to wait. One statement: whoever comes second waits for the row and then reads what the
 * first one wrote, in both dialects, so of fifty at once as many pass as are free.
 *
 * What is kept is the moment at which everything will be forgiven. The distance to it is the number of
 * unforgiven attempts, which so falls by itself (the generic cell rate algorithm of ITU-T I.371). An attempt that
 * brings no wait leaves `open_at` alone: of many at once one may come to the row with an older `now` than the last.
 */
export async function takeAttempt(db: DatabaseOrTransaction, taking: AttemptToTake): Promise<number | undefined> {
  const { key, now, forgiveEveryMs, ladder } = taking;
  const moment = sql`cast(${now} as bigint)`;
  const period = sql.lit(forgiveEveryMs);
  const clearAt = sql<number>`case when attempts.clear_at > ${moment} then attempts.clear_at else ${moment} end + ${period}`;
  const count = sql`(${clearAt} - ${moment} + ${period} - 1) / ${period}`;
  const steps = ladder
    .toReversed()
    .map(({ attempt, waitMs }) => sql`when ${count} >= ${sql.lit(attempt)} then ${moment} + ${sql.lit(waitMs)}`);
  const first = ladder.findLast(({ attempt }) => attempt <= 1)?.waitMs ?? 0;
  const row = await db
    .insertInto('attempts')
    .values({ key, clear_at: now + forgiveEveryMs, open_at: first === 0 ? 0 : now + first })
    .onConflict((conflict) =>
      conflict
        .column('key')
        .doUpdateSet({
          clear_at: clearAt,
          open_at: sql<number>`case ${sql.join(steps, sql` `)} else attempts.open_at end`,
        })
        .where('attempts.open_at', '<=', now),
    )
    .returning('open_at')
    .executeTakeFirst();
  return row?.open_at;
}

/** From when on the next attempt is let through. */
export async function openAt(db: DatabaseOrTransaction, key: string): Promise<number | undefined> {
  return (await db.selectFrom('attempts').select('open_at').where('key', '=', key).executeTakeFirst())?.open_at;
}

/** Forgets the attempts of a key. */
export async function forgetAttempts(db: DatabaseOrTransaction, key: string): Promise<void> {
  await db.deleteFrom('attempts').where('key', '=', key).execute();
}

/** Takes one attempt back, and the wait if it was this attempt that brought it. */
export async function giveBackAttempt(
  db: DatabaseOrTransaction,
  attempt: { readonly key: string; readonly openAt: number; readonly now: number; readonly forgiveEveryMs: number },
): Promise<void> {
  await db
    .updateTable('attempts')
    .set({
      clear_at: sql`clear_at - ${sql.lit(attempt.forgiveEveryMs)}`,
      open_at: sql`case when open_at = ${attempt.openAt} and open_at > ${attempt.now} then ${attempt.now} else open_at end`,
    })
    .where('key', '=', attempt.key)
    .execute();
}

/** Clears away counters that say nothing any more. */
export async function pruneAttempts(db: DatabaseOrTransaction, now: number): Promise<void> {
  await db.deleteFrom('attempts').where('clear_at', '<', now).where('open_at', '<', now).execute();
}
