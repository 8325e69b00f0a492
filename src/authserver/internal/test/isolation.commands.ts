/** What may happen between two exchanges, each as a command that fast-check draws, runs and shrinks. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Answer } from './exchange.fixture.ts';
import {
  OWNERS,
  ownerName,
  PEOPLE,
  spiffeIdOf,
  type IsolationModel,
  type ModelOwner,
  type ModelPeer,
} from './isolation.model.ts';
import type { IsolationWorld } from './isolation.fixture.ts';

interface Attempt extends ModelPeer {
  readonly session: number;
  readonly audience: string | undefined;
}

type Deed = (model: IsolationModel, world: IsolationWorld) => Promise<void> | void;

/** One thing that happens, and exchanges by whoever tries right after it. */
class Happening implements fc.AsyncCommand<IsolationModel, IsolationWorld> {
  readonly #what: string;
  readonly #deed: Deed;
  readonly #attempts: readonly Attempt[];

  constructor(what: string, deed: Deed, attempts: readonly Attempt[]) {
    this.#what = what;
    this.#deed = deed;
    this.#attempts = attempts;
  }

  check(): boolean {
    return true;
  }

  async run(model: IsolationModel, world: IsolationWorld): Promise<void> {
    await this.#deed(model, world);
    if (model.sessions.length === 0) return;
    await Promise.all(this.#attempts.map((attempt) => comesOutAsJudged(attempt, model, world)));
  }

  toString(): string {
    const tries = this.#attempts.map(({ owner, kind, flaw, session, audience }) =>
      [OWNERS[owner], kind, flaw, session, audience].join(' '),
    );
    return `${this.#what} [${tries.join('; ')}]`;
  }
}

/** What a peer can tell two answers apart by, beside time. */
const seen = ({ status, text, headers }: Answer) => ({ status, text, headers: { ...headers, date: undefined } });

async function comesOutAsJudged(attempt: Attempt, model: IsolationModel, world: IsolationWorld): Promise<void> {
  const { session: index, audience, ...peer } = attempt;
  const session = index % model.sessions.length;
  const owner = model.owners[peer.owner]!;
  const spiffeId = spiffeIdOf(owner, peer.kind);
  if (peer.flaw === 'revoked' && !world.hasRevoked(spiffeId)) return;
  const verdict = model.judge(peer, model.sessions[session]!, audience);
  world.tried.set(verdict.is, (world.tried.get(verdict.is) ?? 0) + 1);
  const asking = world.exchange(peer, spiffeId, session, audience);
  if (verdict.is === 'no handshake') return await expect(asking).rejects.toThrow(/alert|ECONNRESET|EPIPE|hang up/);
  const answer = await asking;
  const what = `${spiffeId} (${peer.flaw}) with session ${session} for ${audience}`;
  expect([what, answer.status, answer.body['error']]).toEqual([what, ...ANSWERS[verdict.is]]);
  if (verdict.is === 'granted') {
    const isTheirs = await world.isOf(
      String(answer.body['access_token']),
      verdict.person,
      verdict.owner,
      verdict.upstream,
    );
    return expect([what, isTheirs]).toEqual([what, true]);
  }
  expect(answer.text).not.toMatch(/access_token|ns-|srv-/);
  // Invariant 2: foreign, ended and forged are one answer.
  if (verdict.is === 'subject') expect(seen(answer), what).toEqual(seen(await world.answerToNothing()));
}

const ANSWERS = {
  granted: [200, undefined],
  nobody: [401, 'invalid_client'],
  unnamed: [400, 'invalid_request'],
  subject: [400, 'invalid_request'],
  'not this upstream': [400, 'invalid_target'],
  'not linked': [400, 'invalid_grant'],
} as const;

const person = fc.nat(PEOPLE - 1);
const owner = fc.nat(OWNERS.length - 1);
const attempt: fc.Arbitrary<Attempt> = fc.record({
  owner,
  kind: fc.constantFrom('mcpserver', 'mcpserver', 'mcpserver', 'gateway'),
  flaw: fc.constantFrom('none', 'none', 'none', 'none', 'none', 'none', 'revoked', 'stranger', 'unregistered'),
  session: fc.nat(30),
  audience: fc.constantFrom('linked', 'linked', 'linked', 'other', undefined, 'nonesuch'),
});
const attempts = fc.array(attempt, { minLength: 4, maxLength: 8 });

function happening<Args extends readonly unknown[]>(
  what: string,
  args: { [Index in keyof Args]: fc.Arbitrary<Args[Index]> },
  deed: (...parts: [IsolationModel, IsolationWorld, ...Args]) => Promise<void> | void,
): fc.Arbitrary<Happening> {
  const drawn = fc.tuple(...(args as unknown as [])) as unknown as fc.Arbitrary<Args>;
  return fc
    .tuple(drawn, attempts)
    .map(([given, tries]) => new Happening(`${what} ${given.join(' ')}`, (m, w) => deed(m, w, ...given), tries));
}

/** A change of one document, in force at once. */
const changed = (what: string, change: (owner: ModelOwner, model: IsolationModel) => void) =>
  happening<[number]>(what, [owner], (model, world, at) => {
    change(model.owners[at] as ModelOwner, model);
    world.declare(model);
  });

const signIn = happening<[number, number]>('sign in', [person, owner], async (model, world, who, at) => {
  const standing = model.owners[at] as ModelOwner;
  if (model.late || model.disabled.has(who) || !standing.declared) return;
  await world.signIn(who, standing, !model.unlinked.has(`${who} ${ownerName(standing)}`));
  model.signIn(who, at);
});

/** Something with a session that there is. */
const ofSession = (what: string, deed: (world: IsolationWorld, session: number) => Promise<void>) =>
  happening<[number]>(what, [fc.nat(30)], async (model, world, index) => {
    if (model.sessions.length === 0) return;
    const at = index % model.sessions.length;
    const { live, person: who } = model.sessions[at]!;
    if (!live || model.disabled.has(who)) return;
    await deed(world, at);
    model.sessions[at]!.live = false;
  });

const usual = [
  ...Array.from({ length: 5 }, () => signIn),
  ofSession('revoke', (world, at) => world.revoke(at)),
  ofSession('sign out', (world, at) => world.signOut(at)),
  happening<[number]>('disable', [person], async (model, world, who) => {
    if (model.disabled.has(who)) return;
    await world.disable(who);
    model.disabled.add(who);
    model.end((session) => session.person === who);
  }),
  happening<[number, number]>('unlink', [person, owner], async (model, world, who, at) => {
    const name = OWNERS[at]!;
    if (model.disabled.has(who) || model.unlinked.has(`${who} ${name}`)) return;
    // The page has what people have signed in to where it is now.
    const { declared, resource } = model.owners[at]!;
    if (!declared || !model.sessions.some((one) => one.live && one.person === who && one.resource === resource)) return;
    await world.unlink(who, name);
    model.unlinked.add(`${who} ${name}`);
  }),
  changed(
    'another uid',
    (one) => (one.uid = one.uid === 'first' ? 'second' : one.uid === 'second' ? undefined : 'first'),
  ),
  changed('another kind', (one) => (one.kind = one.kind === 'gateway' ? 'mcpserver' : 'gateway')),
  changed('another resource', (one) => (one.resource = `https://moved.example/${ownerName(one)}`)),
  changed('the resource of the next', (one, { owners }) => {
    const next = owners[(owners.indexOf(one) + 1) % owners.length]!;
    [one.resource, next.resource] = [next.resource, one.resource];
  }),
  changed('other upstreams', (one) => (one.upstreams = one.upstreams.length === 1 ? ['linked', 'other'] : ['linked'])),
  changed('no document, or again', (one) => (one.declared = !one.declared)),
  happening<[number]>('rotate', [owner], (model, world, at) => {
    world.rotate(spiffeIdOf(model.owners[at]!, model.owners[at]!.kind));
  }),
  happening<[number]>('revoke the certificate of', [owner], (model, world, at) =>
    world.revokeCertificate(spiffeIdOf(model.owners[at]!, model.owners[at]!.kind)),
  ),
];

const rarely = [
  happening<[]>('tokens of the provider end', [], (model, world) => {
    if (model.refreshes++ < 2) world.later(200_000);
  }),
  happening<[]>('tokens of clients end', [], (model, world) => {
    world.later(3_700_000);
    model.late = true;
    model.end(() => true);
  }),
];

export const happenings = fc.commands([...usual, ...usual, ...usual, ...rarely], { maxCommands: 10 });
