import type { DatabaseOrTransaction } from '#db';

/** Tables of what is used once, in its time: known by the digest of a token that its holder has, gone when used. */
export type OneUseTable = 'one_time_links' | 'invitations';

/** The single gate: true for exactly one of all who use it, in time. */
export async function useUp(
  db: DatabaseOrTransaction,
  table: OneUseTable,
  digest: string,
  now: number,
): Promise<boolean> {
  const deleted = await db
    .deleteFrom(table)
    .where('digest', '=', digest)
    .where('expires_at', '>', now)
    .executeTakeFirst();
  return deleted.numDeletedRows === 1n;
}

/** Forgets what nobody has used in its time. */
export async function forgetUnused(db: DatabaseOrTransaction, table: OneUseTable, now: number): Promise<void> {
  await db.deleteFrom(table).where('expires_at', '<=', now).execute();
}
