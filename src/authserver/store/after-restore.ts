import type { AfterRestore } from '#db';

/**
 * No code and no token of a backup lives on: whoever has one would have it twice, and a refresh token that was
 * used since the backup would be good again. What people allowed stays allowed.
 */
export const authServerAfterRestore: AfterRestore = {
  module: 'authserver',
  async endSessions(trx, now) {
    await trx.deleteFrom('oauth_artifacts').execute();
    const ended = await trx
      .updateTable('token_sessions')
      .set({ ended_at: now, ended_because: 'restore' })
      .where('ended_at', 'is', null)
      .executeTakeFirst();
    return Number(ended.numUpdatedRows);
  },
};
