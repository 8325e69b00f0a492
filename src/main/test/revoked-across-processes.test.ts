/**
 * What is taken back at one process of the authorization server opens nothing at the internal listener of another
 * within a second (invariant 5): of two processes on one PostgreSQL, each with its own listener.
 */
import { decodeJwt } from 'jose';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Secret, silentLogger, systemClock } from '#kernel';
import { openExchangeClient, type ExchangeClient } from '#token-exchange';
import { OWNER, startAuthServer, type AuthServer } from './authserver-apart.fixture.ts';

/** docs/authorization-server.md, "Taking back". */
const PROMISED_MS = 1000;

async function clientsOf({ exchanges }: AuthServer): Promise<readonly ExchangeClient[]> {
  return await Promise.all(
    exchanges.map(async ({ url, owner, certificate, key, ca, serverSpiffeId }) => {
      const client = await openExchangeClient({
        ...{ url: new URL(url), owner, certificate, key, ca, serverSpiffeId },
        ...{ field: 'exchange', clock: systemClock, log: silentLogger },
      });
      onTestFinished(() => client.close());
      return client;
    }),
  );
}

interface Person {
  readonly account: string;
  readonly token: string;
}

type TakingBack = (auth: AuthServer, person: Person, at: number) => Promise<unknown>;

const operated = async (auth: AuthServer, ...words: readonly string[]): Promise<void> => {
  const { code, stderr } = await auth.operate(...words);
  expect([words, code, stderr]).toEqual([words, 0, expect.anything()]);
};
const userOf = ({ token }: Person): string => decodeJwt(token).sub as string;

/** How it is taken back, what is answered then, and where. */
const WAYS: readonly (readonly [what: string, reason: 'session' | 'link', how: TakingBack, at: readonly number[]])[] = [
  ['the client revokes its token (RFC 7009)', 'session', (auth, { token }, at) => auth.signOut(token, at), [0, 1]],
  [
    'the person disconnects the account',
    'link',
    (auth, { account }, at) => auth.unlink(account, 'company', at),
    [0, 1],
  ],
  [
    'an operator ends the session',
    'session',
    (auth, { token }) => operated(auth, 'token-session', 'end', String(decodeJwt(token)['tsid'])),
    [0],
  ],
  [
    'an operator revokes the grant',
    'link',
    (auth, person) => operated(auth, 'grant', 'revoke', '--user', userOf(person)),
    [0],
  ],
];

interface Asked {
  /** When, in milliseconds since 1970. */
  readonly begun: number;
  readonly answer: string;
}

const ASKERS = 2;
const AFTERWARDS_MS = 300;
const LONGEST_MS = 10_000;

/** Asks over and over, several at once. */
class Asking {
  readonly #asked: Asked[] = [];
  readonly #all: Promise<unknown>;
  #refusedAt = Infinity;
  #givenUpAt = Infinity;

  constructor(ask: () => Promise<string>) {
    this.#all = Promise.all(Array.from({ length: ASKERS }, () => this.#go(ask)));
  }

  async #go(ask: () => Promise<string>): Promise<void> {
    while (Date.now() < Math.min(this.#refusedAt + AFTERWARDS_MS, this.#givenUpAt)) {
      const begun = Date.now();
      const answer = await ask();
      this.#asked.push({ begun, answer });
      if (answer !== 'a token') this.#refusedAt = Math.min(this.#refusedAt, Date.now());
    }
  }

  /** Everything that was asked, once there has been no token for a while, or it has taken too long. */
  async untilRefused(): Promise<readonly Asked[]> {
    this.#givenUpAt = Date.now() + LONGEST_MS;
    await this.#all;
    return this.#asked;
  }
}

test('INT-020: what is taken back at one process opens nothing at the other within a second, and others go on', async () => {
  const auth = await startAuthServer({ processes: 2 });
  const clients = await clientsOf(auth);
  const answerAt = async (at: number, { token }: Person): Promise<string> => {
    const asked = { subjectToken: new Secret(token), owner: OWNER, upstream: 'company' };
    const answer = await (clients[at] as ExchangeClient).upstreamToken(asked);
    return answer.ok ? 'a token' : answer.error.reason;
  };
  const signIn = async (account: string): Promise<Person> => ({ account, token: await auth.signIn(account) });
  const witness = await signIn('witness');
  let people = 0;
  for (const [what, reason, takeBack, places] of WAYS)
    for (const at of places) {
      const person = await signIn(`person-${people++}`);
      const elsewhere = 1 - at;
      // Both remember that it counts.
      for (const index of [at, elsewhere]) expect([what, await answerAt(index, person)]).toEqual([what, 'a token']);
      const asking = new Asking(() => answerAt(elsewhere, person));
      await takeBack(auth, person, at);
      const since = Date.now();
      const asked = await asking.untilRefused();
      // Also of those that were on their way while it was taken back none brings it back.
      const late = asked.filter(({ begun, answer }) => answer === 'a token' && begun - since >= PROMISED_MS);
      expect([what, late]).toEqual([what, []]);
      await vi.waitFor(async () => expect([what, await answerAt(elsewhere, person)]).toEqual([what, reason]), {
        timeout: LONGEST_MS,
      });
      expect([what, await answerAt(at, person)]).toEqual([what, reason]);
      for (const index of [0, 1]) expect([what, await answerAt(index, witness)]).toEqual([what, 'a token']);
    }
}, 240_000);
