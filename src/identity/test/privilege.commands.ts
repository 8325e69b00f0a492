/** What the players may try, each as a command that fast-check draws, runs and shrinks. */
import fc from 'fast-check';
import { EVERYWHERE, ROLES } from '#contract';
import { ChatelaineError, reveal } from '#kernel';
import type { Author, Holder, Subject } from '#identity';
import {
  credentialsOf,
  HOUR_MS,
  NAMESPACES,
  NETWORKS,
  powersNow,
  SCOPES,
  TOOLS,
  type Player,
  type Powers,
  type World,
} from './privilege.model.ts';

/** The model: who acts, and what everybody may come to. The real thing is the world. */
export interface Expectation {
  readonly acting: readonly Player[];
  readonly allowed: ReadonlyMap<string, Powers>;
}

type Try = (world: World, by: Author, player: Player) => Promise<unknown>;

/** One attempt by one of those who act, with one of the credentials they have by then. */
class Attempt implements fc.AsyncCommand<Expectation, World> {
  readonly #what: string;
  readonly #who: number;
  readonly #credential: number;
  readonly #takes: boolean;
  readonly #attempt: Try;

  constructor(what: string, who: number, credential: number, takes: boolean, attempt: Try) {
    this.#what = what;
    this.#who = who;
    this.#credential = credential;
    this.#takes = takes;
    this.#attempt = attempt;
  }

  check(): boolean {
    return true;
  }

  async run({ acting }: Expectation, world: World): Promise<void> {
    const player = acting[this.#who % acting.length] as Player;
    const credentials = await credentialsOf(world, player);
    const by = credentials[this.#credential % Math.max(credentials.length, 1)];
    if (by === undefined) return;
    const before = this.#takes ? await powersNow(world) : undefined;
    try {
      await this.#attempt(world, by, player);
    } catch (error) {
      // A refusal is an answer; anything else is a defect.
      if (!(error instanceof ChatelaineError) || error.status >= 500) throw error;
    }
    if (before === undefined) return;
    // Taking something away from anybody gives nothing to anybody (invariant 10).
    for (const [name, powers] of await powersNow(world)) {
      const gained = [...powers].filter((power) => before.get(name)?.has(power) !== true);
      if (gained.length > 0) throw new Error(`${this.toString()} gave ${name} ${gained.join()}`);
    }
  }

  toString(): string {
    return `#${this.#who}.${this.#credential} ${this.#what}`;
  }
}

const scope = fc.constantFrom(...NAMESPACES, EVERYWHERE);
const namespace = fc.constantFrom(...NAMESPACES);
const role = fc.constantFrom(...ROLES);
const roles = fc.uniqueArray(role, { maxLength: 2 });
const index = fc.nat(63);
const access = fc.subarray(['read', 'execute', 'admin'], { minLength: 1 });
const lifetimeMs = fc.constantFrom(undefined, HOUR_MS / 4, HOUR_MS, 99 * 365 * 24 * HOUR_MS);
const limits = fc.record({
  access,
  scopes: fc.subarray([...SCOPES]),
  allowedTools: fc.option(fc.subarray([...TOOLS], { minLength: 1 }), { nil: undefined }),
  allowedCidrs: fc.option(fc.subarray(Object.keys(NETWORKS), { minLength: 1 }), { nil: undefined }),
  lifetimeMs,
});

const pick = <Item>(list: readonly Item[], at: number): Item | undefined => list[at % Math.max(list.length, 1)];

const userAt = ({ players }: World, at: number): Holder => ({ kind: 'user', id: pick(players, at)?.userId ?? '' });

/** A user, or an agent that is there by now. */
async function holderAt(world: World, at: number): Promise<Holder> {
  if (at % 2 === 0) return userAt(world, at >> 1);
  return { kind: 'agent', id: pick(await world.identity.agents.list(), at >> 1)?.id ?? '' };
}

async function subjectAt(world: World, at: number): Promise<Subject> {
  if (at % 3 > 0) return await holderAt(world, Math.floor(at / 3));
  return { kind: 'group', id: pick(await world.identity.groups.list(), Math.floor(at / 3))?.id ?? '' };
}

const agentAt = async ({ identity }: World, at: number) => pick(await identity.agents.list(), at);
const groupAt = async ({ identity }: World, at: number) => pick(await identity.groups.list(), at);

type Draw = readonly [what: string, takes: boolean, attempt: Try];

const draws: fc.Arbitrary<Draw> = fc.oneof(
  fc
    .tuple(role, scope, index)
    .map(([given, where, at]): Draw => [
      `binds ${given}@${where} to ${at}`,
      false,
      async (world, by) =>
        world.identity.roles.create(by, { role: given, namespace: where, subject: await subjectAt(world, at) }),
    ]),
  index.map((at): Draw => [
    `unbinds ${at}`,
    true,
    async ({ identity }, by) => identity.roles.delete(by, pick(await identity.roles.list(), at)?.id ?? ''),
  ]),
  fc.tuple(index, index, fc.boolean()).map(([at, whom, adds]): Draw => [
    `${adds ? 'adds' : 'removes'} ${whom} ${adds ? 'to' : 'from'} group ${at}`,
    !adds,
    async (world, by) => {
      const group = await groupAt(world, at);
      if (group === undefined) return;
      const verb = adds ? 'addMember' : 'removeMember';
      await world.identity.groups[verb](by, group.namespace, group.name, await holderAt(world, whom));
    },
  ]),
  fc
    .tuple(scope, index)
    .map(([where, at]): Draw => [
      `makes a group in ${where}`,
      false,
      ({ identity }, by) => identity.groups.create(by, { namespace: where, name: `new-${at % 2}` }),
    ]),
  index.map((at): Draw => [
    `deletes group ${at}`,
    true,
    async (world, by) => {
      const group = await groupAt(world, at);
      if (group !== undefined) await world.identity.groups.delete(by, group.namespace, group.name);
    },
  ]),
  fc.tuple(namespace, roles, index).map(([where, given, at]): Draw => [
    `makes an agent with ${given.join()} in ${where}`,
    false,
    (world, by) =>
      world.identity.agents.create(by, {
        namespace: where,
        name: `new-${at % 3}`,
        roles: given,
        responsibleUser: userAt(world, at).id,
      }),
  ]),
  fc.tuple(index, fc.option(roles), fc.option(index)).map(([at, given, answers]): Draw => [
    `changes agent ${at} to ${given?.join() ?? 'the same'}, ${answers}`,
    false,
    async (world, by) => {
      const agent = await agentAt(world, at);
      if (agent === undefined) return;
      await world.identity.agents.change(by, agent.name, agent.namespace, {
        roles: given ?? undefined,
        responsibleUser: answers === null ? undefined : userAt(world, answers).id,
      });
    },
  ]),
  fc.tuple(index, fc.constantFrom('disable', 'enable', 'delete')).map(([at, verb]): Draw => [
    `${verb}s agent ${at}`,
    verb !== 'enable',
    async (world, by) => {
      const agent = await agentAt(world, at);
      if (agent !== undefined) await world.identity.agents[verb](by, agent.name, agent.namespace);
    },
  ]),
  fc.tuple(index, limits).map(([at, wanted]): Draw => [
    `makes a key of agent ${at} for ${JSON.stringify(wanted)}`,
    false,
    async (world, by, player) => {
      const agent = await agentAt(world, at);
      if (agent === undefined) return;
      const { name, namespace: where } = agent;
      const issued = await world.identity.keys.create(by, { agent: name, namespace: where, ...wanted });
      player.keys.push(reveal(issued.secret));
    },
  ]),
  fc.tuple(namespace, roles, access, index).map(([where, given, wanted, at]): Draw => [
    `makes a key with an agent with ${given.join()} in ${where}`,
    false,
    async ({ identity }, by, player) => {
      const request = { agent: `made-${at % 3}`, namespace: where, roles: given, access: wanted };
      player.keys.push(reveal((await identity.keys.create(by, request)).secret));
    },
  ]),
  fc.tuple(index, fc.boolean(), lifetimeMs).map(([at, rotates, life]): Draw => [
    rotates ? `rotates key ${at} for ${life} ms` : `revokes key ${at}`,
    !rotates,
    async ({ identity }, by, player) => {
      const id = pick(await identity.keys.list(), at)?.id ?? '';
      if (!rotates) return void (await identity.keys.revoke(by, id));
      player.keys.push(reveal((await identity.keys.rotate(by, id, { lifetimeMs: life })).secret));
    },
  ]),
  fc
    .tuple(index, fc.constantFrom('disable', 'enable'))
    .map(([at, verb]): Draw => [
      `${verb}s user ${at}`,
      verb === 'disable',
      (world, by) => world.users[verb](by, userAt(world, at).id),
    ]),
  fc
    .tuple(namespace, fc.constantFrom('disable', 'enable'))
    .map(([where, verb]): Draw => [
      `${verb}s ${where}`,
      verb === 'disable',
      ({ identity }, by) => identity.namespaces[verb](by, where),
    ]),
);

/** Sequences of attempts. */
export const attempts = fc.commands(
  [
    fc
      .tuple(draws, fc.nat(3), fc.nat(3))
      .map(([[what, takes, attempt], who, credential]) => new Attempt(what, who, credential, takes, attempt)),
  ],
  { size: 'max', maxCommands: 40 },
);
