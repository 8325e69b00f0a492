import type { DatabaseOrTransaction } from '#db';

/** The PHC string of a person's password. */
export async function findPassword(db: DatabaseOrTransaction, userId: string): Promise<string | undefined> {
  return (await db.selectFrom('passwords').select('phc').where('user_id', '=', userId).executeTakeFirst())?.phc;
}

/** Sets or replaces the password of a person. */
export async function putPassword(db: DatabaseOrTransaction, userId: string, phc: string, now: number): Promise<void> {
  await db
    .insertInto('passwords')
    .values({ user_id: userId, phc, changed_at: now })
    .onConflict((conflict) => conflict.column('user_id').doUpdateSet({ phc, changed_at: now }))
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
