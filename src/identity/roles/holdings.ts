import { EVERYWHERE } from '#contract';
import type { DatabaseOrTransaction } from '#db';
import type { Agent } from '../agents/agent.ts';
import { claimGroupLabel, groupLabel } from '../groups/group.ts';
import { keyState, type ApiKey } from '../keys/api-key.ts';
import { findAgentById, listAgentsByAge } from '../store/agents-store.ts';
import { listGroupsOf } from '../store/groups-store.ts';
import { listKeysOf } from '../store/keys-store.ts';
import { findUser, listUsers } from '../store/users-store.ts';
import type { User } from '../users/user.ts';
import type { DeclaredBindings } from './declared-bindings.ts';
import { foundOfAgent, foundOfUser, type FoundRole, type RoleSource } from './held-roles.ts';
import type { Holder } from './role-binding.ts';

/** One thing that somebody holds, by what would be taken away with it. */
export interface Holding {
  /** Of a person no name: it is theirs, and this may be kept. */
  readonly holder: Holder & { readonly name: string; readonly namespace: string };
  readonly kind: 'binding' | 'agent-role' | 'declared-role' | 'membership' | 'claim-group' | 'key';
  /** Where it is; `EVERYWHERE` for what is in no namespace. */
  readonly namespace: string;
  /** Other namespaces in which it gives roles. */
  readonly reaches?: readonly string[];
  /** With the kind and the namespace, names it among what the holder has. */
  readonly target: string;
  readonly what: string;
  /** Where it must be taken away; absent for what can be here. */
  readonly elsewhere?: 'configuration' | 'identity provider';
}

const PAGE = 100;

/** What everybody holds who was not erased or deleted, users first, by age; a page of them in memory. */
export async function* allHoldings(
  db: DatabaseOrTransaction,
  declared: DeclaredBindings,
  now: number,
): AsyncGenerator<Holding, void, undefined> {
  for (let after: string | undefined, more = true; more;) {
    const users = await listUsers(db, { after, limit: PAGE });
    for (const { user } of users) yield* await holdingsOfUser(db, declared, user);
    after = users.at(-1)?.user.id;
    more = users.length === PAGE;
  }
  for (let after: string | undefined, more = true; more;) {
    const agents = await listAgentsByAge(db, { after, limit: PAGE });
    for (const { agent } of agents) yield* await holdingsOfAgent(db, declared, agent, now);
    after = agents.at(-1)?.agent.id;
    more = agents.length === PAGE;
  }
}

/** What one of them holds; nothing for whoever is not there any more. */
export async function holdingsOf(
  db: DatabaseOrTransaction,
  declared: DeclaredBindings,
  { kind, id }: Holder,
  now: number,
): Promise<readonly Holding[]> {
  if (kind === 'user') {
    const user = (await findUser(db, id))?.user;
    return user === undefined || user.erasedAt !== null ? [] : await holdingsOfUser(db, declared, user);
  }
  const agent = await findAgentById(db, id);
  return agent === undefined || agent.deletedAt !== null ? [] : await holdingsOfAgent(db, declared, agent, now);
}

async function holdingsOfUser(db: DatabaseOrTransaction, declared: DeclaredBindings, user: User) {
  const holder = { kind: 'user', id: user.id, name: '', namespace: EVERYWHERE } as const;
  const found = await foundOfUser(db, declared, user);
  return [...ofRoles(holder, found), ...(await memberships(db, holder, found))];
}

async function holdingsOfAgent(db: DatabaseOrTransaction, declared: DeclaredBindings, agent: Agent, now: number) {
  const holder = { kind: 'agent', id: agent.id, name: agent.name, namespace: agent.namespace } as const;
  const found = await foundOfAgent(db, declared, agent);
  const keys = (await listKeysOf(db, [agent.id])).filter((key) => counts(key, now));
  return [
    ...ofRoles(holder, found),
    ...(await memberships(db, holder, found)),
    ...keys.map((key): Holding => ({
      ...{ holder, kind: 'key', namespace: agent.namespace, target: key.id },
      what: ['key for', key.access.join(', '), ...(key.expiresAt === null ? ['without end'] : [])].join(' '),
    })),
  ];
}

/** One that was disabled with its agent counts again when that is enabled. */
const counts = (key: ApiKey, now: number): boolean => ['active', 'disabled'].includes(keyState(key, now));

type Who = Holding['holder'];

/** Those that are given to them; what a group gives goes with the membership. */
const ofRoles = (holder: Who, found: readonly FoundRole[]): readonly Holding[] =>
  found.flatMap((one): readonly Holding[] => {
    const { role, namespace, source } = one;
    const what = `role ${roleText(one)}`;
    if (source.kind === 'binding') return [{ holder, kind: 'binding', namespace, target: source.id, what }];
    if (source.kind === 'agent') return [{ holder, kind: 'agent-role', namespace, target: role, what }];
    if (source.kind !== 'configuration') return [];
    return [{ holder, kind: 'declared-role', namespace, target: role, what, elsewhere: 'configuration' }];
  });

/** Groups of ours, whether they have roles or not: policies may name them. Those of providers where they give any. */
async function memberships(
  db: DatabaseOrTransaction,
  holder: Who,
  found: readonly FoundRole[],
): Promise<readonly Holding[]> {
  const ours = (await listGroupsOf(db, holder)).map((group): Holding => {
    const given = found.filter(({ source }) => source.kind === 'group' && source.group.id === group.id);
    const what = `member of ${groupLabel(group)}${gives(given)}`;
    const reaches = placesOf(given);
    return { holder, kind: 'membership', namespace: group.namespace, reaches, target: group.id, what };
  });
  const theirs = Map.groupBy(found, ({ source }) => (isTheirs(source) ? claimGroupLabel(source) : ''));
  theirs.delete('');
  const claimed = [...theirs].map(([label, given]): Holding => ({
    ...{ holder, kind: 'claim-group', namespace: EVERYWHERE, reaches: placesOf(given), target: label },
    ...{ what: `member of ${label}${gives(given)}`, elsewhere: 'identity provider' },
  }));
  return [...ours, ...claimed];
}

const isTheirs = (source: RoleSource): source is Extract<RoleSource, { kind: 'claim-group' }> =>
  source.kind === 'claim-group';

const roleText = ({ role, namespace }: FoundRole): string =>
  `${role} ${namespace === EVERYWHERE ? 'everywhere' : `in ${namespace}`}`;

const gives = (given: readonly FoundRole[]): string =>
  given.length === 0 ? '' : `: ${[...new Set(given.map(roleText))].join(', ')}`;

const placesOf = (given: readonly FoundRole[]): readonly string[] => [
  ...new Set(given.map(({ namespace }) => namespace)),
];
