import type { DatabaseOrTransaction, SigningKeysTable } from '#db';
import type { Place, SealedColumn } from '#vault';
import type { SigningAlgorithm } from '../keys/algorithm.ts';
import type { PublicJwk } from '../keys/key-material.ts';
import type { SigningKey } from '../keys/lifecycle.ts';

/** A key with its sealed private part, where it still has one. */
export interface StoredSigningKey {
  readonly key: SigningKey;
  readonly sealed: string | undefined;
}

/** The place that a private part is sealed for. A `kid` is never used twice: it is made of the key itself. */
export const privateKeyPlace = (kid: string): Place => ({
  table: 'signing_keys',
  column: 'private_key',
  row: kid,
  owner: 'chatelaine/authserver',
});

/** Every key, the oldest first, with those that are gone. */
export async function listSigningKeys(db: DatabaseOrTransaction): Promise<readonly StoredSigningKey[]> {
  const rows = await db.selectFrom('signing_keys').selectAll().orderBy('prepared_at').orderBy('kid').execute();
  return rows.map(toStored);
}

/** Whether any key signs. */
export async function hasSigner(db: DatabaseOrTransaction): Promise<boolean> {
  return (await db.selectFrom('signing_keys').select('kid').where('signs', '=', 1).executeTakeFirst()) !== undefined;
}

/** The one that is prepared. */
export async function findPrepared(db: DatabaseOrTransaction): Promise<SigningKey | undefined> {
  const row = await db.selectFrom('signing_keys').selectAll().where('state', '=', 'prepared').executeTakeFirst();
  return row && toStored(row).key;
}

/** The key of that name, gone or not. */
export async function findSigningKey(db: DatabaseOrTransaction, kid: string): Promise<SigningKey | undefined> {
  const row = await db.selectFrom('signing_keys').selectAll().where('kid', '=', kid).executeTakeFirst();
  return row && toStored(row).key;
}

/** Keeps a new key as prepared. */
export async function insertSigningKey(
  db: DatabaseOrTransaction,
  {
    jwk,
    text,
    keyId,
    now,
  }: { readonly jwk: PublicJwk; readonly text: string; readonly keyId: string; readonly now: number },
): Promise<void> {
  await db
    .insertInto('signing_keys')
    .values({
      kid: jwk.kid,
      algorithm: jwk.alg,
      state: 'prepared',
      signs: 0,
      public_jwk: JSON.stringify(jwk),
      private_key: text,
      key_id: keyId,
      prepared_at: now,
      activated_at: null,
      stopped_at: null,
      retired_at: null,
      gone_at: null,
    })
    .execute();
}

/** Lets that key sign in the place of the one that does. */
export async function setSigner(db: DatabaseOrTransaction, kid: string, now: number): Promise<void> {
  await db.updateTable('signing_keys').set({ signs: 0, stopped_at: now }).where('signs', '=', 1).execute();
  await db
    .updateTable('signing_keys')
    .set((set) => ({
      state: 'active',
      signs: 1,
      stopped_at: null,
      activated_at: set.fn.coalesce('activated_at', set.val(now)),
    }))
    .where('kid', '=', kid)
    .where('state', 'in', ['prepared', 'active'])
    .execute();
}

/** Takes the private part away for good; the public one stays published as long as it must. */
export async function retireSigningKey(db: DatabaseOrTransaction, kid: string, now: number): Promise<boolean> {
  const updated = await db
    .updateTable('signing_keys')
    .set({ state: 'retired', signs: 0, private_key: null, key_id: null, retired_at: now })
    .where('kid', '=', kid)
    .where('state', 'in', ['prepared', 'active'])
    .executeTakeFirst();
  return updated.numUpdatedRows === 1n;
}

/** Takes a key out of what is published. */
export async function dropSigningKey(db: DatabaseOrTransaction, kid: string, now: number): Promise<boolean> {
  const updated = await db
    .updateTable('signing_keys')
    .set((set) => ({
      state: 'gone',
      signs: 0,
      private_key: null,
      key_id: null,
      gone_at: now,
      retired_at: set.fn.coalesce('retired_at', set.val(now)),
    }))
    .where('kid', '=', kid)
    .where('state', '<>', 'gone')
    .executeTakeFirst();
  return updated.numUpdatedRows === 1n;
}

/** The private parts, for the rotation of the keys that seal them. */
export const signingKeyColumn: SealedColumn = {
  async sealedWith(db, keyId, limit) {
    const rows = await db
      .selectFrom('signing_keys')
      .select(['kid', 'private_key'])
      .where('key_id', '=', keyId)
      .orderBy('kid')
      .limit(limit)
      .execute();
    return rows.flatMap(({ kid, private_key }) =>
      private_key === null ? [] : [{ place: privateKeyPlace(kid), text: private_key }],
    );
  },
  async replace(db, row, text, keyId) {
    const updated = await db
      .updateTable('signing_keys')
      .set({ private_key: text, key_id: keyId })
      .where('kid', '=', row.place.row)
      .where('private_key', '=', row.text)
      .executeTakeFirst();
    return updated.numUpdatedRows === 1n;
  },
};

const toStored = (row: SigningKeysTable): StoredSigningKey => ({
  key: {
    kid: row.kid,
    algorithm: row.algorithm as SigningAlgorithm,
    state: row.state,
    signs: row.signs === 1,
    jwk: JSON.parse(row.public_jwk) as PublicJwk,
    preparedAt: row.prepared_at,
    activatedAt: row.activated_at,
    stoppedAt: row.stopped_at,
    retiredAt: row.retired_at,
    goneAt: row.gone_at,
  },
  sealed: row.private_key ?? undefined,
});
