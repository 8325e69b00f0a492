import type { DatabaseOrTransaction } from '#db';
import { deleteOfClient } from '../store/artifacts-store.ts';
import { deleteConsentsTo } from '../store/consents-store.ts';
import { endTokenSessions } from '../store/token-sessions-store.ts';

/**
 * Ends all that was issued to a client, to people and to itself, in a transaction of the caller (RFC 7592 §2.3;
 * RFC 7009 §2.1); gives how many token sessions that were. `consents` takes back what people allowed it as well.
 */
export async function endOfClient(
  trx: DatabaseOrTransaction,
  clientId: string,
  how: { readonly now: number; readonly because: string; readonly consents: boolean },
): Promise<number> {
  const ended = await endTokenSessions(trx, { clientId }, how);
  await deleteOfClient(trx, clientId);
  if (how.consents) await deleteConsentsTo(trx, clientId);
  return ended.length;
}
