import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { createLogger } from '#kernel';
import { dialects } from '../../../test/databases.ts';
import {
  FROM,
  MovedClock,
  SECRET,
  startAuthorizationServer,
  type AuthorizationServerProcess,
} from './authorization-server.fixture.ts';
import { ask, authorizeUrl, newVerifier, type TokenAnswer } from './code-flow.fixture.ts';

const MINUTE = 60_000;
const HOME = '192.0.2.200';

const basic = (id: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
});

/** A program asks for a token of its own, from an address. */
const tokenFrom = (
  process: Pick<AuthorizationServerProcess, 'url'> & { readonly resource: string },
  address: string,
  secret: string,
  id = 'c2',
): Promise<TokenAnswer> =>
  ask(
    process,
    '/oauth/token',
    { grant_type: 'client_credentials', resource: process.resource, scope: 'read:flights' },
    { ...basic(id, secret), [FROM]: address },
  );

const at = ({ own, resource }: AuthorizationServerProcess) => ({ url: own, resource });

/** As many log lines as there are. */
function logging() {
  const lines: string[] = [];
  const stream = new Writable({ write: (chunk, _, done) => (lines.push(String(chunk)), done()) });
  return { lines, log: createLogger({ level: 'trace', format: () => 'json', destination: stream }) };
}

describe.each(dialects)('guesses at the secret of a client on %s', (dialect) => {
  test('AS-057: from one address few of many are judged, at whatever process, and the client goes on where it was', async () => {
    const clock = MovedClock.stopped();
    const process = await startAuthorizationServer(dialect, undefined, undefined, true, { clock });
    const other = await startAuthorizationServer(dialect, process);
    expect((await tokenFrom(process, HOME, SECRET)).status).toBe(200);
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        tokenFrom(index % 2 ? process : at(other), '198.51.100.1', `wrong ${index}`),
      ),
    );
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(20);
    const waiting = answers.filter(({ status }) => status === 429);
    expect(waiting).toHaveLength(40);
    for (const { headers, body } of waiting) {
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      expect(body['error']).toBe('temporarily_unavailable');
    }
    // The right one learns nothing there; from where the client was before it does.
    expect((await tokenFrom(process, '198.51.100.1', SECRET)).status).toBe(429);
    expect((await tokenFrom(process, HOME, SECRET)).status).toBe(200);
    expect((await tokenFrom(at(other), HOME, SECRET)).status).toBe(200);
    // A restart forgets nothing.
    const restarted = at(await startAuthorizationServer(dialect, process));
    expect((await tokenFrom(restarted, '198.51.100.1', SECRET)).status).toBe(429);
    clock.move(16 * MINUTE);
    expect((await tokenFrom(process, '198.51.100.1', SECRET)).status).toBe(200);
  });

  test('AS-057: from fifty addresses a hundred are judged, which is on record once, and nobody is locked out for good', async () => {
    const clock = MovedClock.stopped();
    const { lines, log } = logging();
    const process = await startAuthorizationServer(dialect, undefined, undefined, true, { clock, log });
    const other = at(await startAuthorizationServer(dialect, process));
    expect((await tokenFrom(process, HOME, SECRET)).status).toBe(200);
    let judged = 0;
    for (let index = 0; index < 150; index++)
      if ((await tokenFrom(process, `203.0.113.${index % 50}`, `wrong ${index}`)).status === 401) judged++;
    expect(judged).toBe(100);
    // Also where nobody remembers it: the place is known to all processes.
    for (const here of [process, other]) expect((await tokenFrom(here, HOME, SECRET)).status).toBe(200);
    clock.move(31_000);
    expect((await tokenFrom(process, '203.0.113.78', 'wrong')).status).toBe(401);
    const { records } = await process.audit.query({ type: 'oauth.secret.guessed' }, { limit: 10 });
    expect(records.map(({ object, outcome }) => [object?.id, outcome])).toEqual([['c2', 'denied']]);
    expect(lines.filter((line) => line.includes('oauth.secret.guessed'))).toHaveLength(1);
    expect((await tokenFrom(process, '203.0.113.77', SECRET)).status).toBe(429);
    clock.move(16 * MINUTE);
    expect((await tokenFrom(process, '203.0.113.77', SECRET)).status).toBe(200);
  });
});

/** With a clock that stands, so that nothing is forgiven meanwhile. */
const startStopped = (): Promise<AuthorizationServerProcess> =>
  startAuthorizationServer('sqlite', undefined, undefined, true, { clock: MovedClock.stopped() });

describe('what is counted of guesses', () => {
  test('AS-057: every way of writing a client is one count, and so is every way to send the secret', async () => {
    const process = await startStopped();
    const grant = { grant_type: 'client_credentials' };
    const from = { [FROM]: '198.51.100.9' };
    let judged = 0;
    for (let index = 0; index < 40; index++) {
      const answer =
        index % 3 === 0
          ? await ask(process, '/oauth/token', grant, { ...basic('c2', `x${index}`), ...from })
          : index % 3 === 1
            ? await ask(process, '/oauth/token', grant, { ...basic('%63%32', `x${index}`), ...from })
            : await ask(
                process,
                '/oauth/introspect',
                { token: 'x', client_id: 'c2', client_secret: `x${index}` },
                from,
              );
      if (answer.status === 401) judged++;
      else expect(answer.status).toBe(429);
    }
    expect(judged).toBe(20);
  });

  test('AS-057: an endpoint in another spelling is none, so nothing passes uncounted', async () => {
    const process = await startStopped();
    for (const path of ['/oauth/TOKEN', '/oauth/token/', '/oauth/Introspect', '/oauth/device/Verify'])
      expect([path, (await ask(process, path, { grant_type: 'x' }, basic('c2', 'x'))).status]).toEqual([path, 404]);
  });

  test('an address that tries many clients runs out, and a client that is not there is counted as one that is', async () => {
    const process = await startStopped();
    const ends = async (id: (index: number) => string, address: string) => {
      const seen: unknown[] = [];
      for (let index = 0; index < 80; index++) {
        const { status, body } = await tokenFrom(process, address, 'wrong', id(index));
        if (status === 429) break;
        seen.push([status, body]);
      }
      return seen;
    };
    expect(await ends((index) => `client-${index}`, '198.51.100.2')).toHaveLength(60);
    const [there, notThere] = [await ends(() => 'c2', '198.51.100.3'), await ends(() => 'nobody', '198.51.100.4')];
    // A side channel less: status, words and count are the same.
    expect(there).toEqual(notThere);
    expect(there).toHaveLength(20);
  });

  test('what is no guess uses none up: a wrong grant, a request that is none', async () => {
    const process = await startStopped();
    const from = { [FROM]: '198.51.100.5' };
    for (let index = 0; index < 30; index++) {
      const mismatch = { grant_type: 'client_credentials', client_id: 'c1' };
      expect((await ask(process, '/oauth/token', mismatch, { ...basic('c2', 'x'), ...from })).status).toBe(400);
      expect(
        (await ask(process, '/oauth/token', { grant_type: 'no' }, { ...basic('c2', SECRET), ...from })).status,
      ).toBe(400);
    }
    expect((await tokenFrom(process, '198.51.100.5', SECRET)).status).toBe(200);
  });

  test('one good secret does not refill what is used up on others', async () => {
    const process = await startStopped();
    let judged = 0;
    for (let index = 0; index < 90; index++) {
      await tokenFrom(process, '198.51.100.6', SECRET);
      if ((await tokenFrom(process, '198.51.100.6', 'wrong', `client-${index}`)).status === 401) judged++;
    }
    expect(judged).toBe(60);
  });

  test('counts and places hold no name, no address and no secret', async () => {
    const process = await startStopped();
    await tokenFrom(process, HOME, SECRET);
    await tokenFrom(process, '198.51.100.7', 'wrong-secret-of-somebody');
    const rows = JSON.stringify([
      await process.database.db.selectFrom('attempts').selectAll().execute(),
      await process.database.db.selectFrom('known_client_places').selectAll().execute(),
    ]);
    for (const one of [HOME, '198.51.100.7', 'wrong-secret', SECRET]) expect(rows).not.toContain(one);
  });
});

test('AS-057: a secret in the address is refused and stands in no log and no record (RFC 6749 §2.3.1)', async () => {
  const { lines, log } = logging();
  const process = await startAuthorizationServer('sqlite', undefined, undefined, true, { log });
  const grant = { grant_type: 'client_credentials', resource: process.resource };
  for (const path of ['/oauth/token', '/oauth/revoke', '/oauth/introspect', '/oauth/par', '/oauth/device']) {
    for (const fields of [grant, { ...grant, client_id: 'c2', token: 'x' }]) {
      const { status, body } = await ask(process, `${path}?client_id=c2&client_secret=${SECRET}`, fields);
      expect([path, status, body['error']]).toEqual([path, 400, 'invalid_request']);
      expect(JSON.stringify(body)).not.toContain(SECRET);
    }
  }
  const { records } = await process.audit.query({}, { limit: 100 });
  expect(records.length).toBeGreaterThanOrEqual(10);
  expect(JSON.stringify(records) + lines.join('')).not.toContain(SECRET);
});

test('AS-057: two ways to prove who a client is are one too many (RFC 6749 §2.3)', async () => {
  const process = await startAuthorizationServer('sqlite');
  const grant = { grant_type: 'client_credentials', resource: process.resource };
  for (const second of [
    { client_id: 'c1' },
    { client_secret: SECRET },
    { client_id: 'c2', client_secret: SECRET },
    { client_assertion: 'x', client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' },
  ] as Record<string, string>[]) {
    const { status, body } = await ask(process, '/oauth/token', { ...grant, ...second }, basic('c2', SECRET));
    expect([second, status, body['error']]).toEqual([second, 400, 'invalid_request']);
  }
});

test('requests that open something are counted by address, an IPv6 house as one, and others are served', async () => {
  const process = await startAuthorizationServer('sqlite');
  const open = (address: string, method = 'GET') =>
    fetch(new URL(authorizeUrl(process, newVerifier()), process.url), {
      method,
      redirect: 'manual',
      headers: { [FROM]: address, accept: 'text/html' },
    });
  // As many as pass, without opening them.
  const { db } = process.database;
  await open('2001:db8:1:1::1');
  const far = process.clock.now() + 60 * MINUTE;
  await db.updateTable('attempts').set({ open_at: far, clear_at: far }).where('key', 'like', 'oauth-open:%').execute();
  const refused = await open('2001:db8:1:1::2');
  expect([refused.status, refused.headers.get('content-type')]).toEqual([429, 'text/html; charset=utf-8']);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await refused.text()).toContain('Try again in a moment');
  expect((await open('2001:db8:1:1::4', 'HEAD')).status).toBe(429);
  expect((await open('2001:db8:1:2::1')).status).toBe(303);
  const pushed = await ask(process, '/oauth/par', { client_id: 'c1' }, { [FROM]: '2001:db8:1:1::3' });
  expect([pushed.status, pushed.body['error']]).toEqual([429, 'temporarily_unavailable']);
  // A form that is sent without its page makes a session as well.
  expect((await ask(process, '/oauth/device/verify', { x: 'y' }, { [FROM]: '2001:db8:1:1::5' })).status).toBe(429);
});
