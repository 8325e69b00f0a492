import type { AfterRestore, DatabaseOrTransaction } from '#db';
import { deleteBindingsTo } from './bindings-store.ts';
import { forgetPerson } from './forget-person.ts';
import { deleteGroupRow } from './groups-store.ts';
import { deleteCredentials } from './sign-in-erasure-store.ts';
import { findUser, setCredentialsChanged } from './users-store.ts';

/**
 * What was taken away since the backup stays so: keys, roles, memberships and credentials; agents, people
 * and namespaces that were disabled are, and who was erased is. Nobody goes on with a session, a link or a
 * code that a copy would have twice.
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
    for (const [id, until] of ends('key.replaced')) {
      const result = await trx
        .updateTable('api_keys')
        .set({ expires_at: until })
        .where('id', '=', id)
        .where((where) => where.or([where('expires_at', 'is', null), where('expires_at', '>', until)]))
        .executeTakeFirst();
      changed += result.numUpdatedRows;
    }
    for (const [namespace, at] of ends('namespace.disabled')) {
      const result = await trx
        .insertInto('shut_namespaces')
        .values({ namespace, disabled_at: at })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      changed += result.numInsertedOrUpdatedRows ?? 0n;
    }
    for (const id of ends('binding.removed').keys()) {
      const result = await trx.deleteFrom('role_bindings').where('id', '=', id).executeTakeFirst();
      changed += result.numDeletedRows;
    }
    for (const id of ends('membership.removed').keys()) {
      const [group = '', kind = '', member = ''] = id.split(' ');
      const result = await trx
        .deleteFrom('group_members')
        .where('group_id', '=', group)
        .where('member_kind', '=', kind as 'user' | 'agent')
        .where('member_id', '=', member)
        .executeTakeFirst();
      changed += result.numDeletedRows;
    }
    for (const id of ends('group.deleted').keys()) {
      await deleteBindingsTo(trx, { kind: 'group', id });
      if (await deleteGroupRow(trx, id)) changed++;
    }
    for (const [id, at] of ends('credential.changed')) {
      if (await endCredentials(trx, id, at)) changed++;
    }
    for (const id of ends('subject.erased').keys()) {
      if (await eraseAgain(trx, id, now)) changed++;
    }
    return Number(changed);
  },
  async endSessions(trx, now) {
    for (const table of ['one_time_links', 'invitations', 'device_codes', 'passkey_challenges'] as const) {
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

/**
 * Ends what a person signed in with before that moment, where the state is of before: they need a new link.
 * All of it, since the change may have been for whoever knew the password and had added a passkey.
 */
async function endCredentials(trx: DatabaseOrTransaction, id: string, at: number): Promise<boolean> {
  const row = await trx.selectFrom('users').select('credentials_changed_at').where('id', '=', id).executeTakeFirst();
  if (row === undefined || (row.credentials_changed_at ?? -1) >= at) return false;
  await deleteCredentials(trx, id);
  await setCredentialsChanged(trx, id, at);
  return true;
}

/** Takes what is left of a person whose key is gone; false where nothing was, or it is no person of ours. */
async function eraseAgain(trx: DatabaseOrTransaction, id: string, now: number): Promise<boolean> {
  const stored = await findUser(trx, id);
  if (stored === undefined) return false;
  // Also of one whose row is empty: an erasure that a kill cut short has left the rest.
  await forgetPerson(trx, stored.user, now);
  return stored.user.erasedAt === null;
}
