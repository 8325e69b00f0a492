import type { AfterRestore } from '#db';

/**
 * Nothing that waited or was granted when the backup was made lives on: a grant that was used since would be good
 * again, and who was asked then has long decided.
 */
export const approvalsAfterRestore: AfterRestore = {
  module: 'registry approvals',
  async endSessions(trx, now) {
    const ended = await trx
      .updateTable('approvals')
      .set({
        state: 'cancelled',
        reason: 'restored from a backup',
        closed_at: now,
        sealed: null,
        key_id: null,
        notify_at: null,
      })
      .where('closed_at', 'is', null)
      .executeTakeFirst();
    return Number(ended.numUpdatedRows);
  },
};
