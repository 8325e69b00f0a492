import type { DatabaseOrTransaction } from '#db';

export interface OneTimeLink {
  readonly digest: string;
  readonly purpose: 'setup' | 'password';
  /** Whose password; null for the first administrator, who is nobody yet. */
  readonly userId: string | null;
  /** Made although there was an administrator. */
  readonly reissued: boolean;
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** Adds a link in the place of earlier ones for the same purpose and person. In a transaction. */
export async function putLink(db: DatabaseOrTransaction, link: OneTimeLink): Promise<void> {
  await db
    .deleteFrom('one_time_links')
    .where('purpose', '=', link.purpose)
    .where((where) => (link.userId === null ? where('user_id', 'is', null) : where('user_id', '=', link.userId)))
    .execute();
  await db
    .insertInto('one_time_links')
    .values({
      digest: link.digest,
      purpose: link.purpose,
      user_id: link.userId,
      reissued: link.reissued ? 1 : 0,
      created_at: link.createdAt,
      expires_at: link.expiresAt,
    })
    .execute();
}

/** The link, if it has not expired; looking does not use it. */
export async function findLink(
  db: DatabaseOrTransaction,
  digest: string,
  now: number,
): Promise<OneTimeLink | undefined> {
  const row = await db
    .selectFrom('one_time_links')
    .selectAll()
    .where('digest', '=', digest)
    .where('expires_at', '>', now)
    .executeTakeFirst();
  return (
    row && {
      digest: row.digest,
      purpose: row.purpose,
      userId: row.user_id,
      reissued: row.reissued === 1,
      createdAt: row.created_at,
      expiresAt: row.expires_at,
    }
  );
}

/** Uses the link up; true for exactly one caller, in time. */
export async function useLink(db: DatabaseOrTransaction, digest: string, now: number): Promise<boolean> {
  const deleted = await db
    .deleteFrom('one_time_links')
    .where('digest', '=', digest)
    .where('expires_at', '>', now)
    .executeTakeFirst();
  return deleted.numDeletedRows === 1n;
}
