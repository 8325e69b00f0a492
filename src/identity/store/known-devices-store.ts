import type { DatabaseOrTransaction } from '#db';

/** Whether the person signed in with that browser before, and not before `since`. */
export async function isKnownDevice(
  db: DatabaseOrTransaction,
  userId: string,
  digest: string,
  since: number,
): Promise<boolean> {
  const row = await db
    .selectFrom('known_devices')
    .select('digest')
    .where('digest', '=', digest)
    .where('user_id', '=', userId)
    .where('last_used_at', '>', since)
    .executeTakeFirst();
  return row !== undefined;
}

/** Remembers a browser of a person, or that it was used again; those not used since `since` are forgotten. */
export async function rememberDevice(
  db: DatabaseOrTransaction,
  userId: string,
  digest: string,
  { now, since }: { readonly now: number; readonly since: number },
): Promise<void> {
  await db.deleteFrom('known_devices').where('user_id', '=', userId).where('last_used_at', '<=', since).execute();
  await db
    .insertInto('known_devices')
    .values({ digest, user_id: userId, created_at: now, last_used_at: now })
    .onConflict((conflict) =>
      conflict.column('digest').doUpdateSet({ last_used_at: now }).where('known_devices.user_id', '=', userId),
    )
    .execute();
}

/** Forgets every browser of a person. */
export async function forgetDevices(db: DatabaseOrTransaction, userId: string): Promise<void> {
  await db.deleteFrom('known_devices').where('user_id', '=', userId).execute();
}
