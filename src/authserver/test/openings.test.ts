import { describe, expect, test } from 'vitest';
import { dialects } from '../../../test/databases.ts';
import {
  CLIENTS,
  MovedClock,
  SECRET,
  startAuthorizationServer,
  type AuthorizationServerProcess,
} from './authorization-server.fixture.ts';
import { answerAt, ask, authorizeUrl, codeFor, newVerifier, redeem } from './code-flow.fixture.ts';

const MINUTE = 60_000;
const clients = { ...CLIENTS, tv: { displayName: 'Wall Display', grantTypes: ['device_code', 'refresh_token'] } };
const openings = {
  Interaction: { ofClient: 5, inAll: 8, keptMs: 10 * MINUTE },
  PushedAuthorizationRequest: { ofClient: 3, inAll: 100, keptMs: undefined },
  DeviceCode: { ofClient: 3, inAll: 100, keptMs: undefined },
  Session: { ofClient: 4, inAll: 4, keptMs: 10 * MINUTE },
};

async function start(dialect: 'sqlite' | 'postgres') {
  const clock = new MovedClock();
  const process = await startAuthorizationServer(dialect, undefined, clients, true, { clock, openings });
  return { clock, process };
}

/** Somebody who is nobody opens the way to a sign-in. */
async function knock(process: AuthorizationServerProcess, more: Readonly<Record<string, string>> = {}) {
  const url = new URL(authorizeUrl(process, newVerifier(), more), process.url);
  const { status, headers } = await fetch(url, { redirect: 'manual', headers: { accept: 'text/html' } });
  const to = headers.get('location') ?? '';
  return to.startsWith('/oauth/interaction') || to.includes('/oauth/interaction/')
    ? 'open'
    : (answerAt(to).get('error') ?? status);
}

const kept = async ({ database }: AuthorizationServerProcess, model: string): Promise<number> =>
  (await database.db.selectFrom('oauth_artifacts').select('digest').where('model', '=', model).execute()).length;

describe.each(dialects)('what strangers open on %s', (dialect) => {
  test('sign-ins that were begun through one client are bounded: the oldest makes room, unless it is new', async () => {
    const { clock, process } = await start(dialect);
    const ends: unknown[] = [];
    for (let index = 0; index < 7; index++) ends.push(await knock(process));
    // Where there is no room the client is told, as RFC 6749 §4.1.2.1 has it.
    expect(ends).toEqual([
      ...Array.from({ length: 5 }, () => 'open'),
      'temporarily_unavailable',
      'temporarily_unavailable',
    ]);
    expect(await knock(process, { client_id: 'c2', redirect_uri: 'https://c2.test/cb' })).toBe('open');
    clock.move(11 * MINUTE);
    for (let index = 0; index < 5; index++) expect(await knock(process)).toBe('open');
    expect(await kept(process, 'Interaction')).toBeLessThanOrEqual(7);
    expect(await knock(process)).toBe('temporarily_unavailable');
  });

  test('whoever signs in meanwhile goes on: what is open is not refused its next step', async () => {
    const { process } = await start(dialect);
    const { browser } = await process.person('alice');
    const verifier = newVerifier();
    const page = await browser.follow(authorizeUrl(process, verifier));
    while ((await knock(process)) === 'open');
    const code = answerAt((await browser.decide(page, 'approve')).to).get('code') ?? '';
    expect((await redeem(process, code, verifier)).status).toBe(200);
    // And whoever is signed in already is no stranger.
    expect(await codeFor(process, browser, newVerifier())).toBeTruthy();
  });

  test('requests that are pushed and programs that wait are bounded by client, and nobody’s is pushed out', async () => {
    const { clock, process } = await start(dialect);
    const push = async () => {
      const query = new URL(authorizeUrl(process, newVerifier()), process.url).searchParams;
      const { status, body } = await ask(process, '/oauth/par', Object.fromEntries(query));
      return body['error'] ?? status;
    };
    const wait = async () => {
      const { status, body } = await ask(process, '/oauth/device', { client_id: 'tv', resource: process.resource });
      return body['error'] ?? status;
    };
    for (const [open, right, end] of [
      [push, 201, 2 * MINUTE],
      [wait, 200, 11 * MINUTE],
    ] as const) {
      const ends: unknown[] = [];
      for (let index = 0; index < 5; index++) ends.push(await open());
      expect(ends).toEqual([right, right, right, 'temporarily_unavailable', 'temporarily_unavailable']);
      clock.move(end);
      expect(await open()).toBe(right);
    }
  });

  test('browsers that only look at the form for codes leave a bounded number of sessions, for an hour', async () => {
    const { clock, process } = await start(dialect);
    const look = async () => (await fetch(new URL('/oauth/device/verify', process.url))).status;
    const ends: number[] = [];
    for (let index = 0; index < 6; index++) ends.push(await look());
    expect(await kept(process, 'Session')).toBeLessThanOrEqual(4);
    expect(ends.slice(0, 4)).toEqual([200, 200, 200, 200]);
    clock.move(61 * MINUTE);
    expect(await look()).toBe(200);
  });

  test('what has ended is swept, and a used code is kept until nobody comes back with it', async () => {
    const { clock, process } = await start(dialect);
    const { browser } = await process.person('alice');
    const verifier = newVerifier();
    const code = await codeFor(process, browser, verifier);
    const { body } = await redeem(process, code, verifier);
    for (let index = 0; index < 4; index++) await knock(process);
    clock.move(2 * 60 * MINUTE);
    const sweep = async () => {
      for (let index = 0; index < 130; index++)
        await ask(process, '/oauth/token', {
          ...{ grant_type: 'client_credentials', client_id: 'c2', resource: process.resource, scope: 'read:flights' },
          client_secret: SECRET,
        });
    };
    await sweep();
    expect(await kept(process, 'Interaction')).toBe(0);
    expect(await kept(process, 'AuthorizationCode')).toBe(1);
    expect((await redeem(process, code, verifier)).body['error']).toBe('invalid_grant');
    expect(body['access_token']).toBeTruthy();
    clock.move(25 * 60 * MINUTE);
    await sweep();
    expect(await kept(process, 'AuthorizationCode')).toBe(0);
    expect(await kept(process, 'ClientCredentials')).toBeLessThanOrEqual(130);
  });
});

test.each(dialects)(
  'AS-017: a code after its time is none on %s, and no clock that is set back makes it one again',
  async (dialect) => {
    const clock = new MovedClock();
    const process = await startAuthorizationServer(dialect, undefined, undefined, true, { clock });
    const { browser } = await process.person('alice');
    const verifier = newVerifier();
    const [late, untouched] = [await codeFor(process, browser, verifier), await codeFor(process, browser, verifier)];
    clock.move(61_000);
    expect((await redeem(process, late, verifier)).body['error']).toBe('invalid_grant');
    clock.move(-61_000);
    expect((await redeem(process, late, verifier)).body['error']).toBe('invalid_grant');
    // The control: what nobody came with meanwhile still has its minute.
    expect((await redeem(process, untouched, verifier)).status).toBe(200);
  },
);
