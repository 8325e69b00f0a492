import { newId } from '#kernel';
import type { AfterRestore, DatabaseOrTransaction } from '#db';
import { subjectScope } from '../envelope/erase-subject.ts';
import { destroyDataKeys, insertTombstone } from './data-keys-store.ts';
import { settleKeyring } from './settle-keyring.ts';

/**
 * Subjects that were erased since the backup stay erased, in the keyring that was put beside it as well;
 * secrets that were deleted or disabled stay so. No key is needed for any of it: taking a secret out of
 * use needs no seal, and its next change seals it.
 */
export const vaultAfterRestore: AfterRestore = {
  module: 'vault',
  async replay(trx, ends, now) {
    let changed = await settleKeyring(trx, now);
    for (const [subject, at] of ends('subject.erased')) changed += await eraseAgain(trx, subject, at, now);
    for (const [id, at] of ends('secret.deleted')) changed += await deleteAgain(trx, id, at);
    for (const [id, at] of ends('secret.disabled')) {
      const result = await trx
        .updateTable('secrets')
        .set({ state: 'disabled', changed_at: at })
        .where('id', '=', id)
        .where('state', '=', 'active')
        .executeTakeFirst();
      changed += Number(result.numUpdatedRows);
    }
    return changed;
  },
};

async function eraseAgain(trx: DatabaseOrTransaction, subject: string, at: number, now: number): Promise<number> {
  const scope = subjectScope(subject);
  const destroyed = await destroyDataKeys(trx, scope, at);
  const isNew = await insertTombstone(trx, { id: newId(now), scope, destroyedAt: at });
  return destroyed.length + (isNew ? 1 : 0);
}

async function deleteAgain(trx: DatabaseOrTransaction, id: string, at: number): Promise<number> {
  const result = await trx
    .updateTable('secrets')
    .set((set) => ({
      state: 'deleted',
      generation: set('generation', '+', 1),
      manifest: null,
      key_id: null,
      changed_at: at,
    }))
    .where('id', '=', id)
    .where('state', '<>', 'deleted')
    .executeTakeFirst();
  await trx
    .updateTable('secret_versions')
    .set({ value: null, key_id: null, shredded_at: at })
    .where('secret_id', '=', id)
    .where('value', 'is not', null)
    .execute();
  return Number(result.numUpdatedRows);
}
