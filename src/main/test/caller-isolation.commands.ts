/** What may happen between two calls, each as a command that fast-check draws, runs and shrinks. */
import fc from 'fast-check';
import { expect } from 'vitest';
import {
  AGENT,
  PEOPLE,
  SERVER_NAMES,
  SERVERS,
  UPSTREAMS,
  type Caller,
  type CallerModel,
  type ServerName,
  type UpstreamName,
} from './caller-isolation.model.ts';
import type { CallerWorld } from './caller-isolation.fixture.ts';
import type { Answered, Door } from './caller-isolation.doors.fixture.ts';

/** One thing that somebody asks of the gateway; `session` picks among those that there are, or is the agent. */
interface Attempt {
  readonly session: number;
  readonly server: ServerName;
  readonly door: Door;
  readonly what: 'call' | 'list' | 'call what another is offered';
}

type Deed = (model: CallerModel, world: CallerWorld) => Promise<void> | void;

let labels = 0;
/** How often each came out: a search that never comes to one says nothing of it. */
export const tried = new Map<string, number>();
const count = (what: string): void => void tried.set(what, (tried.get(what) ?? 0) + 1);

/** One thing that happens, and whoever asks right after it, all at once. */
class Happening implements fc.AsyncCommand<CallerModel, CallerWorld> {
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

  async run(model: CallerModel, world: CallerWorld): Promise<void> {
    const since = world.clock.now();
    await this.#deed(model, world);
    const introductions = await Promise.all(this.#attempts.map((attempt) => attemptAt(attempt, model, world)));
    for (const introduced of introductions) if (introduced !== undefined) model.introduced.add(introduced);
    everyRequestIsOfSomebodyWhoMayAct(model, world, since);
    world.servers.forget();
  }

  toString(): string {
    const tries = this.#attempts.map(({ session, server, door, what }) => [session, what, server, door].join(' '));
    return `${this.#what} [${tries.join('; ')}]`;
  }
}

const callerOf = ({ session }: Attempt, { sessions }: CallerModel): Caller =>
  session % 8 === 0 || sessions.length === 0 ? AGENT : session % sessions.length;

/** Gives whom the attempt has introduced to a server. */
async function attemptAt(attempt: Attempt, model: CallerModel, world: CallerWorld): Promise<string | undefined> {
  const { server, door, what } = attempt;
  const caller = callerOf(attempt, model);
  const person = personOf(caller, model);
  if (what === 'list') {
    checkList(await world.list(caller, door), caller, model, world);
    return undefined;
  }
  const label = `label${++labels}x`;
  if (what === 'call what another is offered') {
    const other = world.servers.strangersTool(server, person);
    if (other === undefined) return undefined;
    const { status, text } = await world.call(caller, door, `${server}_${other}`, { label });
    // What they asked for they may be told that they asked for.
    checkAnswer({ status, text: text.replaceAll(other, '') }, person, label, world);
    expect([label, world.servers.heard.filter((one) => one.label === label)]).toEqual([label, []]);
    count('not offered');
    return undefined;
  }
  const verdict = model.judge(caller, server, world.clock.now());
  const answered = await world.call(caller, door, `${server}_whose`, { label });
  checkAnswer(answered, person, label, world);
  const heard = world.servers.heard.filter((one) => one.label === label);
  for (const { authorization, session } of heard) {
    const holder = world.servers.holderOf(server, authorization);
    const expected = SERVERS[server].upstream === undefined ? {} : { person };
    expect([label, server, authorization, holder]).toEqual([label, server, authorization, expected]);
    if (session === undefined) continue;
    // What one has done in a session of a server is nothing to another.
    const begunBy = model.serverSessions.get(session) ?? caller;
    expect([label, server, begunBy]).toEqual([label, server, caller]);
    model.serverSessions.set(session, caller);
  }
  const isServed = new RegExp(`${label}\\W+mark\\W+mark`).test(answered.text);
  if (verdict === 'nothing') expect([label, heard, isServed]).toEqual([label, [], false]);
  if (verdict === 'served' && !model.disturbed) expect([label, answered, isServed]).toEqual([label, answered, true]);
  count(`${server}: ${isServed ? 'served' : 'refused'}, ${verdict}`);
  return isServed ? `${caller} ${server}` : undefined;
}

/** Whoever has not come to a server yet is shown definitions of who has (ADR 55). */
function checkList({ status, text }: Answered, caller: Caller, model: CallerModel, world: CallerWorld): void {
  expect([status, text]).toEqual([200, text]);
  const strangers = SERVER_NAMES.filter((name) => !model.introduced.has(`${caller} ${name}`));
  const shown = text.replaceAll(new RegExp(`(?:${strangers.join('|') || 'nobody'})_own_mark\\w+`, 'g'), '');
  const described = shown.replaceAll(/The tool own_mark\w+/g, '');
  checkAnswer({ status, text: described }, personOf(caller, model), undefined, world);
  count('listed');
}

const personOf = (caller: Caller, { sessions }: CallerModel): number | undefined =>
  caller === AGENT ? undefined : sessions[caller]!.person;

/** Nothing of another caller's stands in it, nor anybody's credential. */
function checkAnswer({ text }: Answered, person: number | undefined, label: string | undefined, world: CallerWorld) {
  for (const secret of world.secrets()) if (text.includes(secret)) expect.unreachable(`a credential is in ${text}`);
  const others = Array.from(text.matchAll(/label\d+x/g), ([found]) => found).filter((found) => found !== label);
  expect([text, others]).toEqual([text, []]);
  checkMarks(text, person, world);
}

function checkMarks(text: string, person: number | undefined, world: CallerWorld): void {
  for (const [mark] of text.matchAll(/mark[0-9a-f]{16}/g)) {
    const reader = world.servers.readersOf(mark);
    expect([text, reader]).toEqual([text, reader?.person === undefined ? {} : { person }]);
  }
}

/**
 * Also what is sent without a call, such as for lists and streams. It may have been on its way when time moved on, so it
 * is judged as of before; and whoever may act no more may still end their session, with the credential that it had.
 */
function everyRequestIsOfSomebodyWhoMayAct(model: CallerModel, world: CallerWorld, since: number): void {
  for (const { server: name, method, authorization } of world.servers.requests()) {
    const holder = world.servers.holderOf(name, authorization);
    expect([name, authorization, holder === undefined]).toEqual([name, authorization, false]);
    const { upstream } = SERVERS[name];
    if (holder?.person === undefined || upstream === undefined || method === 'DELETE') continue;
    const mayAct = model.mayAct(holder.person, upstream, since);
    expect([name, method, holder.person, mayAct]).toEqual([name, method, holder.person, true]);
  }
  for (const [caller, { person }] of model.sessions.entries()) checkMarks(world.said(caller), person, world);
}

const person = fc.nat(PEOPLE - 1);
const server = fc.constantFrom(...SERVER_NAMES);
const personal = fc.constantFrom(...SERVER_NAMES.filter((name) => SERVERS[name].upstream !== undefined));
const attempt: fc.Arbitrary<Attempt> = fc.record({
  session: fc.nat(30),
  server: fc.oneof({ weight: 4, arbitrary: personal }, { weight: 1, arbitrary: server }),
  door: fc.constantFrom('rest', 'stateless', 'session'),
  what: fc.constantFrom('call', 'call', 'call', 'call', 'list', 'call what another is offered'),
});
const attempts = fc.array(attempt, { minLength: 3, maxLength: 7 });

function happening<Args extends readonly unknown[]>(
  what: string,
  args: { [Index in keyof Args]: fc.Arbitrary<Args[Index]> },
  deed: (...parts: [CallerModel, CallerWorld, ...Args]) => Promise<void> | void,
): fc.Arbitrary<Happening> {
  const drawn = fc.tuple(...(args as unknown as [])) as unknown as fc.Arbitrary<Args>;
  return fc
    .tuple(drawn, attempts)
    .map(([given, tries]) => new Happening(`${what} ${given.join(' ')}`, (m, w) => deed(m, w, ...given), tries));
}

export async function letIn(who: number, model: CallerModel, world: CallerWorld): Promise<void> {
  await world.signIn(who);
  model.sessions.push({ person: who, endedAt: undefined });
}

const signIn = happening<[number]>('sign in', [person], (model, world, who) => letIn(who, model, world));

const signOut = happening<[number]>('sign out', [fc.nat(30)], async (model, world, index) => {
  const at = index % Math.max(1, model.sessions.length);
  const session = model.sessions[at];
  if (session === undefined || session.endedAt !== undefined) return;
  await world.signOut(at);
  session.endedAt = world.clock.now();
});

const upstream = fc.constantFrom<UpstreamName>(...UPSTREAMS);
const unlink = happening<[number, UpstreamName]>('unlink', [person, upstream], async (model, world, who, where) => {
  const key = `${who} ${where}`;
  if (model.unlinked.has(key)) return;
  await world.unlink(who, where);
  model.unlinked.set(key, world.clock.now());
});
const linkAnother = happening<[number, UpstreamName]>('link', [person, upstream], async (model, world, who, where) => {
  if (!model.unlinked.has(`${who} ${where}`)) return;
  await world.link(who, where);
  model.unlinked.delete(`${who} ${where}`);
});

const later = happening<[]>('what is kept gets old', [], (model, world) => {
  if (model.waits++ < 6) world.later(31_000);
});
const shortLives = happening<[]>('tokens of the provider end at once', [], (_, world) => {
  world.auth.seconds = 50;
});
const refuse = happening<[number, ServerName]>('refuse', [person, personal], (model, world, who, where) => {
  model.disturbed = true;
  world.servers.refuse(who, where);
});
const restart = happening<[ServerName]>('restart', [server], (model, world, where) => {
  model.disturbed = true;
  world.servers.restart(where);
});
const change = happening<[ServerName]>('another list', [server], async (model, world, where) => {
  model.disturbed = true;
  await world.servers.change(where);
});

export const happenings = fc.commands(
  [
    signIn,
    signIn,
    signIn,
    signOut,
    unlink,
    linkAnother,
    linkAnother,
    later,
    later,
    shortLives,
    refuse,
    restart,
    change,
  ],
  { maxCommands: 12 },
);
