import { performance } from 'node:perf_hooks';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import type { Database } from '#db';
import { documentOf, emptyPlace, testPlace, type TestPlace } from '../../../test/databases.ts';
import type { PostgresDatabase } from '../../../test/postgres.ts';
import { tcpProxy, type TcpProxy } from '../../../test/tcp-proxy.ts';
import { openPlace } from './database.fixture.ts';

let server: PostgresDatabase;
let direct: Database;
let watching: Database;
let wire: TcpProxy;

// Two processes on one database: what one changes, the other hears of, over a wire that can be cut.
beforeEach(async () => {
  const there = (await emptyPlace('postgres')) as TestPlace & { server: PostgresDatabase };
  server = there.server;
  direct = await openPlace(there.place);
  wire = await tcpProxy(server);
  onTestFinished(() => wire.close());
  watching = await openPlace(testPlace({ ...documentOf(server), port: wire.port }, there.directory, server).place);
});

const change = (database: Database, name: string) =>
  database.db
    .insertInto('agents')
    .values({
      id: name,
      namespace: 'default',
      name,
      type: 'service',
      responsible_user: null,
      description: '',
      roles: 'user',
      disabled_at: null,
      created_at: 1,
    })
    .execute();

/** Waits until what is known is known to be current, and gives it. */
const confirmed = () =>
  vi.waitFor(
    () => {
      const version = watching.changes.version();
      if (version === 'unknown') throw new Error('nothing is confirmed');
      return version;
    },
    { timeout: 5000, interval: 5 },
  );

/** How many milliseconds pass until `version` is not what it was: never longer than a reader may be wrong. */
async function noticedAfter(known: bigint): Promise<number> {
  const since = performance.now();
  await vi.waitFor(() => expect(watching.changes.version()).not.toBe(known), { timeout: 2000, interval: 2 });
  return performance.now() - since;
}

test('a change by another process is noticed at once, and only once', async () => {
  const known = await confirmed();
  await change(direct, 'a');
  expect(await noticedAfter(known)).toBeLessThan(200);
  expect(await confirmed()).toBe(known + 1n);
});

test('a change of what nobody keeps a copy of is no news', async () => {
  await change(direct, 'a');
  await direct.db
    .insertInto('api_keys')
    .values({
      id: 'k',
      agent_id: 'a',
      namespace: 'default',
      secret_hash: 'a'.repeat(64),
      scopes: '',
      label: '',
      created_at: 1,
      expires_at: null,
      revoked_at: null,
      last_used_at: null,
      access: 'read execute',
    })
    .execute();
  const rows = () => server.query(`select id from chatelaine.change_log`);
  const before = await rows();
  await direct.db.updateTable('api_keys').set({ last_used_at: 2 }).execute();
  expect(await rows()).toEqual(before);
  await direct.db.updateTable('api_keys').set({ revoked_at: 2 }).execute();
  expect(await rows()).toHaveLength(before.length + 1);
});

test('a change that a transaction took back is no news', async () => {
  const known = await confirmed();
  const failing = direct.transaction(async (trx) => {
    await change({ ...direct, db: trx }, 'a');
    throw new Error('and then');
  });
  await expect(failing).rejects.toThrow('and then');
  await change(direct, 'b');
  await noticedAfter(known);
  expect(await confirmed()).toBe(known + 1n);
});

test.each<[string, (wire: TcpProxy) => unknown]>([
  ['cut', (wire) => wire.cut()],
  ['silent', (wire) => wire.silence()],
])('on a wire that is %s nothing is known after 700 ms, and a change is noticed once it is mended', async (_, harm) => {
  const known = await confirmed();
  harm(wire);
  const harmed = performance.now();
  await change(direct, 'a');
  await vi.waitFor(() => expect(watching.changes.version()).toBe('unknown'), { timeout: 2000, interval: 2 });
  expect(performance.now() - harmed).toBeLessThan(750);
  wire.mend();
  expect(await confirmed()).not.toBe(known);
  expect(performance.now() - harmed).toBeLessThan(5000);
});

test('a listening connection that the server ended is replaced, and nothing is missed meanwhile', async () => {
  const known = await confirmed();
  await server.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'chatelaine changes'`,
  );
  await change(direct, 'a');
  expect(await noticedAfter(known)).toBeLessThan(750);
  expect(await confirmed()).not.toBe(known);
});

test('without notifications a change is noticed at the next look', async () => {
  const known = await confirmed();
  await server.query(`create or replace function chatelaine.note_change() returns trigger language plpgsql as
    $$ begin insert into chatelaine.change_log default values; return null; end $$`);
  await change(direct, 'a');
  expect(await noticedAfter(known)).toBeLessThan(700);
});

test('commits that end in another order than they began are each noticed', async () => {
  const late = direct.db.transaction();
  const begun = Promise.withResolvers<void>();
  const end = Promise.withResolvers<void>();
  const committing = late.execute(async (trx) => {
    await change({ ...direct, db: trx }, 'begun first');
    begun.resolve();
    await end.promise;
  });
  await begun.promise;
  await change(direct, 'ended first');
  const known = await vi.waitFor(async () => {
    const before = await confirmed();
    expect(before).toBeGreaterThan(0n);
    return before;
  });
  end.resolve();
  await committing;
  await noticedAfter(known);
});

test('the log of changes does not grow for ever, and clearing it hides nothing', async () => {
  await server.query(
    `insert into chatelaine.change_log (at) select now() - interval '1 hour' from generate_series(1, 3000)`,
  );
  await confirmed();
  const rows = async () =>
    Number((await server.query<{ n: string }>(`select count(*) as n from chatelaine.change_log`))[0]?.n);
  await vi.waitFor(async () => expect(await rows()).toBeLessThan(100), { timeout: 5000, interval: 20 });
  const known = await confirmed();
  await change(direct, 'a');
  await noticedAfter(known);
});

test('after closing nothing is known', async () => {
  await confirmed();
  watching.changes.close();
  expect(watching.changes.version()).toBe('unknown');
});
