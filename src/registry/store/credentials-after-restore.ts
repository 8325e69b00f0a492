import type { AfterRestore } from '#db';
import { forgetWordsOf } from './access-requests-store.ts';
import { forgetReasonsOf } from './access-reviews-store.ts';

/**
 * Credentials live for an hour at most, and whoever holds one has it beside the restored copy: all of them end, those
 * that were revoked since the backup among them. The words of who was erased since are taken away again.
 */
export const credentialsAfterRestore: AfterRestore = {
  module: 'registry',
  async replay(trx, ends) {
    let changed = 0;
    for (const id of ends('subject.erased').keys()) {
      changed += (await forgetWordsOf(trx, id)) + (await forgetReasonsOf(trx, id));
    }
    return changed;
  },
  async endSessions(trx, now) {
    const ended = await trx
      .updateTable('vended_credentials')
      .set({ revoked_at: now })
      .where('revoked_at', 'is', null)
      .where('expires_at', '>', now)
      .executeTakeFirst();
    return Number(ended.numUpdatedRows);
  },
};
