import type { AfterRestore } from '#db';
import { blockClient } from './client-blocks-store.ts';
import { forgetAssertions } from './artifacts-store.ts';
import { dropSigningKey, findSigningKey } from './signing-keys-store.ts';

/**
 * A signing key that was retired since the backup stays so: its private part is taken out of the copy, and
 * one that was given up at once is published no more. Clients that were deleted or changed since are as they
 * were left, or gone: an address that a client took back must not receive codes again. Who was blocked since
 * is blocked.
 *
 * No code and no token of a backup lives on: whoever has one would have it twice, and a refresh token that was
 * used since the backup would be good again. Nor does a registration access token, or an assertion that was made
 * before: which of them were used nobody knows. What people allowed stays allowed.
 */
export const authServerAfterRestore: AfterRestore = {
  module: 'authserver',
  async replay(trx, ends) {
    let changed = 0n;
    for (const [kid, at] of ends('signing-key.dropped')) {
      const key = await findSigningKey(trx, kid);
      if (key !== undefined && key.state !== 'gone' && (await dropSigningKey(trx, kid, at))) changed++;
    }
    for (const [kid, at] of ends('signing-key.retired')) {
      const result = await trx
        .updateTable('signing_keys')
        .set((set) => ({
          state: 'retired',
          signs: 0,
          private_key: null,
          key_id: null,
          // It may have been made active after the backup: it is published as long as if it had.
          activated_at: set.fn.coalesce('activated_at', set.val(at)),
          stopped_at: set.val(at),
          retired_at: set.val(at),
        }))
        .where('kid', '=', kid)
        .where('state', 'in', ['prepared', 'active'])
        .executeTakeFirst();
      changed += result.numUpdatedRows;
    }
    for (const id of ends('client.deleted').keys()) {
      const result = await trx.deleteFrom('oauth_clients').where('client_id', '=', id).executeTakeFirst();
      changed += result.numDeletedRows;
    }
    for (const [id, at] of ends('client.changed')) {
      const result = await trx
        .deleteFrom('oauth_clients')
        .where('client_id', '=', id)
        .where('changed_at', '<', at)
        .executeTakeFirst();
      changed += result.numDeletedRows;
    }
    for (const [id, at] of ends('client.disabled')) if (await blockClient(trx, id, at)) changed++;
    return Number(changed);
  },
  async endSessions(trx, now) {
    await trx.deleteFrom('oauth_artifacts').execute();
    await forgetAssertions(trx, now);
    const sessions = await trx
      .updateTable('token_sessions')
      .set({ ended_at: now, ended_because: 'restore' })
      .where('ended_at', 'is', null)
      .executeTakeFirst();
    const ended = await trx
      .updateTable('oauth_clients')
      .set({ registration_token_hash: null })
      .where('registration_token_hash', 'is not', null)
      .executeTakeFirst();
    return Number(sessions.numUpdatedRows + ended.numUpdatedRows);
  },
};
