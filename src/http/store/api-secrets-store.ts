import type { DatabaseOrTransaction } from '#db';
import type { SealedPlace } from '../installation-secret.ts';

/** The sealed secret of that name. */
export async function findApiSecret(db: DatabaseOrTransaction, name: string): Promise<string | undefined> {
  const row = await db.selectFrom('api_secrets').select('value').where('name', '=', name).executeTakeFirst();
  return row?.value;
}

/** Keeps a secret, unless another process was first. */
export async function insertApiSecret(
  db: DatabaseOrTransaction,
  secret: { readonly name: string; readonly value: string; readonly keyId: string },
): Promise<void> {
  await db
    .insertInto('api_secrets')
    .values({ name: secret.name, value: secret.value, key_id: secret.keyId })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** The place that a secret is sealed for. */
export const apiSecretPlace = (name: string): SealedPlace => ({
  table: 'api_secrets',
  column: 'value',
  row: name,
  owner: 'chatelaine/api',
});

/** The secrets, for the rotation of the keys that seal them (`SealedColumn` of the vault). */
export const apiSecretColumn = {
  async sealedWith(db: DatabaseOrTransaction, keyId: string, limit: number) {
    const rows = await db
      .selectFrom('api_secrets')
      .select(['name', 'value'])
      .where('key_id', '=', keyId)
      .orderBy('name')
      .limit(limit)
      .execute();
    return rows.map(({ name, value }) => ({ place: apiSecretPlace(name), text: value }));
  },
  async replace(
    db: DatabaseOrTransaction,
    row: { readonly place: SealedPlace; readonly text: string },
    text: string,
    keyId: string,
  ): Promise<boolean> {
    const updated = await db
      .updateTable('api_secrets')
      .set({ value: text, key_id: keyId })
      .where('name', '=', row.place.row)
      .where('value', '=', row.text)
      .executeTakeFirst();
    return updated.numUpdatedRows === 1n;
  },
};
