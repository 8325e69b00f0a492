import type { DatabaseOrTransaction } from '#db';

/**
 * Deletes everything by which a person signed in, and every trace of where they did it from: addresses and
 * browsers are theirs as well. Seeds are sealed under the person's key, which an erasure destroys in any
 * case; the rest are digests.
 */
export async function deleteSignIn(db: DatabaseOrTransaction, userId: string): Promise<void> {
  await deleteCredentials(db, userId);
  const sessions = db.selectFrom('sessions').select('id').where('user_id', '=', userId);
  await db.deleteFrom('passkey_challenges').where('session_id', 'in', sessions).execute();
  for (const table of ['sessions', 'one_time_links', 'device_codes'] as const) {
    await db.deleteFrom(table).where('user_id', '=', userId).execute();
  }
}

/** Deletes what a person proves themselves with, and the browsers that were trusted because they did. */
export async function deleteCredentials(db: DatabaseOrTransaction, userId: string): Promise<void> {
  await deleteFactors(db, userId);
  for (const table of ['passwords', 'known_devices'] as const) {
    await db.deleteFrom(table).where('user_id', '=', userId).execute();
  }
}

/** Deletes every second factor of a person, and the recovery codes with them. In a transaction. */
export async function deleteFactors(db: DatabaseOrTransaction, userId: string): Promise<void> {
  for (const table of ['totp_seeds', 'passkeys', 'recovery_codes'] as const) {
    await db.deleteFrom(table).where('user_id', '=', userId).execute();
  }
}
