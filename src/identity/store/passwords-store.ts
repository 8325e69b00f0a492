import { sql } from 'kysely';
import type { DatabaseOrTransaction } from '#db';

export interface StoredPassword {
  /** The PHC string. */
  readonly phc: string;
  /** Grows with every new password, and not when the same one is hashed anew. */
  readonly version: number;
}

/** The password of a person. */
export async function findPassword(db: DatabaseOrTransaction, userId: string): Promise<StoredPassword | undefined> {
  const row = await db
    .selectFrom('passwords')
    .select(['phc', 'changed_at'])
    .where('user_id', '=', userId)
    .executeTakeFirst();
  return row && { phc: row.phc, version: row.changed_at };
}

/** A hash that cost what most cost; undefined where there is none. */
export async function findUsualHash(db: DatabaseOrTransaction): Promise<string | undefined> {
  // A PHC string ends in `$`, 22 characters of salt, `$` and 43 of the tag; before that stands its cost.
  const cost = sql`substr(phc, 1, length(phc) - 67)`;
  const row = await db
    .selectFrom('passwords')
    .select((select) => select.fn.max('phc').as('phc'))
    .groupBy(cost)
    .orderBy((order) => order.fn.countAll(), 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.phc;
}

/** Sets or replaces the password of a person. */
export async function putPassword(db: DatabaseOrTransaction, userId: string, phc: string, now: number): Promise<void> {
  const moment = sql`cast(${now} as bigint)`;
  // Also where two come in one millisecond, or the clock was set back.
  const next = sql<number>`case when passwords.changed_at < ${moment} then ${moment} else passwords.changed_at + 1 end`;
  await db
    .insertInto('passwords')
    .values({ user_id: userId, phc, changed_at: now })
    .onConflict((conflict) => conflict.column('user_id').doUpdateSet({ phc, changed_at: next }))
    .execute();
}

/** Puts another hash of the same password in the place of `before`, unless the password changed meanwhile. */
export async function rehashPassword(
  db: DatabaseOrTransaction,
  userId: string,
  before: string,
  phc: string,
): Promise<void> {
  await db.updateTable('passwords').set({ phc }).where('user_id', '=', userId).where('phc', '=', before).execute();
}
