import type { HeldRole } from '#audit';
import { EVERYWHERE, type RoleGrant } from '#contract';
import type { DatabaseOrTransaction } from '#db';
import type { Agent } from '../agents/agent.ts';
import { claimGroupLabel, groupLabel, type UserGroup } from '../groups/group.ts';
import { listBindingsTo } from '../store/bindings-store.ts';
import { listGroupsOf } from '../store/groups-store.ts';
import { listShutNamespaces } from '../store/namespaces-store.ts';
import { listClaimGroups } from '../store/users-store.ts';
import type { User } from '../users/user.ts';
import { declaredGrants, type DeclaredBindings, type Known } from './declared-bindings.ts';
import type { RoleBinding } from './role-binding.ts';

/**
 * What somebody was given and where each of it comes from, for who reviews it. `standing.ts` says what
 * counts, as a union; this also has what lies in a namespace that is disabled, and says so.
 */
export async function rolesHeldByUser(
  db: DatabaseOrTransaction,
  declared: DeclaredBindings,
  user: User,
): Promise<readonly HeldRole[]> {
  return await marked(db, await foundOfUser(db, declared, user));
}

/** The same of an agent; those in its own row were given to it. */
export async function rolesHeldByAgent(
  db: DatabaseOrTransaction,
  declared: DeclaredBindings,
  agent: Agent,
): Promise<readonly HeldRole[]> {
  return await marked(db, await foundOfAgent(db, declared, agent));
}

/** What gives a role: what is to be taken away by whoever takes the role. */
export type RoleSource =
  | { readonly kind: 'binding'; readonly id: string }
  /** The row of the agent itself. */
  | { readonly kind: 'agent' }
  | { readonly kind: 'group'; readonly group: UserGroup }
  | { readonly kind: 'claim-group'; readonly issuer: string; readonly name: string }
  | { readonly kind: 'configuration' };

export interface FoundRole extends RoleGrant {
  readonly source: RoleSource;
  readonly by?: string;
}

/** The same, each with what it comes from; what comes twice is there twice. */
export async function foundOfUser(
  db: DatabaseOrTransaction,
  declared: DeclaredBindings,
  user: User,
): Promise<readonly FoundRole[]> {
  const holder = { kind: 'user', id: user.id } as const;
  const found = [...(await listBindingsTo(db, holder)).map(fromBinding), ...declaredTo(declared, { user }, DECLARED)];
  for (const claimGroup of await listClaimGroups(db, user.id)) {
    const by = `group ${claimGroupLabel(claimGroup)}`;
    const source = { kind: 'claim-group', ...claimGroup } as const;
    const given = await listBindingsTo(db, source);
    found.push(
      ...given.map((grant) => from(grant, source, by)),
      ...declaredTo(declared, { claimGroups: [claimGroup] }, source, by),
    );
  }
  return [...found, ...(await throughGroups(db, declared, holder))];
}

export async function foundOfAgent(
  db: DatabaseOrTransaction,
  declared: DeclaredBindings,
  agent: Agent,
): Promise<readonly FoundRole[]> {
  const holder = { kind: 'agent', id: agent.id } as const;
  const { namespace } = agent;
  return [
    ...agent.roles.map((role) => from({ role, namespace }, { kind: 'agent' })),
    ...(await listBindingsTo(db, holder)).map(fromBinding),
    ...declaredTo(declared, { agent }, DECLARED),
    ...(await throughGroups(db, declared, holder)),
  ];
}

async function throughGroups(
  db: DatabaseOrTransaction,
  declared: DeclaredBindings,
  holder: { readonly kind: 'user' | 'agent'; readonly id: string },
): Promise<readonly FoundRole[]> {
  const found: FoundRole[] = [];
  for (const group of await listGroupsOf(db, holder)) {
    const by = `group ${groupLabel(group)}`;
    const source = { kind: 'group', group } as const;
    const given = await listBindingsTo(db, { kind: 'group', id: group.id });
    found.push(
      ...given.map((grant) => from(grant, source, by)),
      ...declaredTo(declared, { groups: [group] }, source, by),
    );
  }
  return found;
}

const DECLARED = { kind: 'configuration' } as const;
const fromBinding = ({ id, role, namespace }: RoleBinding): FoundRole => ({
  ...{ role, namespace, source: { kind: 'binding', id } },
});
const from = ({ role, namespace }: RoleGrant, source: RoleSource, by?: string): FoundRole => ({
  ...{ role, namespace, source },
  ...(by !== undefined && { by }),
});

const declaredTo = (
  declared: DeclaredBindings,
  known: Known,
  source: RoleSource,
  through?: string,
): readonly FoundRole[] =>
  declaredGrants(declared(), known).map((grant) =>
    from(grant, source, through === undefined ? 'configuration' : `configuration, ${through}`),
  );

/** Each once, as a report has it. */
async function marked(db: DatabaseOrTransaction, found: readonly FoundRole[]): Promise<readonly HeldRole[]> {
  const shut = new Set((await listShutNamespaces(db)).map(({ namespace }) => namespace));
  const held = new Map<string, HeldRole>();
  for (const { role, namespace, by } of found) {
    held.set(JSON.stringify([role, namespace, by]), {
      role,
      ...(namespace !== EVERYWHERE && { namespace }),
      ...(by !== undefined && { by }),
      ...(shut.has(namespace) && { disabled: true }),
    });
  }
  return [...held.values()];
}
