import type { AfterRestore } from '#db';
import { deleteGrant, deleteGrantsOf } from '../store/grants-store.ts';
import { deleteLegs } from '../store/upstream-logins-store.ts';

/**
 * Grants that were revoked since the backup stay so, and nobody goes on with a sign-in that was under way.
 *
 * The others stay: whether a refresh token of the backup is still good only the provider knows, and one that
 * takes it for theft says `invalid_grant`, after which the person links anew.
 */
export const grantsAfterRestore: AfterRestore = {
  module: 'authserver',
  async replay(trx, ends) {
    let changed = 0;
    for (const id of ends('grant.revoked').keys()) if (await deleteGrant(trx, id)) changed++;
    for (const id of ends('subject.erased').keys()) changed += await deleteGrantsOf(trx, id);
    return changed;
  },
  endSessions: (trx) => deleteLegs(trx),
};
