import { performance } from 'node:perf_hooks';
import { sql } from 'kysely';
import { expect, onTestFinished, test, vi } from 'vitest';
import { freePort } from '../../../test/loopback.ts';
import { documentOf, emptyPlace, testPlace, type TestPlace } from '../../../test/databases.ts';
import type { PostgresDatabase } from '../../../test/postgres.ts';
import { tcpProxy } from '../../../test/tcp-proxy.ts';
import { openPlace } from './database.fixture.ts';

const start = async () => (await emptyPlace('postgres')) as TestPlace & { server: PostgresDatabase };

/** Opening a place with these settings instead. */
async function opening(change: (server: PostgresDatabase) => object): Promise<unknown> {
  const { server, directory } = await start();
  return await openPlace(testPlace({ ...documentOf(server), ...change(server) }, directory, server).place);
}

test.each<[string, (server: PostgresDatabase) => object, string]>([
  ['a wrong password', () => ({ password: 'wrong' }), 'DATABASE_LOGIN_REFUSED'],
  ['no password', () => ({ password: undefined }), 'DATABASE_LOGIN_REFUSED'],
  ['a role that there is not', () => ({ user: 'nobody_there' }), 'DATABASE_LOGIN_REFUSED'],
  ['a database that there is not', () => ({ database: 'nothing_there' }), 'DATABASE_LOGIN_REFUSED'],
  ['a host that there is not', () => ({ host: 'database.invalid' }), 'DATABASE_UNAVAILABLE'],
  ['a Unix socket that there is not', () => ({ host: '/nowhere' }), 'DATABASE_UNAVAILABLE'],
  ['a certificate file that there is not', () => ({ tls: { ca: '/nowhere/ca.pem' } }), 'DATABASE_UNAVAILABLE'],
  [
    'a certificate of an unknown authority',
    () => ({ tls: { mode: 'verify-full' }, host: 'localhost' }),
    'DATABASE_UNTRUSTED',
  ],
  ['a certificate of another name', ({ ca }) => ({ tls: { ca }, host: '127.0.0.1' }), 'DATABASE_UNTRUSTED'],
])('%s is refused as what it is', async (_, change, code) => {
  await expect(opening(change)).rejects.toMatchObject({ code });
});

test('a port on which nobody listens is named', async () => {
  const port = await freePort();
  await expect(opening(() => ({ port }))).rejects.toMatchObject({
    code: 'DATABASE_UNAVAILABLE',
    message: expect.stringContaining(`127.0.0.1:${port}`) as string,
  });
});

test('a server that accepts and says nothing is given up after two seconds', async () => {
  const { server, directory } = await start();
  const wire = await tcpProxy(server);
  onTestFinished(() => wire.close());
  wire.silence();
  const since = performance.now();
  const { place } = testPlace({ ...documentOf(server), port: wire.port }, directory, server);
  await expect(openPlace(place)).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
  expect(performance.now() - since).toBeLessThan(4000);
});

test.each<[string, (server: PostgresDatabase) => object, boolean]>([
  ['with the authority and the name of its certificate', ({ ca }) => ({ host: 'localhost', tls: { ca } }), true],
  ['by another name that the settings give', ({ ca }) => ({ tls: { ca, serverName: 'localhost' } }), true],
  [
    'with a certificate instead of a password',
    ({ ca, client }) => ({ host: 'localhost', user: 'certified', password: undefined, tls: { ca, ...client } }),
    true,
  ],
  ['without TLS on this machine', () => ({}), false],
  ['through a Unix socket', ({ socketFolder }) => ({ host: socketFolder }), false],
])('connects %s', async (_, change, encrypted) => {
  const { server, directory } = await start();
  await server.query(`do $$ begin create role certified login; exception when duplicate_object then null; end $$`);
  await server.query(`grant all on database ${server.database} to certified`);
  const { db } = await openPlace(testPlace({ ...documentOf(server), ...change(server) }, directory, server).place);
  const { rows } = await sql<{ ssl: boolean }>`select ssl from pg_stat_ssl where pid = pg_backend_pid()`.execute(db);
  expect(rows).toEqual([{ ssl: encrypted }]);
});

test('a statement of a server that says nothing at all ends within two seconds, and the next connection works', async () => {
  const { server, directory } = await start();
  const wire = await tcpProxy(server);
  onTestFinished(() => wire.close());
  const { db } = await openPlace(testPlace({ ...documentOf(server), port: wire.port }, directory, server).place);
  const ask = () => sql<{ one: number }>`select 1 as one`.execute(db);
  await ask();
  wire.silence();
  const since = performance.now();
  await expect(ask()).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
  expect(performance.now() - since).toBeLessThan(4000);
  wire.mend();
  expect((await ask()).rows).toEqual([{ one: 1 }]);
});

test('a statement that takes its time is waited for, as long as the server answers others', async () => {
  const { place } = await start();
  const { db } = await openPlace(place);
  const { rows } = await sql<{ done: boolean }>`select pg_sleep(3) is not null as done`.execute(db);
  expect(rows).toEqual([{ done: true }]);
});

test('who waits for a lock that somebody holds is told within two seconds', async () => {
  const { server, place } = await start();
  const { db } = await openPlace(place);
  await server.query('begin');
  await server.query('lock table chatelaine.agents in access exclusive mode');
  const since = performance.now();
  await expect(sql`select count(*) from agents`.execute(db)).rejects.toMatchObject({ code: 'DATABASE_BUSY' });
  expect(performance.now() - since).toBeLessThan(4000);
  await server.query('rollback');
});

test('a statement that the server works on for too long is ended there too', async () => {
  const { server, place } = await start();
  const { db } = await openPlace(place);
  await expect(sql`select pg_sleep(30)`.execute(db)).rejects.toMatchObject({ code: 'DATABASE_BUSY' });
  const active = () =>
    server.query(
      `select 1 from pg_stat_activity where query like '%pg_sleep(30)%' and state = 'active' and pid <> pg_backend_pid()`,
    );
  await vi.waitFor(async () => expect(await active()).toEqual([]), { timeout: 1000, interval: 10 });
});

test('connections that were cut while nobody used them are replaced unseen', async () => {
  const { server, place } = await start();
  const { db } = await openPlace(place);
  const ask = async () => (await sql<{ one: number }>`select 1 as one`.execute(db)).rows[0]?.one;
  expect(await Promise.all([ask(), ask(), ask()])).toEqual([1, 1, 1]);
  await server.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'chatelaine'`,
  );
  await vi.waitFor(async () => expect(await ask()).toBe(1), { timeout: 2000, interval: 10 });
});

test('the environment of the process has no say in how to connect', async () => {
  const { place } = await start();
  const elsewhere = {
    PGHOST: 'elsewhere.invalid',
    PGOPTIONS: '-c search_path=elsewhere',
    PGSSLMODE: 'require',
    PGPASSWORD: 'wrong',
  };
  for (const [name, value] of Object.entries(elsewhere)) vi.stubEnv(name, value);
  onTestFinished(() => void vi.unstubAllEnvs());
  const { db } = await openPlace(place);
  const { rows } = await sql<{ path: string }>`select current_setting('search_path') as path`.execute(db);
  expect(rows).toEqual([{ path: 'chatelaine' }]);
});

test('neither the password nor the key is in what the driver and the errors print', async () => {
  const { inspect } = await import('node:util');
  const error: unknown = await opening(() => ({ password: 'a planted password' })).catch((reason: unknown) => reason);
  expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('a planted password');
});
