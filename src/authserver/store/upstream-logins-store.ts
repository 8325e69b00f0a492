import type { DatabaseOrTransaction, UpstreamLoginsTable } from '#db';

/** A sign-in that is under way at an identity provider. */
export interface StoredLeg {
  readonly stateDigest: string;
  readonly upstream: string;
  readonly purpose: 'sign-in' | 'link';
  readonly browserDigest: string;
  readonly userId: string | null;
  readonly owner: string | null;
  readonly returnTo: string;
  readonly sealed: string;
  readonly expiresAt: number;
}

/** Adds a leg; those that nobody came back from are cleared away. */
export async function insertLeg(db: DatabaseOrTransaction, leg: StoredLeg, now: number): Promise<void> {
  await db.deleteFrom('upstream_logins').where('expires_at', '<=', now).execute();
  await db
    .insertInto('upstream_logins')
    .values({
      state_digest: leg.stateDigest,
      upstream: leg.upstream,
      purpose: leg.purpose,
      browser_digest: leg.browserDigest,
      user_id: leg.userId,
      owner: leg.owner,
      return_to: leg.returnTo,
      sealed: leg.sealed,
      created_at: now,
      expires_at: leg.expiresAt,
    })
    .execute();
}

/**
 * Takes the leg away and gives it: to exactly one caller, whatever they go on to find wrong with it. One
 * statement: with a look before it, two that come back at once would both have seen the leg.
 */
export async function takeLeg(db: DatabaseOrTransaction, stateDigest: string): Promise<StoredLeg | undefined> {
  const row = await db
    .deleteFrom('upstream_logins')
    .where('state_digest', '=', stateDigest)
    .returningAll()
    .executeTakeFirst();
  return row && toLeg(row);
}

/** Ends everything that is under way; gives how much that was. */
export async function deleteLegs(db: DatabaseOrTransaction): Promise<number> {
  const deleted = await db.deleteFrom('upstream_logins').executeTakeFirst();
  return Number(deleted.numDeletedRows);
}

/** Ends what is under way for a person. */
export async function deleteLegsOf(db: DatabaseOrTransaction, userId: string): Promise<void> {
  await db.deleteFrom('upstream_logins').where('user_id', '=', userId).execute();
}

const toLeg = (row: UpstreamLoginsTable): StoredLeg => ({
  stateDigest: row.state_digest,
  upstream: row.upstream,
  purpose: row.purpose,
  browserDigest: row.browser_digest,
  userId: row.user_id,
  owner: row.owner,
  returnTo: row.return_to,
  sealed: row.sealed,
  expiresAt: row.expires_at,
});
