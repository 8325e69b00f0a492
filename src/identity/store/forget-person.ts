import type { DatabaseOrTransaction } from '#db';
import type { User } from '../users/user.ts';
import { deleteBindingsTo } from './bindings-store.ts';
import { deleteMemberships } from './groups-store.ts';
import { deleteSignIn } from './sign-in-erasure-store.ts';
import { eraseUserRow } from './users-store.ts';

/**
 * Takes everything of a person but the row with their id, which records refer to: the same for an erasure
 * and for one that a restore carries out again. What is sealed under their key the vault makes unreadable.
 */
export async function forgetPerson(trx: DatabaseOrTransaction, user: User, now: number): Promise<void> {
  const person = { kind: 'user', id: user.id } as const;
  await deleteMemberships(trx, person);
  await deleteBindingsTo(trx, person);
  await deleteSignIn(trx, user.id);
  await eraseUserRow(trx, user, now);
}
