import type { DatabaseOrTransaction } from '#db';

/** How many keys of subjects have sealed something and are neither destroyed nor in the keyring. */
export async function countMissingSubjectKeys(db: DatabaseOrTransaction): Promise<number> {
  const row = await db
    .selectFrom('data_keys')
    .leftJoin('vault_keyring', 'vault_keyring.key_id', 'data_keys.id')
    .select((select) => select.fn.countAll<number | bigint | string>().as('keys'))
    .where('data_keys.scope_kind', '=', 'subject')
    .where('data_keys.destroyed_at', 'is', null)
    .where('data_keys.messages', '>', 0)
    .where('vault_keyring.key_id', 'is', null)
    .executeTakeFirst();
  return Number(row?.keys ?? 0);
}
