import type { DatabaseOrTransaction } from '#db';

/**
 * Brings state and keyring to one story; gives how many keys were destroyed by that.
 *
 * On SQLite the two are files, and a transaction in both is atomic in each alone. What a machine that
 * dies in the middle of a commit can leave, and what an older state from a backup looks like beside
 * today's keyring, is the same:
 *
 *   an erasure in the state alone      the key still lies in the keyring: it is destroyed here
 *   an erasure in the keyring alone    the state has yet to hear of it: its keys are marked here
 *   a new key in the state alone       it has sealed nothing, since what uses it comes after; `DataKeys`
 *                                      puts another one in its place
 *   a new key in the keyring alone     nothing names it; it stays, because the state that does may be
 *                                      the one that is put back next
 *
 * So an erasure holds when either of them has it, and neither order loses a key that was used.
 */
export async function settleKeyring(trx: DatabaseOrTransaction, now: number): Promise<number> {
  const erased = trx.selectFrom('vault_keyring').select('subject').where('destroyed_at', 'is not', null);
  const marked = await trx
    .updateTable('data_keys')
    .set({ wrapped_key: null, destroyed_at: now })
    .where('scope_kind', '=', 'subject')
    .where('destroyed_at', 'is', null)
    .where('scope_id', 'in', erased)
    .executeTakeFirst();
  await trx
    .insertInto('data_keys')
    .columns([
      'id',
      'scope_kind',
      'scope_id',
      'wrapped_key',
      'wrapper',
      'wrapper_version',
      'messages',
      'created_at',
      'retired_at',
      'destroyed_at',
    ])
    .expression((of) =>
      of
        .selectFrom('vault_keyring')
        .select((column) => [
          column.fn.min('key_id').as('id'),
          column.val('subject').as('scope_kind'),
          'subject',
          column.lit(null).as('wrapped_key'),
          column.val('').as('wrapper'),
          column.val('').as('wrapper_version'),
          column.lit(0).as('messages'),
          column.fn.min('destroyed_at').as('created_at'),
          column.lit(null).as('retired_at'),
          column.fn.min('destroyed_at').as('destroyed_at'),
        ])
        .where('destroyed_at', 'is not', null)
        .where('subject', 'not in', (known) =>
          known.selectFrom('data_keys').select('scope_id').where('scope_kind', '=', 'subject'),
        )
        .groupBy('subject'),
    )
    .execute();
  const destroyed = await trx
    .updateTable('vault_keyring')
    .set({ wrapped_key: null, destroyed_at: now })
    .where('destroyed_at', 'is', null)
    .where('subject', 'in', (known) =>
      known
        .selectFrom('data_keys')
        .select('scope_id')
        .where('scope_kind', '=', 'subject')
        .where('destroyed_at', 'is not', null),
    )
    .executeTakeFirst();
  return Number(marked.numUpdatedRows + destroyed.numUpdatedRows);
}
