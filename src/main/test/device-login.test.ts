/** `chatelaine login` at a server with an authorization server: the real command, and a person with a browser. */
import { spawn } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '#kernel';
import type { Browser } from '../../../test/browser.ts';
import { withServices } from './api.fixture.ts';
import { freePort } from '../../../test/loopback.ts';
import { confirmCode, personWith } from './own-server.fixture.ts';
import { CITIES, COMMAND, run, start, workspace, type RunningServer, type Workspace } from './server.fixture.ts';

let place: Workspace;
let server: RunningServer;
let port: number;
let url: URL;
beforeAll(async () => {
  place = workspace();
  port = await freePort();
  url = new URL(`http://localhost:${port}`);
  const file = place.write('tools.yaml', CITIES);
  server = await start(['--config', file, '--port', String(port), '--data-dir', place.dataDir], { cwd: place.folder });
});
afterAll(async () => {
  await server.stop();
  place.remove();
});

interface Person {
  readonly id: string;
  readonly browser: Browser;
}

let people = 0;
const administrator = (provedMsAgo = 0): Promise<Person> =>
  withServices(place.dataDir, systemClock, (services) =>
    personWith(services, {
      ...{ name: `admin${++people}`, role: 'admin', provedMsAgo, publicUrl: url },
      own: url,
    }),
  );

/** A home of its own for a command line, and what it runs there. */
function commandLine(address: string) {
  const home = place.file(`home-${Math.random().toString(36).slice(2)}`);
  const env = { XDG_CONFIG_HOME: home, CHATELAINE_SERVER: address, CHATELAINE_KEY: '' };
  const credentials = join(home, 'chatelaine', 'credentials.json');
  const kept = () =>
    (JSON.parse(readFileSync(credentials, 'utf8')) as { servers: Record<string, Record<string, string>> }).servers[
      address
    ] as Record<string, string>;
  return {
    credentials,
    kept,
    /** As when a quarter of an hour has passed. */
    age(): void {
      const servers = { [address]: { ...kept(), expiresAt: new Date(0).toISOString() } };
      writeFileSync(credentials, JSON.stringify({ servers }));
    },
    run: (...args: string[]) => run(args, { cwd: place.folder, env }),
    /** `login`, up to the code: where to confirm it, and how it ends. */
    login() {
      const child = spawn(COMMAND, ['login', '--json'], {
        cwd: place.folder,
        env: { ...process.env, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      onTestFinished(() => void child.kill());
      const stdout = text(child.stdout);
      const shown = new Promise<string>((resolve, reject) => {
        let seen = '';
        child.stderr.on('data', (chunk: Buffer) => {
          seen += chunk.toString();
          const whole = /or open (\S+)/.exec(seen)?.[1];
          if (whole !== undefined) resolve(whole);
        });
        child.once('close', () => reject(new Error(seen)));
      });
      const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
      return { shown, stdout, ended };
    },
  };
}

async function signIn(person: Person, address: string) {
  const line = commandLine(address);
  const { shown, stdout, ended } = line.login();
  const consent = await confirmCode(person.browser, await shown);
  expect(consent.text).toContain('Chatelaine on the command line');
  expect(consent.text).toContain(`${url.origin}/api/v1`);
  expect(consent.text).toMatch(/<strong>read<\/strong>[\s\S]*<strong>admin<\/strong>/);
  expect((await person.browser.decide(consent, 'approve')).text).toContain('signed in');
  expect([await ended, JSON.parse(await stdout)]).toEqual([0, { server: address, expiresAt: null }]);
  return line;
}

const ask = async (token: string, path: string): Promise<number> =>
  (await fetch(new URL(`/api/v1${path}`, server.url), { headers: { authorization: `Bearer ${token}` } })).status;

describe.each(['localhost', '127.0.0.1'])('the command line at http://%s', (host) => {
  test('signs in by a code that its person confirms, and administers as they do', { timeout: 120_000 }, async () => {
    const person = await administrator();
    const line = await signIn(person, `http://${host}:${port}`);
    expect(statSync(line.credentials).mode & 0o777).toBe(0o600);
    expect(line.kept()).toMatchObject({ issuer: url.origin, refreshToken: expect.any(String) });
    const { tokenSessions } = JSON.parse((await line.run('token-session', 'list', '--mine', '--json')).stdout) as {
      tokenSessions: readonly Record<string, unknown>[];
    };
    expect(tokenSessions).toMatchObject([
      { user: person.id, client: { id: 'chatelaine-cli' }, scopes: ['read', 'admin'] },
    ]);
    // As long as a session of the command line: `signIn.commandLine`, and not thirty days.
    const [{ lastUsedAt, expiresAt } = {}] = tokenSessions;
    expect(Date.parse(String(expiresAt)) - Date.parse(String(lastUsedAt))).toBe(8 * 3_600_000);
    const ends = await withServices(place.dataDir, systemClock, ({ database }) =>
      database.db.selectFrom('oauth_artifacts').select('expires_at').where('model', '=', 'RefreshToken').execute(),
    );
    expect(Math.max(...ends.map((row) => row.expires_at))).toBeLessThanOrEqual(systemClock.now() + 8 * 3_600_000);
    // Dangerous, and let through by the proof that was given when it was let in.
    const blocked = await line.run('client', 'block', 'https://app.example/client.json', '--json');
    expect(JSON.parse(blocked.stdout)).toMatchObject({ state: 'blocked' });
  });
});

test('two commands at once renew a token that has ended once, and both go on', { timeout: 120_000 }, async () => {
  const line = await signIn(await administrator(), url.origin);
  for (let round = 0; round < 2; round++) {
    const before = line.kept();
    line.age();
    const ended = await Promise.all([1, 2, 3].map(() => line.run('agent', 'list', '--json')));
    expect(ended.map(({ code, stderr }) => [code, stderr])).toEqual([1, 2, 3].map(() => [0, '']));
    expect(line.kept()['refreshToken']).not.toBe(before['refreshToken']);
  }
});

test(
  'a refresh token that somebody else has used ends the sign-in, and the command says what to do',
  { timeout: 120_000 },
  async () => {
    const line = await signIn(await administrator(), url.origin);
    const stolen = line.kept();
    const form = {
      grant_type: 'refresh_token',
      client_id: 'chatelaine-cli',
      refresh_token: stolen['refreshToken'] ?? '',
    };
    const used = await fetch(new URL('/oauth/token', server.url), { method: 'POST', body: new URLSearchParams(form) });
    const { access_token: theirs } = (await used.json()) as { access_token: string };
    expect(await ask(theirs, '/agents')).toBe(200);
    line.age();
    const refused = await line.run('agent', 'list');
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('chatelaine login')]);
    await expect.poll(() => ask(theirs, '/agents'), { timeout: 10_000 }).toBe(401);
  },
);

test('logout ends the sign-in at the server', { timeout: 120_000 }, async () => {
  const line = await signIn(await administrator(), url.origin);
  const { accessToken = '' } = line.kept();
  expect(await ask(accessToken, '/agents')).toBe(200);
  const { stdout } = await line.run('logout', '--json');
  expect(JSON.parse(stdout)).toEqual({ server: url.origin, forgotten: true, revoked: true });
  expect(await ask(accessToken, '/agents')).toBe(401);
  expect((await line.run('agent', 'list')).stderr).toContain('CREDENTIAL_MISSING');
});

test(
  'whoever proved themselves some minutes ago does so again before a program may administer',
  { timeout: 120_000 },
  async () => {
    const { browser } = await administrator(5 * 60_000);
    const { shown } = commandLine(url.origin).login();
    const consent = await confirmCode(browser, await shown);
    const sent = await browser.decide(consent, 'approve');
    expect(sent.text).toContain('asks for a proof');
  },
);

test('a client that registered itself is not let near the administrative API', async () => {
  const body = JSON.stringify({ client_name: 'Desk', redirect_uris: ['http://127.0.0.1:33418/cb'] });
  const headers = { 'content-type': 'application/json' };
  const made = await fetch(new URL('/oauth/register', server.url), { method: 'POST', body, headers });
  const { client_id: id } = (await made.json()) as { client_id: string };
  const query = new URLSearchParams({
    ...{ client_id: id, redirect_uri: 'http://127.0.0.1:33418/cb', response_type: 'code', scope: 'admin' },
    ...{ code_challenge: 'x'.repeat(43), code_challenge_method: 'S256', resource: `${url.origin}/api/v1` },
  });
  const asked = await fetch(new URL(`/oauth/authorize?${query.toString()}`, server.url), { redirect: 'manual' });
  expect(asked.headers.get('location')).toContain('error=invalid_target');
});

test('a server without an authorization server lets the command line in as before', { timeout: 120_000 }, async () => {
  const beside = workspace();
  const file = beside.write('tools.yaml', CITIES);
  const other = await start(['--config', file, '--data-dir', beside.dataDir], { cwd: beside.folder });
  onTestFinished(async () => {
    await other.stop();
    beside.remove();
  });
  const { shown } = commandLine(other.url.replace('127.0.0.1', 'localhost')).login();
  expect(await shown).toContain('/console/device?code=');
});
