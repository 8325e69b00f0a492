import { expect, test } from 'vitest';
import { operator } from '#identity';
import { authServerAfterRestore } from '#authserver';
import { startAuthorizationServer, type AuthorizationServerProcess } from './authorization-server.fixture.ts';
import type { Browser, Seen } from '../../../test/browser.ts';
import { codeFor, newVerifier, redeem, refresh } from './code-flow.fixture.ts';

interface Connected {
  readonly id: string;
  readonly browser: Browser;
  readonly access: string;
  readonly refreshToken: string;
}

async function connect(process: AuthorizationServerProcess, name: string): Promise<Connected> {
  const { id, browser } = await process.person(name);
  const verifier = newVerifier();
  const { body } = await redeem(process, await codeFor(process, browser, verifier), verifier);
  return { id, browser, access: body['access_token'] as string, refreshToken: body['refresh_token'] as string };
}

const counts = async (process: AuthorizationServerProcess, { access }: Connected): Promise<boolean> =>
  (await process.server.verifier.verify(access)).ok;

const field = (page: Seen, name: string): string =>
  new RegExp(`name="${name}" value="([^"]+)"`).exec(page.text)?.[1] ?? '';

test('a person sees which programs act for them, and ends one at once', async () => {
  const process = await startAuthorizationServer('sqlite');
  const alice = await connect(process, 'alice');
  const page = await alice.browser.get('/console/connections');
  expect(page.text).toContain('Flights Desk');
  expect(page.text).toContain('read:flights');
  const fields = { form: field(page, 'form'), session: field(page, 'session') };
  const done = await alice.browser.post('/console/connections', fields);
  expect([done.status, done.to]).toEqual([303, '/console/connections?after=end']);
  expect(await counts(process, alice)).toBe(false);
  expect((await refresh(process, alice.refreshToken)).body['error']).toBe('invalid_grant');
  expect((await alice.browser.get('/console/connections')).text).toContain('No program acts for you');
  const { records } = await process.audit.query({ type: 'oauth.disconnect' }, { limit: 5 });
  expect(records.map(({ outcome }) => outcome).toSorted()).toEqual(['intent', 'success']);
});

test('nobody ends the connection of somebody else, and no other page does', async () => {
  const process = await startAuthorizationServer('sqlite');
  const alice = await connect(process, 'alice');
  const bob = await connect(process, 'bob');
  const theirs = field(await alice.browser.get('/console/connections'), 'session');
  const form = field(await bob.browser.get('/console/connections'), 'form');
  await bob.browser.post('/console/connections', { form, session: theirs });
  await alice.browser.post('/console/connections', { form, session: theirs });
  const foreign = { origin: 'https://evil.test', 'sec-fetch-site': 'cross-site' };
  const own = field(await alice.browser.get('/console/connections'), 'form');
  await alice.browser.post('/console/connections', { form: own, session: theirs }, foreign);
  expect(await counts(process, alice)).toBe(true);
  expect((await process.server.sessions.list(alice.id)).length).toBe(1);
});

test('whoever is disabled has no tokens, also once they are let in again', async () => {
  const process = await startAuthorizationServer('sqlite');
  const alice = await connect(process, 'alice');
  await process.users.disable(operator(), alice.id);
  expect(await counts(process, alice)).toBe(false);
  await process.users.enable(operator(), alice.id);
  expect(await counts(process, alice)).toBe(false);
  expect((await refresh(process, alice.refreshToken)).body['error']).toBe('invalid_grant');
});

test('of whoever is erased there is no token, consent or session left', async () => {
  const process = await startAuthorizationServer('sqlite');
  const alice = await connect(process, 'alice');
  await process.users.erase(operator(), alice.id);
  const { db } = process.database;
  for (const table of ['oauth_artifacts', 'token_sessions', 'consents'] as const) {
    const rows = await db.selectFrom(table).selectAll().where('user_id', '=', alice.id).execute();
    expect([table, rows.length]).toEqual([table, 0]);
  }
});

test('after a restore no token of the backup counts', async () => {
  const process = await startAuthorizationServer('sqlite');
  const alice = await connect(process, 'alice');
  await process.database.transaction(
    (trx) => authServerAfterRestore.endSessions?.(trx, Date.now()) ?? Promise.resolve(0),
  );
  process.server.sessions.forget();
  expect(await counts(process, alice)).toBe(false);
  expect((await refresh(process, alice.refreshToken)).body['error']).toBe('invalid_grant');
});
