import type { DatabaseOrTransaction, UpstreamClientsTable } from '#db';
import type { Place, SealedColumn } from '#vault';

/** Whom we are registered with, for which upstream. */
export interface ClientPlace {
  readonly upstream: string;
  readonly issuer: string;
}

export interface StoredUpstreamClient extends ClientPlace {
  readonly id: string;
  /** Sealed; null while somebody registers. */
  readonly registration: string | null;
}

/** Upstream and issuer are part of it: whoever can write in the database cannot have a secret sent to somebody else. */
export const registrationPlace = ({ id, upstream, issuer }: ClientPlace & { readonly id: string }): Place => ({
  table: 'upstream_clients',
  column: 'registration',
  row: id,
  owner: JSON.stringify([upstream, issuer]),
});

export async function findUpstreamClient(
  db: DatabaseOrTransaction,
  { upstream, issuer }: ClientPlace,
): Promise<StoredUpstreamClient | undefined> {
  const row = await db
    .selectFrom('upstream_clients')
    .selectAll()
    .where('upstream', '=', upstream)
    .where('issuer', '=', issuer)
    .executeTakeFirst();
  return row && toStored(row);
}

/** Takes the turn to register; true for one caller in all processes, until their time is over. */
export async function takeRegistering(
  db: DatabaseOrTransaction,
  turn: ClientPlace & { readonly id: string; readonly holder: string; readonly now: number; readonly until: number },
): Promise<boolean> {
  const { upstream, issuer, id, holder, now, until } = turn;
  await db
    .deleteFrom('upstream_clients')
    .where('upstream', '=', upstream)
    .where('issuer', '=', issuer)
    .where('registration', 'is', null)
    .where('registering_until', '<=', now)
    .execute();
  const inserted = await db
    .insertInto('upstream_clients')
    .values({
      ...{ id, upstream, issuer, registration: null, key_id: null, created_at: now },
      ...{ registrar: holder, registering_until: until },
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return inserted.numInsertedOrUpdatedRows === 1n;
}

/** Keeps what was registered; false where the turn was over, and somebody else's client counts. */
export async function storeRegistered(
  db: DatabaseOrTransaction,
  { id, holder }: { readonly id: string; readonly holder: string },
  { text, keyId }: { readonly text: string; readonly keyId: string },
): Promise<boolean> {
  const stored = await db
    .updateTable('upstream_clients')
    .set({ registration: text, key_id: keyId, registrar: null, registering_until: null })
    .where('id', '=', id)
    .where('registrar', '=', holder)
    .executeTakeFirst();
  return stored.numUpdatedRows === 1n;
}

/** Forgets a client, or gives a turn back. */
export async function deleteUpstreamClient(db: DatabaseOrTransaction, id: string): Promise<void> {
  await db.deleteFrom('upstream_clients').where('id', '=', id).execute();
}

/** The registrations, for the rotation of the keys that seal them. */
export const upstreamClientsColumn: SealedColumn = {
  async sealedWith(db, keyId, limit) {
    const rows = await db
      .selectFrom('upstream_clients')
      .selectAll()
      .where('key_id', '=', keyId)
      .orderBy('id')
      .limit(limit)
      .execute();
    return rows.flatMap((row) =>
      row.registration === null ? [] : [{ place: registrationPlace(row), text: row.registration }],
    );
  },
  async replace(db, row, text, keyId) {
    const updated = await db
      .updateTable('upstream_clients')
      .set({ registration: text, key_id: keyId })
      .where('id', '=', row.place.row)
      .where('registration', '=', row.text)
      .executeTakeFirst();
    return updated.numUpdatedRows === 1n;
  },
};

const toStored = ({ id, upstream, issuer, registration }: UpstreamClientsTable): StoredUpstreamClient => ({
  ...{ id, upstream, issuer, registration },
});
