import type { HeldRole } from '#audit';
import { EVERYWHERE, type RoleGrant } from '#contract';
import type { DatabaseOrTransaction } from '#db';
import type { Agent } from '../agents/agent.ts';
import { claimGroupLabel, groupLabel } from '../groups/group.ts';
import { listBindingsTo } from '../store/bindings-store.ts';
import { listGroupsOf } from '../store/groups-store.ts';
import { listShutNamespaces } from '../store/namespaces-store.ts';
import { listClaimGroups } from '../store/users-store.ts';
import type { User } from '../users/user.ts';
import { declaredGrants, type DeclaredBindings, type Known } from './declared-bindings.ts';

/**
 * What somebody was given and where each of it comes from, for who reviews it. `standing.ts` says what
 * counts, as a union; this also has what lies in a namespace that is disabled, and says so.
 */
export async function rolesHeldByUser(
  db: DatabaseOrTransaction,
  declared: DeclaredBindings,
  user: User,
): Promise<readonly HeldRole[]> {
  const holder = { kind: 'user', id: user.id } as const;
  const found = [...(await listBindingsTo(db, holder)).map(fromNowhere), ...declaredTo(declared, { user })];
  for (const claimGroup of await listClaimGroups(db, user.id)) {
    const by = `group ${claimGroupLabel(claimGroup)}`;
    const given = await listBindingsTo(db, { kind: 'claim-group', ...claimGroup });
    found.push(...given.map((grant) => from(grant, by)), ...declaredTo(declared, { claimGroups: [claimGroup] }, by));
  }
  return await marked(db, [...found, ...(await throughGroups(db, declared, holder))]);
}

/** The same of an agent; those in its own row were given to it. */
export async function rolesHeldByAgent(
  db: DatabaseOrTransaction,
  declared: DeclaredBindings,
  agent: Agent,
): Promise<readonly HeldRole[]> {
  const holder = { kind: 'agent', id: agent.id } as const;
  const own = agent.roles.map((role) => ({ role, namespace: agent.namespace }));
  const given = await listBindingsTo(db, holder);
  return await marked(db, [
    ...[...own, ...given].map(fromNowhere),
    ...declaredTo(declared, { agent }),
    ...(await throughGroups(db, declared, holder)),
  ]);
}

interface Found extends RoleGrant {
  readonly by?: string;
}

async function throughGroups(
  db: DatabaseOrTransaction,
  declared: DeclaredBindings,
  holder: { readonly kind: 'user' | 'agent'; readonly id: string },
): Promise<readonly Found[]> {
  const found: Found[] = [];
  for (const group of await listGroupsOf(db, holder)) {
    const by = `group ${groupLabel(group)}`;
    const given = await listBindingsTo(db, { kind: 'group', id: group.id });
    found.push(...given.map((grant) => from(grant, by)), ...declaredTo(declared, { groups: [group] }, by));
  }
  return found;
}

const fromNowhere = ({ role, namespace }: RoleGrant): Found => ({ role, namespace });
const from = ({ role, namespace }: RoleGrant, by: string): Found => ({ role, namespace, by });

const declaredTo = (declared: DeclaredBindings, known: Known, through?: string): readonly Found[] =>
  declaredGrants(declared(), known).map((grant) =>
    from(grant, through === undefined ? 'configuration' : `configuration, ${through}`),
  );

/** Each once, as a report has it. */
async function marked(db: DatabaseOrTransaction, found: readonly Found[]): Promise<readonly HeldRole[]> {
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
