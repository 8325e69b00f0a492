/**
 * Everything that counts once, as a machine of states beside the real thing: consent forms, codes and refresh tokens,
 * presented in any order at any of two processes, one of which dies now and then, before or after its commit.
 */
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { Browser, type Seen } from '../../../test/browser.ts';
import { dialects, type TestDialect } from '../../../test/databases.ts';
import { startAuthorizationServer, type AuthorizationServerProcess } from './authorization-server.fixture.ts';
import { answerAt, authorizeUrl, newVerifier, redeem, refresh, type TokenAnswer } from './code-flow.fixture.ts';

/** When the process dies that is asked: not at all, with nothing committed, or with all of it and no answer sent. */
type Death = 'none' | 'before the commit' | 'after the commit';
type At = 0 | 1;

interface Form {
  readonly page: Seen;
  /** Of the window that shows it. */
  readonly cookies: Map<string, string>;
  readonly verifier: string;
  /** Somebody has decided. */
  decided: boolean;
}

interface Family {
  alive: boolean;
  /** Those that the client was given, the newest last. */
  readonly refreshTokens: string[];
  /** The newest was used up by a request that nobody was answered. */
  successorLost: boolean;
  access: string;
}

interface Code {
  readonly code: string;
  readonly verifier: string;
  /** What it gave; undefined while it gave nothing. */
  family: Family | undefined;
  /** It was used up by a request that nobody was answered. */
  answerLost: boolean;
}

/** What the machine knows, with what the client was given: values are not to be foreseen. */
interface Model {
  readonly forms: Form[];
  readonly codes: Code[];
  readonly families: Family[];
}

class Real {
  readonly dialect: TestDialect;
  readonly processes: [AuthorizationServerProcess, AuthorizationServerProcess];
  readonly browser: Browser;

  constructor(dialect: TestDialect, processes: Real['processes'], browser: Browser) {
    this.dialect = dialect;
    this.processes = processes;
    this.browser = browser;
  }

  /** A window of the person before that process, with the cookies that it has. */
  window(at: At, cookies: Map<string, string>): Browser {
    const { own, url } = this.processes[at];
    return Object.assign(new Browser(own, url), { cookies });
  }

  /** Asks a process that may die of it; an answer that came although it is dead was never sent. */
  async asked(at: At, death: Death, ask: (at: { readonly url: URL }) => Promise<TokenAnswer>): Promise<TokenAnswer> {
    const process = this.processes[at];
    const { database } = process;
    const { transaction } = database;
    if (death !== 'none')
      Object.assign(database, {
        transaction: async (work: Parameters<typeof transaction>[0]) => {
          const committed = transaction.call(database, async (trx) => {
            const value = await work(trx);
            if (death === 'before the commit') throw new Error('the process is dead');
            return value;
          });
          await committed;
          throw new Error('the process is dead');
        },
      });
    try {
      return await ask({ url: process.own });
    } finally {
      if (death !== 'none') await this.restart(at);
    }
  }

  async restart(at: At): Promise<void> {
    const dead = this.processes[at];
    this.processes[at] = await startAuthorizationServer(this.dialect, dead);
    await dead.database.close();
  }
}

type Command = fc.AsyncCommand<Model, Real>;

/** The n-th of what there is, from the end, so that what shrinks stays the same. */
const oneOf = <Item>(items: readonly Item[], pick: number): Item | undefined =>
  items.length === 0 ? undefined : items[items.length - 1 - (pick % items.length)];

/** A command that is no more than its function, and says what it is. */
const command = (name: string, run: (model: Model, real: Real) => Promise<void>): Command => ({
  check: () => true,
  run,
  toString: () => name,
});

const ask = (): Command =>
  command('a program asks', async (model, real) => {
    const verifier = newVerifier();
    const cookies = new Map(real.browser.cookies);
    const page = await real.window(0, cookies).follow(authorizeUrl(real.processes[0], verifier, { prompt: 'consent' }));
    expect(page.text).toContain('Allow this program?');
    model.forms.push({ page, cookies, verifier, decided: false });
  });

const decide = (pick: number, at: At): Command =>
  command(`form ${pick} is sent at ${at}`, async (model, real) => {
    const form = oneOf(model.forms, pick);
    if (form === undefined) return;
    const seen = await real.window(at, form.cookies).decide(form.page, 'approve');
    const code = seen.to === undefined ? null : answerAt(seen.to).get('code');
    expect(code !== null).toBe(!form.decided);
    form.decided = true;
    if (code !== null) model.codes.push({ code, verifier: form.verifier, family: undefined, answerLost: false });
  });

const redeemOne = (pick: number, at: At, death: Death): Command =>
  command(`code ${pick} is redeemed at ${at}, death: ${death}`, async (model, real) => {
    const code = oneOf(model.codes, pick);
    if (code === undefined) return;
    const first = code.family === undefined && !code.answerLost;
    const { status, body } = await real.asked(at, death, (where) => redeem(where, code.code, code.verifier));
    if (!first) {
      expect(status).toBeGreaterThanOrEqual(400);
      // Who dies over it has ended nothing; whoever is asked next does.
      if (code.family !== undefined && death !== 'before the commit') code.family.alive = false;
      return;
    }
    if (death === 'before the commit') {
      expect(status).toBe(503);
      return;
    }
    if (death === 'after the commit') return void (code.answerLost = true);
    expect(status).toBe(200);
    const family: Family = {
      alive: true,
      refreshTokens: [body['refresh_token'] as string],
      successorLost: false,
      access: body['access_token'] as string,
    };
    code.family = family;
    model.families.push(family);
  });

const refreshOne = (pick: number, age: number, at: At, death: Death): Command =>
  command(`family ${pick} refreshes with its ${age}-newest at ${at}, death: ${death}`, async (model, real) => {
    const family = oneOf(model.families, pick);
    if (family === undefined) return;
    const token = oneOf(family.refreshTokens, age) as string;
    const good = family.alive && token === family.refreshTokens.at(-1) && !family.successorLost;
    const { status, body } = await real.asked(at, death, (where) => refresh(where, token));
    if (!good) {
      expect(status).toBeGreaterThanOrEqual(400);
      if (death !== 'before the commit') family.alive = false;
      return;
    }
    if (death === 'before the commit') {
      expect(status).toBe(503);
      return;
    }
    if (death === 'after the commit') return void (family.successorLost = true);
    expect(status).toBe(200);
    family.refreshTokens.push(body['refresh_token'] as string);
    family.access = body['access_token'] as string;
  });

const look = (pick: number, at: At): Command =>
  command(`the access token of family ${pick} is shown at ${at}`, async (model, real) => {
    const family = oneOf(model.families, pick);
    if (family === undefined) return;
    const counts = async () => (await real.processes[at].server.verifier.verify(family.access)).ok;
    // An end is known in the other process within a second; that it goes on is known at once.
    if (family.alive) expect(await counts()).toBe(true);
    else await vi.waitFor(async () => expect(await counts()).toBe(false), { timeout: 2000, interval: 25 });
  });

const restart = (at: At): Command => command(`process ${at} begins anew`, (_, real) => real.restart(at));

const at = fc.constantFrom<At>(0, 1);
const pick = fc.nat({ max: 3 });
const death = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Death>('none') },
  { weight: 1, arbitrary: fc.constantFrom<Death>('before the commit', 'after the commit') },
);
const commands = fc.commands(
  [
    fc.constant(ask()),
    fc.tuple(pick, at).map((args) => decide(...args)),
    fc.tuple(pick, at, death).map((args) => redeemOne(...args)),
    fc.tuple(pick, at, death).map((args) => redeemOne(...args)),
    fc.tuple(pick, fc.constant(0), at, death).map((args) => refreshOne(...args)),
    fc.tuple(pick, pick, at, death).map((args) => refreshOne(...args)),
    fc.tuple(pick, at).map((args) => look(...args)),
    at.map((one) => restart(one)),
  ],
  { maxCommands: 40, size: 'max' },
);

test.each(dialects)(
  'on %s: a consent form, a code and a refresh token work once, whatever dies; reuse ends what it gave, and nothing else does',
  async (dialect) => {
    const first = await startAuthorizationServer(dialect);
    const second = await startAuthorizationServer(dialect, first);
    const { browser } = await first.person('alice');
    const real = new Real(dialect, [first, second], browser);
    const seen = { refreshed: 0, ended: 0 };
    const searched = (numRuns: number): Promise<void> =>
      fc.assert(
        fc.asyncProperty(commands, async (run) => {
          const model: Model = { forms: [], codes: [], families: [] };
          await fc.asyncModelRun(() => ({ model, real }), run);
          for (const { refreshTokens } of model.families) seen.refreshed += refreshTokens.length - 1;
          seen.ended += model.families.filter(({ alive }) => !alive).length;
        }),
        { numRuns, endOnFailure: true },
      );
    await searched(dialect === 'sqlite' ? 15 : 8);
    // Chance may leave out what it is about: then it goes on until that has been tried.
    for (let more = 0; more < 20 && Math.min(seen.refreshed, seen.ended) === 0; more++) await searched(2);
    // That it was a trial at all.
    expect(Math.min(seen.refreshed, seen.ended)).toBeGreaterThan(0);
  },
  300_000,
);
