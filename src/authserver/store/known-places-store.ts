import type { DatabaseOrTransaction } from '#db';

/** When the client last proved itself there, since `since`; undefined where it did not. */
export async function placeSeenAt(
  db: DatabaseOrTransaction,
  digest: string,
  since: number,
): Promise<number | undefined> {
  const row = await db
    .selectFrom('known_client_places')
    .select('seen_at')
    .where('digest', '=', digest)
    .where('seen_at', '>=', since)
    .executeTakeFirst();
  return row?.seen_at;
}

/** Notes that it did now, and forgets places where nobody was since `since`. */
export async function notePlace(
  db: DatabaseOrTransaction,
  digest: string,
  { now, since }: { readonly now: number; readonly since: number },
): Promise<void> {
  await db
    .insertInto('known_client_places')
    .values({ digest, seen_at: now })
    .onConflict((conflict) => conflict.column('digest').doUpdateSet({ seen_at: now }))
    .execute();
  await db.deleteFrom('known_client_places').where('seen_at', '<', since).execute();
}
