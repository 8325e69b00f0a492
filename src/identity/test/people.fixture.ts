import { onTestFinished } from 'vitest';
import { silentLogger } from '#kernel';
import {
  EVERYWHERE,
  type Access,
  type Principal,
  type RoleBindingCommon,
  type RoleGrant,
  forgetfulLedger,
} from '#contract';
import type { AuditLog } from '#audit';
import { openDatabase, type Database } from '#db';
import {
  openIdentity,
  operator,
  userProfileColumn,
  type Author,
  type Identity,
  type IdentityParts,
  type UserDirectory,
} from '#identity';
import { openVault, sameNamespace, type Vault } from '#vault';
import { emptyPlace, type TestDialect, type TestPlace } from '../../../test/databases.ts';
import { HandClock, testTrail } from './identity.fixture.ts';
import { randomWrapper } from '../../../test/random-wrapper.ts';

export { refusal } from '../../../test/refusal.ts';

export interface PeopleProcess {
  readonly clock: HandClock;
  readonly database: Database;
  readonly trail: AuditLog;
  readonly vault: Vault;
  readonly identity: Identity;
  readonly users: UserDirectory;
  readonly where: TestPlace;
  /** What `kind: roleBinding` documents say; a test puts others in. */
  readonly declared: RoleBindingCommon[];
}

/** Everything about people over a real database, a real vault and a real audit log. */
export async function startPeople(
  dialect: TestDialect = 'sqlite',
  more: Partial<IdentityParts> = {},
): Promise<PeopleProcess> {
  const where = await emptyPlace(dialect);
  const clock = new HandClock();
  const database = await openDatabase({ ...where.place, clock });
  onTestFinished(() => database.close());
  const trail = await testTrail(clock);
  const vault = await openVault({
    ledger: forgetfulLedger,
    database,
    clock,
    log: silentLogger,
    wrapper: randomWrapper(),
    mayUse: sameNamespace,
    columns: [userProfileColumn],
  });
  onTestFinished(() => vault.close());
  const declared: RoleBindingCommon[] = [];
  const identity = openIdentity({
    database,
    clock,
    log: silentLogger,
    trail,
    ledger: forgetfulLedger,
    declared: () => declared,
    ...more,
  });
  onTestFinished(() => identity.close());
  const users = identity.userDirectory(vault);
  return { clock, database, trail, vault, identity, users, where, declared };
}

/** Whoever may do everything. */
export const root: Author = operator();

const ALL: readonly Access[] = ['read', 'execute', 'admin'];

/** Somebody with these roles, written `role` for everywhere and `role@namespace`. */
export function somebody(name: string, roles: readonly string[], more: Partial<Principal> = {}): Author {
  const grants: RoleGrant[] = roles.map((text) => {
    const [role, namespace = EVERYWHERE] = text.split('@');
    return { role: role as RoleGrant['role'], namespace };
  });
  const principal: Principal = {
    kind: 'agent',
    iss: 'chatelaine',
    sub: name,
    name,
    namespace: 'default',
    roles: [],
    grants,
    access: new Set(ALL),
    groups: [],
    scopes: new Set(),
    via: { method: 'api-key', keyId: 'test' },
    ...more,
  };
  return { principal, origin: { door: 'api', actor: { kind: 'agent', iss: principal.iss, sub: name, name } } };
}

/** A profile with nothing remarkable in it. */
export const profile = { displayName: 'Ana Ruiz', email: 'ana@example.test' };

/** The records of an action on users, groups and the rest: outcomes in order, with the code of a refusal. */
export async function outcomesOf(trail: AuditLog, type: string): Promise<readonly string[]> {
  const { records } = await trail.query({ type }, { limit: 1000 });
  // The newest comes first.
  return records
    .toReversed()
    .map((record) => (record.error === undefined ? record.outcome : `${record.outcome} ${record.error}`));
}
