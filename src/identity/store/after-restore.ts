import type { AfterRestore, DatabaseOrTransaction } from '#db';
import { eraseUserRow, findUser } from './users-store.ts';

/**
 * Keys that were revoked, agents and people who were disabled since the backup stay so, and who was erased
 * is. Nobody goes on with a session, a link or a code that a copy would have twice.
 */
export const identityAfterRestore: AfterRestore = {
  module: 'identity',
  async replay(trx, ends, now) {
    let changed = 0n;
    for (const [id, at] of ends('key.revoked')) {
      const result = await trx
        .updateTable('api_keys')
        .set({ revoked_at: at })
        .where('id', '=', id)
        .where('revoked_at', 'is', null)
        .executeTakeFirst();
      changed += result.numUpdatedRows;
    }
    for (const [id, at] of ends('agent.disabled')) {
      const result = await trx
        .updateTable('agents')
        .set({ disabled_at: at })
        .where('id', '=', id)
        .where('disabled_at', 'is', null)
        .executeTakeFirst();
      changed += result.numUpdatedRows;
    }
    for (const [id, at] of ends('user.disabled')) {
      const result = await trx
        .updateTable('users')
        .set({ disabled_at: at })
        .where('id', '=', id)
        .where('disabled_at', 'is', null)
        .executeTakeFirst();
      changed += result.numUpdatedRows;
    }
    for (const id of ends('subject.erased').keys()) {
      if (await eraseAgain(trx, id, now)) changed++;
    }
    return Number(changed);
  },
  async endSessions(trx, now) {
    for (const table of ['one_time_links', 'device_codes', 'passkey_challenges'] as const) {
      await trx.deleteFrom(table).execute();
    }
    const ended = await trx
      .updateTable('sessions')
      .set({ ended_at: now })
      .where('ended_at', 'is', null)
      .executeTakeFirst();
    return Number(ended.numUpdatedRows);
  },
};

/** Takes what the row still says of a person whose key is gone; false where the subject is no person of ours. */
async function eraseAgain(trx: DatabaseOrTransaction, id: string, now: number): Promise<boolean> {
  const stored = await findUser(trx, id);
  if (stored === undefined || stored.user.erasedAt !== null) return false;
  await eraseUserRow(trx, stored.user, now);
  return true;
}
