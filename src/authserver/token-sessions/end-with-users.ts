import type { Clock } from '#kernel';
import type { Database } from '#db';
import type { CutOff } from '#identity';
import { deleteOfGrant, deleteOfUser } from '../store/artifacts-store.ts';
import { deleteConsents } from '../store/consents-store.ts';
import { deleteGrantsOf } from '../store/grants-store.ts';
import { deleteLegsOf } from '../store/upstream-logins-store.ts';
import { deleteTokenSessionsOfUser, endTokenSessions } from '../store/token-sessions-store.ts';

/**
 * Who is disabled has no tokens any more, also when they are let in again; of who is erased nothing is left. For
 * `UserDirectory.onCutOff` of every process that may cut somebody off, whether it serves tokens or not.
 */
export function endTokensOfUser(
  { database, clock }: { readonly database: Database; readonly clock: Clock },
  ...[userId, why]: Parameters<CutOff>
): Promise<void> {
  return database.transaction(async (trx) => {
    const ended = await endTokenSessions(trx, { userId }, { now: clock.now(), because: why });
    for (const { id } of ended) await deleteOfGrant(trx, id);
    await deleteOfUser(trx, userId);
    if (why !== 'erased') return;
    await deleteConsents(trx, userId);
    await deleteTokenSessionsOfUser(trx, userId);
    await deleteGrantsOf(trx, userId);
    await deleteLegsOf(trx, userId);
  });
}
