/**
 * The world of the test that searches for ways to raise one's own privilege: who is in it, what they may
 * try, and what they could ever come to by right, computed without any code of the product.
 */
import { ACCESS, EVERYWHERE, ROLES, type Access, type Principal, type RoleGrant } from '#contract';
import { reveal } from '#kernel';
import type { ApiKey, Author, Holder, Identity, UserDirectory } from '#identity';
import { standingOfAgent, standingOfUser } from '../roles/standing.ts';
import { profile, root } from './people.fixture.ts';

/** `role@namespace`, `manage@namespace`, and of agents what their keys are good for, as words. */
export type Powers = ReadonlySet<string>;

const word = ({ role, namespace }: RoleGrant): string => `${role}@${namespace}`;
const ALL: ReadonlySet<Access> = new Set(['read', 'execute', 'admin']);

/** Somebody who tries things: their sign-in, and every key they got hold of. */
export interface Player {
  readonly name: string;
  readonly userId: string;
  readonly keys: string[];
}

export const NAMESPACES = ['a', 'b'] as const;

export const SCOPES = ['read:flights', 'pay:everything'] as const;
export const TOOLS = ['search', 'pay'] as const;
/** Networks, with some addresses that each holds. */
export const NETWORKS: Readonly<Record<string, readonly string[]>> = {
  '10.0.0.0/8': ['10.1.0.1', '10.2.0.1'],
  '10.1.0.0/16': ['10.1.0.1'],
  '192.0.2.0/24': ['192.0.2.1'],
};
const ADDRESSES = [...new Set(Object.values(NETWORKS).flat())];
export const HOUR_MS = 3_600_000;
/** Hours from the beginning. */
const MOMENTS = [0.5, 2, 24 * 365] as const;

/** The people, agents and groups of the beginning: traps a rule must keep shut. */
export interface World {
  readonly identity: Identity;
  readonly users: UserDirectory;
  /** When it began. */
  readonly since: number;
  /** How long ago the players proved who they are, in milliseconds. */
  readonly proofAge: number;
  readonly players: readonly Player[];
  readonly agents: readonly { readonly namespace: string; readonly name: string; readonly id: string }[];
  readonly groups: readonly { readonly namespace: string; readonly name: string; readonly id: string }[];
}

/**
 * Ana administers `a` and owns nothing else. Bo administers `b` and also writes its policies. Cy only
 * calls tools, answers for two agents, one of which has a narrow key and a forgotten one, and uses a key of a third. Di audits everything. In `a` lie an agent and a group that hold
 * more than Ana does, given by a global administrator who takes no part.
 */
export async function makeWorld(identity: Identity, users: UserDirectory, proofAge: number): Promise<World> {
  const players: Player[] = [];
  for (const name of ['ana', 'bo', 'cy', 'di']) {
    const { id } = await users.create(root, { name, profile });
    players.push({ name, userId: id, keys: [] });
  }
  const [ana, bo, cy, di] = players as [Player, Player, Player, Player];
  const boss = await users.create(root, { name: 'boss', profile });
  const give = (holder: Holder | { kind: 'group'; id: string }, ...grants: readonly string[]) =>
    Promise.all(
      grants.map((text) => {
        const [role = '', namespace = ''] = text.split('@');
        return identity.roles.create(root, { role, namespace, subject: holder });
      }),
    );
  const user = (id: string): Holder => ({ kind: 'user', id });
  await give(user(boss.id), 'admin@*');
  await give(user(ana.userId), 'admin@a');
  await give(user(bo.userId), 'admin@b', 'policy_admin@b');
  await give(user(cy.userId), 'user@a');
  await give(user(di.userId), 'auditor@*');
  const agents = [];
  for (const [name, namespace, roles, responsibleUser] of [
    ['plain', 'a', ['user'], null],
    ['cys', 'a', ['user'], cy.userId],
    ['strong', 'a', ['user', 'policy_admin'], cy.userId],
    ['far', 'a', ['user'], null],
    ['other', 'b', ['user', 'admin'], null],
  ] as const) {
    agents.push(await identity.agents.create(root, { name, namespace, roles, responsibleUser }));
  }
  await give({ kind: 'agent', id: agents[3]?.id ?? '' }, 'tool_publisher@b');
  // A key for use, of an agent that could administer with another key.
  const used = await identity.keys.create(root, { agent: 'other', namespace: 'b' });
  cy.keys.push(reveal(used.secret));
  await identity.keys.create(root, {
    agent: 'cys',
    namespace: 'a',
    scopes: ['read:flights'],
    allowedTools: ['search'],
    allowedCidrs: ['10.0.0.0/8'],
    lifetimeMs: HOUR_MS,
  });
  // Wide and at its end: what has run out is no measure.
  await identity.keys.create(root, { agent: 'cys', namespace: 'a', scopes: [...SCOPES], lifetimeMs: 1000 });
  const groups = [];
  for (const [name, namespace] of [
    ['empty', 'a'],
    ['elite', 'a'],
    ['empty', 'b'],
  ] as const) {
    groups.push(await identity.groups.create(root, { name, namespace }));
  }
  await give({ kind: 'group', id: groups[1]?.id ?? '' }, 'policy_admin@*');
  return { identity, users, since: identity.frame.clock.now(), proofAge, players, agents, groups };
}

/** Every use that a call can make of a key: with a scope or none, of a tool, from an address, at a moment. */
const USES = ACCESS.flatMap((access) =>
  ['', ...SCOPES].flatMap((scope) =>
    TOOLS.flatMap((tool) =>
      ADDRESSES.flatMap((address) => MOMENTS.map((hours) => ({ access, scope, tool, address, hours }))),
    ),
  ),
);
type Use = (typeof USES)[number];
const useWord = ({ access, scope, tool, address, hours }: Use): string =>
  `${access}:${scope}:${tool}:${address}:${hours}h`;

/** What a key is good for, as words; nothing when it is taken back or over. */
const usesOf = (key: ApiKey, since: number, now: number): readonly string[] =>
  USES.filter(
    ({ access, scope, tool, address, hours }) =>
      key.revokedAt === null &&
      key.access.includes(access) &&
      (scope === '' || key.scopes.includes(scope)) &&
      key.allowedTools?.includes(tool) !== false &&
      key.allowedCidrs?.some((network) => NETWORKS[network]?.includes(address)) !== false &&
      (key.expiresAt === null || (key.expiresAt > now && key.expiresAt > since + hours * HOUR_MS)),
  ).map(useWord);

/** What one credential can do: the roles behind it, and what it is for. */
function powersOf({ grants = [], access }: Pick<Principal, 'grants' | 'access'>): Set<string> {
  const powers = new Set(grants.map(word));
  // To change something takes an office and a credential for it; to call takes no more than a role.
  if (access.has('admin')) for (const { namespace } of grants.filter(isAdmin)) powers.add(`manage@${namespace}`);
  return powers;
}

const isAdmin = ({ role }: RoleGrant): boolean => role === 'admin';

/** Everybody's credentials as they count now, asked from the services and the database. */
export async function credentialsOf(world: World, { userId, name, keys }: Player): Promise<readonly Author[]> {
  const found = await world.users.find(userId);
  const authors: Author[] = [];
  const origin = { door: 'api', actor: { kind: 'user', iss: 'chatelaine', sub: userId, name } } as const;
  if (found !== undefined && found.disabledAt === null) {
    const { grants, groups } = await standingOfUser(world.identity.frame.database.db, () => [], found);
    const now = world.identity.frame.clock.now();
    const principal: Principal = {
      kind: 'user',
      iss: 'chatelaine',
      sub: userId,
      name,
      namespace: 'a',
      roles: [],
      grants,
      access: ALL,
      groups,
      scopes: new Set(),
      amr: ['mfa'],
      authTime: now - world.proofAge,
      via: { method: 'session', sessionId: name },
    };
    authors.push({ principal, origin });
  }
  for (const key of keys) {
    const verdict = await world.identity.keys.verify(key);
    if (verdict.ok) authors.push({ principal: verdict.value, origin });
  }
  return authors;
}

/** Whoever comes into being on the way: nothing is theirs at the beginning. */
const NEWCOMER = 'a newcomer';

/**
 * What everybody can do now, through whatever they have in hand; agents by their roles, and by what their
 * keys are good for, whoever has them.
 */
export async function powersNow(world: World): Promise<ReadonlyMap<string, Powers>> {
  const now = new Map<string, Powers>();
  for (const player of world.players) {
    const authors = await credentialsOf(world, player);
    now.set(player.name, new Set(authors.flatMap(({ principal }) => [...powersOf(principal)])));
  }
  const { database, clock } = world.identity.frame;
  const keys = await world.identity.keys.list();
  for (const agent of await world.identity.agents.list()) {
    const { grants } = await standingOfAgent(database.db, () => [], agent);
    const own = keys.filter(({ agentId }) => agentId === agent.id);
    const uses = own.flatMap((key) => usesOf(key, world.since, clock.now()));
    now.set(`${agent.namespace}/${agent.name}`, new Set([...grants.map(word), ...uses]));
  }
  return now.set(NEWCOMER, new Set());
}

/**
 * What everybody could come to by right when those act and nobody else does: the least set that holds what
 * they have now and is closed under one rule. Who manages a namespace may give there what they have there,
 * and `user`; they give it to whomever they like, and make any key of the agents there. Nothing else hands
 * anything on but to one's own agents, and those get no more than one has, nor keys that are good for more
 * than they had. Who proved too long ago who they are gives `user` and nothing else.
 */
export function reach(
  beginning: ReadonlyMap<string, Powers>,
  acting: ReadonlySet<string>,
  isFresh: boolean,
): ReadonlyMap<string, Powers> {
  const reached = new Map([...beginning].map(([name, powers]) => [name, new Set(powers)]));
  for (let grew = true; grew;) {
    grew = false;
    for (const [name, giver] of reached) {
      if (!acting.has(name)) continue;
      for (const namespace of [...NAMESPACES, EVERYWHERE]) {
        if (!giver.has(`manage@${namespace}`)) continue;
        const held = [...ROLES.map((role) => `${role}@${namespace}`), `manage@${namespace}`];
        const given = isFresh ? held.filter((text) => giver.has(text)) : [];
        for (const [whose, powers] of reached) {
          const isThere = whose === NEWCOMER || namespace === EVERYWHERE || whose.startsWith(`${namespace}/`);
          const uses = isThere ? USES.map(useWord) : [];
          for (const text of [...given, ...uses, `user@${namespace}`]) {
            if (powers.has(text)) continue;
            powers.add(text);
            grew = true;
          }
        }
      }
    }
  }
  return reached;
}

/** What somebody can do that they could not have come to by right. */
export function beyond(now: ReadonlyMap<string, Powers>, allowed: ReadonlyMap<string, Powers>): readonly string[] {
  return [...now].flatMap(([name, powers]) =>
    [...powers]
      .filter((power) => (allowed.get(name) ?? allowed.get(NEWCOMER))?.has(power) !== true)
      .map((power) => `${name}: ${power}`),
  );
}
