import { EVERYWHERE, type RoleGrant } from '#contract';
import type { DatabaseOrTransaction } from '#db';
import { identityError } from '../errors.ts';
import { isHeldByUserWithWayIn } from '../store/bindings-store.ts';
import { listUsersWithWayIn } from '../store/users-store.ts';
import type { DeclaredBindings } from './declared-bindings.ts';
import { standingOfUser } from './standing.ts';

/**
 * Runs a change that may take administrators away, and refuses it with `LAST_ADMIN` when it took the last
 * one: then nobody could ever be given a role again, except by who can write the database. People count who
 * can sign in; agents do not, nor somebody who was made and has no password yet. Where there was none before
 * (a first start), nothing is lost.
 *
 * Within the transaction of the change, so that two who take one another away cannot both succeed.
 */
export async function keepingAnAdmin<Value>(
  trx: DatabaseOrTransaction,
  declared: DeclaredBindings,
  change: () => Promise<Value>,
): Promise<Value> {
  const before = await hasAdmin(trx, declared);
  const value = await change();
  if (before && !(await hasAdmin(trx, declared))) {
    throw identityError('LAST_ADMIN', 'nobody would be left who holds the role `admin` globally and can sign in');
  }
  return value;
}

const GLOBAL_ADMIN: RoleGrant = { role: 'admin', namespace: EVERYWHERE };

/** Whether somebody who can sign in holds `admin` everywhere. */
export async function hasAdmin(trx: DatabaseOrTransaction, declared: DeclaredBindings): Promise<boolean> {
  if (await isHeldByUserWithWayIn(trx, GLOBAL_ADMIN)) return true;
  if (!declared().some((binding) => binding.role === 'admin' && binding.everywhere)) return false;
  for (const user of await listUsersWithWayIn(trx)) {
    const { grants } = await standingOfUser(trx, declared, user);
    if (grants.some(({ role, namespace }) => role === 'admin' && namespace === EVERYWHERE)) return true;
  }
  return false;
}
