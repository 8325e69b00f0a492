import type { DatabaseOrTransaction, TotpSeedsTable } from '#db';
import type { SealedColumn } from '#vault';

export interface StoredSeed {
  readonly id: string;
  readonly userId: string;
  readonly seed: string;
  readonly lastStep: number;
}

/** The seed that is in use. */
export async function findSeed(db: DatabaseOrTransaction, userId: string): Promise<StoredSeed | undefined> {
  const row = await db
    .selectFrom('totp_seeds')
    .select(['id', 'user_id', 'seed', 'last_step'])
    .where('user_id', '=', userId)
    .where('confirmed_at', 'is not', null)
    .executeTakeFirst();
  return row && toSeed(row);
}

/** The seed whose enrolment that session began, not before `since`. */
export async function findBegunSeed(
  db: DatabaseOrTransaction,
  begun: { readonly userId: string; readonly sessionId: string; readonly since: number },
): Promise<StoredSeed | undefined> {
  const row = await db
    .selectFrom('totp_seeds')
    .select(['id', 'user_id', 'seed', 'last_step'])
    .where('user_id', '=', begun.userId)
    .where('session_id', '=', begun.sessionId)
    .where('created_at', '>', begun.since)
    .where('confirmed_at', 'is', null)
    .executeTakeFirst();
  return row && toSeed(row);
}

/** Begins an enrolment; an earlier one that was not finished is gone. */
export async function beginSeed(
  db: DatabaseOrTransaction,
  seed: {
    readonly id: string;
    readonly userId: string;
    readonly sessionId: string;
    readonly seed: string;
    readonly keyId: string;
    readonly now: number;
  },
): Promise<void> {
  await db.deleteFrom('totp_seeds').where('user_id', '=', seed.userId).where('confirmed_at', 'is', null).execute();
  await db
    .insertInto('totp_seeds')
    .values({
      id: seed.id,
      user_id: seed.userId,
      seed: seed.seed,
      key_id: seed.keyId,
      last_step: -1,
      confirmed_at: null,
      created_at: seed.now,
      session_id: seed.sessionId,
    })
    .execute();
}

/**
 * Puts the begun seed in the place of the one in use; false, and nothing done, when it is begun no longer. In
 * a transaction. The gate comes first: of two at once the second must not take away what the first one made.
 */
export async function confirmSeed(
  db: DatabaseOrTransaction,
  { id, userId }: StoredSeed,
  step: number,
  now: number,
): Promise<boolean> {
  const gate = await db
    .updateTable('totp_seeds')
    .set({ last_step: step, session_id: null })
    .where('id', '=', id)
    .where('confirmed_at', 'is', null)
    .executeTakeFirst();
  if (gate.numUpdatedRows !== 1n) return false;
  await removeSeed(db, userId);
  await db.updateTable('totp_seeds').set({ confirmed_at: now }).where('id', '=', id).execute();
  return true;
}

/** Uses up the codes to this step; false when one as late was used before. The gate of RFC 6238 §5.2. */
export async function useStep(db: DatabaseOrTransaction, id: string, step: number): Promise<boolean> {
  const updated = await db
    .updateTable('totp_seeds')
    .set({ last_step: step })
    .where('id', '=', id)
    .where('last_step', '<', step)
    .executeTakeFirst();
  return updated.numUpdatedRows === 1n;
}

/** Removes the seed in use; false when there is none. */
export async function removeSeed(db: DatabaseOrTransaction, userId: string): Promise<boolean> {
  const deleted = await db
    .deleteFrom('totp_seeds')
    .where('user_id', '=', userId)
    .where('confirmed_at', 'is not', null)
    .executeTakeFirst();
  return deleted.numDeletedRows === 1n;
}

const toSeed = (row: Pick<TotpSeedsTable, 'id' | 'user_id' | 'seed' | 'last_step'>): StoredSeed => ({
  id: row.id,
  userId: row.user_id,
  seed: row.seed,
  lastStep: row.last_step,
});

/** The place that a seed is sealed for. */
export const seedPlace = (id: string, userId: string) => ({
  table: 'totp_seeds',
  column: 'seed',
  row: id,
  owner: `user/${userId}`,
});

/** The seeds, for the rotation of the keys that seal them. */
export const totpSeedColumn: SealedColumn = {
  async sealedWith(db, keyId, limit) {
    const rows = await db
      .selectFrom('totp_seeds')
      .select(['id', 'user_id', 'seed'])
      .where('key_id', '=', keyId)
      .orderBy('id')
      .limit(limit)
      .execute();
    return rows.map(({ id, user_id, seed }) => ({ place: seedPlace(id, user_id), text: seed }));
  },
  async replace(db, row, text, keyId) {
    const updated = await db
      .updateTable('totp_seeds')
      .set({ seed: text, key_id: keyId })
      .where('id', '=', row.place.row)
      .where('seed', '=', row.text)
      .executeTakeFirst();
    return updated.numUpdatedRows === 1n;
  },
};
