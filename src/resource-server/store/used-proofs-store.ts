import type { DatabaseOrTransaction } from '#db';

/** Notes that a proof was used; false where it was before, in whatever process. */
export async function noteProof(db: DatabaseOrTransaction, digest: string, expiresAt: number): Promise<boolean> {
  const result = await db
    .insertInto('used_proofs')
    .values({ digest, expires_at: expiresAt })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return result.numInsertedOrUpdatedRows === 1n;
}

/** Forgets those that count no more, whoever shows them. */
export async function forgetProofs(db: DatabaseOrTransaction, before: number): Promise<void> {
  await db.deleteFrom('used_proofs').where('expires_at', '<', before).execute();
}
