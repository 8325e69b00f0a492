import type { DatabaseOrTransaction } from '#db';
import type { Passkey } from '../second-factors/passkey.ts';

/** The passkeys of a person, oldest first. */
export async function listPasskeys(db: DatabaseOrTransaction, userId: string): Promise<readonly Passkey[]> {
  const rows = await db
    .selectFrom('passkeys')
    .selectAll()
    .where('user_id', '=', userId)
    .orderBy('created_at')
    .orderBy('id')
    .execute();
  return rows.map((row) => ({
    id: row.id,
    userId: row.user_id,
    publicKey: Buffer.from(row.public_key, 'base64url'),
    counter: row.counter,
    transports: row.transports === '' ? [] : row.transports.split(' '),
    label: row.label,
    synced: row.synced === 1,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
  }));
}

/** Adds a passkey; false when some person already has that credential. */
export async function insertPasskey(db: DatabaseOrTransaction, passkey: Passkey): Promise<boolean> {
  const inserted = await db
    .insertInto('passkeys')
    .values({
      id: passkey.id,
      user_id: passkey.userId,
      public_key: Buffer.from(passkey.publicKey).toString('base64url'),
      counter: passkey.counter,
      transports: passkey.transports.join(' '),
      label: passkey.label,
      synced: passkey.synced ? 1 : 0,
      created_at: passkey.createdAt,
      last_used_at: passkey.lastUsedAt,
    })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .executeTakeFirst();
  return inserted.numInsertedOrUpdatedRows === 1n;
}

/**
 * Notes a use and its counter; false when the counter has not grown since (WebAuthn §6.1.1: a clone, or
 * the same assertion twice). Authenticators that do not count always say 0.
 */
export async function usePasskey(
  db: DatabaseOrTransaction,
  use: { readonly id: string; readonly userId: string; readonly counter: number; readonly now: number },
): Promise<boolean> {
  const updated = await db
    .updateTable('passkeys')
    .set({ counter: use.counter, last_used_at: use.now })
    .where('id', '=', use.id)
    .where('user_id', '=', use.userId)
    .where((where) => (use.counter === 0 ? where('counter', '=', 0) : where('counter', '<', use.counter)))
    .executeTakeFirst();
  return updated.numUpdatedRows === 1n;
}

/** Removes a passkey of a person; false when there is none of that id. */
export async function removePasskey(db: DatabaseOrTransaction, userId: string, id: string): Promise<boolean> {
  const deleted = await db.deleteFrom('passkeys').where('id', '=', id).where('user_id', '=', userId).executeTakeFirst();
  return deleted.numDeletedRows === 1n;
}

/** A ceremony under way: who began it and for what. */
export interface Ceremony {
  readonly challenge: string;
  readonly sessionId: string;
  readonly purpose: 'register' | 'authenticate';
}

/** Begins a ceremony; an earlier one of the session for the same purpose is over. */
export async function beginCeremony(
  db: DatabaseOrTransaction,
  { challenge, sessionId, purpose }: Ceremony,
  expiresAt: number,
  now: number,
): Promise<void> {
  await db
    .deleteFrom('passkey_challenges')
    .where((where) =>
      where.or([
        where.and([where('session_id', '=', sessionId), where('purpose', '=', purpose)]),
        where('expires_at', '<=', now),
      ]),
    )
    .execute();
  await db
    .insertInto('passkey_challenges')
    .values({ challenge, session_id: sessionId, purpose, expires_at: expiresAt })
    .execute();
}

/** Ends a ceremony; true for exactly one caller, in time, in the session that began it. */
export async function endCeremony(db: DatabaseOrTransaction, ceremony: Ceremony, now: number): Promise<boolean> {
  const deleted = await db
    .deleteFrom('passkey_challenges')
    .where('challenge', '=', ceremony.challenge)
    .where('session_id', '=', ceremony.sessionId)
    .where('purpose', '=', ceremony.purpose)
    .where('expires_at', '>', now)
    .executeTakeFirst();
  return deleted.numDeletedRows === 1n;
}
