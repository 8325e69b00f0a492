import type { DatabaseOrTransaction } from '#db';
import { forgetUnused } from './one-use.ts';

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

/** Adds a link in the place of earlier ones for the same purpose and person, and forgets those that are over. In a transaction. */
export async function putLink(db: DatabaseOrTransaction, link: OneTimeLink): Promise<void> {
  await forgetUnused(db, 'one_time_links', link.createdAt);
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

/** The link, if it has not expired; `useUp` uses it. */
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
