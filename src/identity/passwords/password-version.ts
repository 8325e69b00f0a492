import type { DatabaseOrTransaction } from '#db';
import { signInError } from '../sign-in/errors.ts';
import { findPassword } from '../store/passwords-store.ts';

/**
 * Throws `SIGN_IN_REFUSED` unless the password that was proven is still the person's. Asked in the transaction
 * that begins a session: a sign-in that was under way with the old password must not outlive its change.
 */
export async function requirePasswordStill(trx: DatabaseOrTransaction, userId: string, version: number): Promise<void> {
  if ((await findPassword(trx, userId))?.version === version) return;
  throw signInError('SIGN_IN_REFUSED', 'the name or the password is not right');
}
