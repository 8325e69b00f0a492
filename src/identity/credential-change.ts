import type { RevocationLedger } from '#contract';
import type { DatabaseOrTransaction } from '#db';
import { setCredentialsChanged } from './store/users-store.ts';

/**
 * To be called in the transaction that replaces or takes away something a person signs in with: a restored
 * state of before has what somebody may have taken it away for. Throws as `RevocationLedger.append` does.
 */
export async function noteCredentialChange(
  trx: DatabaseOrTransaction,
  ledger: RevocationLedger,
  userId: string,
  now: number,
): Promise<void> {
  await setCredentialsChanged(trx, userId, now);
  await ledger.append({ what: 'credential.changed', id: userId, holdsFrom: now });
}
