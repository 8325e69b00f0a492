import { EVERYWHERE, type RoleGrant } from '#contract';
import type { DatabaseOrTransaction } from '#db';
import { identityError } from '../errors.ts';
import { isHeldByEnabledUser } from '../store/bindings-store.ts';
import { listEnabledUsers } from '../store/users-store.ts';
import type { DeclaredBindings } from './declared-bindings.ts';
import { standingOfUser } from './standing.ts';

/**
 * Runs a change that may take administrators away, and refuses it with `LAST_ADMIN` when it took the last
 * one: then nobody could ever be given a role again, except by who can write the database. People count,
 * agents do not. Where there was none before (a first start), nothing is lost.
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
    throw identityError('LAST_ADMIN', 'nobody would be left who holds the role `admin` globally');
  }
  return value;
}

const GLOBAL_ADMIN: RoleGrant = { role: 'admin', namespace: EVERYWHERE };

/** Whether somebody who is not disabled holds `admin` everywhere. */
export async function hasAdmin(trx: DatabaseOrTransaction, declared: DeclaredBindings): Promise<boolean> {
  if (await isHeldByEnabledUser(trx, GLOBAL_ADMIN)) return true;
  if (!declared().some((binding) => binding.role === 'admin' && binding.everywhere)) return false;
  for (const user of await listEnabledUsers(trx)) {
    const { grants } = await standingOfUser(trx, declared, user);
    if (grants.some(({ role, namespace }) => role === 'admin' && namespace === EVERYWHERE)) return true;
  }
  return false;
}
