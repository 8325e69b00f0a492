import type { DatabaseOrTransaction } from '#db';

/** Replaces all codes of a person. In a transaction. */
export async function replaceRecoveryCodes(
  db: DatabaseOrTransaction,
  userId: string,
  digests: readonly string[],
  now: number,
): Promise<void> {
  await db.deleteFrom('recovery_codes').where('user_id', '=', userId).execute();
  await db
    .insertInto('recovery_codes')
    .values(digests.map((digest) => ({ digest, user_id: userId, created_at: now })))
    .execute();
}

/** Uses a code up; true for exactly one caller. */
export async function useRecoveryCode(db: DatabaseOrTransaction, userId: string, digest: string): Promise<boolean> {
  const deleted = await db
    .deleteFrom('recovery_codes')
    .where('digest', '=', digest)
    .where('user_id', '=', userId)
    .executeTakeFirst();
  return deleted.numDeletedRows === 1n;
}

/** How many codes a person has left. */
export async function countRecoveryCodes(db: DatabaseOrTransaction, userId: string): Promise<number> {
  const row = await db
    .selectFrom('recovery_codes')
    .select((select) => select.fn.countAll<number | string>().as('count'))
    .where('user_id', '=', userId)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}
