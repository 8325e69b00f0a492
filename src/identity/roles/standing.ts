import type { RoleGrant } from '#contract';
import type { DatabaseOrTransaction } from '#db';
import type { Agent } from '../agents/agent.ts';
import { claimGroupLabel, groupLabel, type UserGroup } from '../groups/group.ts';
import { listBindingsTo, listGrantsOf } from '../store/bindings-store.ts';
import { listGroupsOf } from '../store/groups-store.ts';
import { listShutNamespaces } from '../store/namespaces-store.ts';
import { listClaimGroups } from '../store/users-store.ts';
import type { User } from '../users/user.ts';
import { declaredGrants, type DeclaredBindings } from './declared-bindings.ts';
import { distinctGrants } from './role-binding.ts';

/** What somebody is, to decisions: the union of everything that was given to them and to their groups. */
export interface Standing {
  readonly grants: readonly RoleGrant[];
  /** As `groupLabel` and `claimGroupLabel` write them. */
  readonly groups: readonly string[];
}

/**
 * The standing of a user, from the database and the declared bindings; roles in a namespace that is
 * disabled are none. Who is disabled themselves has theirs, and no use of it.
 */
export async function standingOfUser(
  db: DatabaseOrTransaction,
  declared: DeclaredBindings,
  user: User,
): Promise<Standing> {
  const holder = { kind: 'user', id: user.id } as const;
  const [groups, claimGroups, given] = [
    await listGroupsOf(db, holder),
    await listClaimGroups(db, user.id),
    await listGrantsOf(db, holder),
  ];
  const shut = new Set((await listShutNamespaces(db)).map(({ namespace }) => namespace));
  const grants = [...given, ...declaredGrants(declared(), { user, groups, claimGroups })];
  return {
    grants: distinctGrants(grants.filter(({ namespace }) => !shut.has(namespace))),
    groups: [...groups.map(groupLabel), ...claimGroups.map(claimGroupLabel)],
  };
}

/** The standing of an agent; the roles in its own row hold in its own namespace. */
export async function standingOfAgent(
  db: DatabaseOrTransaction,
  declared: DeclaredBindings,
  agent: Agent,
): Promise<Standing> {
  const holder = { kind: 'agent', id: agent.id } as const;
  const [groups, given] = [await listGroupsOf(db, holder), await listGrantsOf(db, holder)];
  return joinStanding(agent, groups, given, declared);
}

/** The same from what has been read already. */
export function joinStanding(
  agent: Pick<Agent, 'namespace' | 'name' | 'roles'>,
  groups: readonly Pick<UserGroup, 'namespace' | 'name'>[],
  given: readonly RoleGrant[],
  declared: DeclaredBindings,
): Standing {
  const own = agent.roles.map((role) => ({ role, namespace: agent.namespace }));
  return {
    grants: distinctGrants([...own, ...given, ...declaredGrants(declared(), { agent, groups })]),
    groups: groups.map(groupLabel),
  };
}

/** What being in the group gives. */
export async function grantsOfGroup(
  db: DatabaseOrTransaction,
  declared: DeclaredBindings,
  group: Pick<UserGroup, 'namespace' | 'name'> & { readonly id?: string },
): Promise<readonly RoleGrant[]> {
  const given = group.id === undefined ? [] : await listBindingsTo(db, { kind: 'group', id: group.id });
  return distinctGrants([...given, ...declaredGrants(declared(), { groups: [group] })]);
}
