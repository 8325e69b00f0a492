import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { stateFile, type Database } from '#db';
import { openTestDatabase, temporaryDirectory } from './database.fixture.ts';

const agent = (name: string) => ({
  id: name,
  namespace: 'default',
  name,
  type: 'service' as const,
  responsible_user: null,
  description: '',
  roles: 'user',
  disabled_at: null,
  created_at: 1,
});
const addAgent = (db: Database['db'], name: string) => db.insertInto('agents').values(agent(name)).execute();
const names = async (db: Database['db']) =>
  (await db.selectFrom('agents').select('name').orderBy('name').execute()).map((row) => row.name);

/** A second connection, as another process has one. */
function otherConnection(directory: string): DatabaseSync {
  const other = new DatabaseSync(stateFile(directory));
  onTestFinished(() => other.close());
  return other;
}

test('a transaction that throws leaves nothing, and the connection goes on', async () => {
  const { db } = await openTestDatabase();
  const failing = db.transaction().execute(async (trx) => {
    await addAgent(trx, 'half');
    throw new Error('and then');
  });
  await expect(failing).rejects.toThrow('and then');
  await addAgent(db, 'whole');
  expect(await names(db)).toEqual(['whole']);
});

test('statements of others wait until a transaction has ended, and see it whole', async () => {
  const { db } = await openTestDatabase();
  const seen: number[] = [];
  await Promise.all([
    db.transaction().execute(async (trx) => {
      for (const name of ['a', 'b', 'c']) {
        await addAgent(trx, name);
        await sleep(1);
      }
    }),
    ...Array.from({ length: 5 }, async () => seen.push((await names(db)).length)),
  ]);
  expect(seen).toEqual([3, 3, 3, 3, 3]);
});

test('between the reading and the writing of a transaction nobody else writes', async () => {
  const directory = temporaryDirectory();
  const { db } = await openTestDatabase(directory);
  const other = otherConnection(directory);
  await db.transaction().execute(async (trx) => {
    expect(await names(trx)).toEqual([]);
    expect(() => other.exec(`delete from agents`)).toThrow('locked');
    await addAgent(trx, 'only');
  });
  expect(await names(db)).toEqual(['only']);
});

test('waits for a lock that another connection holds, without stopping the event loop', async () => {
  const directory = temporaryDirectory();
  const { db } = await openTestDatabase(directory);
  const other = otherConnection(directory);
  other.exec('begin immediate');
  const writes = Promise.all([
    addAgent(db, 'plain'),
    db.transaction().execute((trx) => addAgent(trx, 'in transaction')),
  ]);
  let turns = 0;
  for (; turns < 20; turns++) await sleep(5);
  other.exec('commit');
  await writes;
  expect(await names(db)).toEqual(['in transaction', 'plain']);
});

test('a lock that never comes free is DATABASE_BUSY, and nothing was done', async () => {
  const directory = temporaryDirectory();
  const { db } = await openTestDatabase(directory);
  const other = otherConnection(directory);
  other.exec('begin immediate');
  await expect(addAgent(db, 'late')).rejects.toMatchObject({ code: 'DATABASE_BUSY', status: 503 });
  other.exec('commit');
  expect(await names(db)).toEqual([]);
});

test('a full database refuses the write, goes on reading, and recovers without being reopened', async () => {
  const { db } = await openTestDatabase();
  await addAgent(db, 'first');
  const pages = async (limit: number) => await sql.raw(`pragma max_page_count = ${limit}`).execute(db);
  await pages(1);
  const filling = db.transaction().execute(async (trx) => {
    for (let count = 0; ; count++) await addAgent(trx, `${count}-${'x'.repeat(1000)}`);
  });
  await expect(filling).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE', status: 503 });
  expect(await names(db)).toEqual(['first']);
  await pages(1_000_000);
  await addAgent(db, 'second');
  expect(await names(db)).toEqual(['first', 'second']);
});

test('the change feed moves when another connection commits, and stays for its own writes', async () => {
  const directory = temporaryDirectory();
  const database = await openTestDatabase(directory);
  const other = otherConnection(directory);
  const before = database.changes.version();
  await addAgent(database.db, 'mine');
  expect(database.changes.version()).toBe(before);
  other.exec('begin immediate');
  other.exec(`update agents set description = 'changed'`);
  expect(database.changes.version()).toBe(before);
  other.exec('commit');
  expect(database.changes.version()).not.toBe(before);
});

test('the change feed is not held back by a stream of rows that nobody finished reading', async () => {
  const directory = temporaryDirectory();
  const database = await openTestDatabase(directory);
  const other = otherConnection(directory);
  for (const name of ['a', 'b', 'c']) await addAgent(database.db, name);
  const before = database.changes.version();
  const rows = database.db.selectFrom('agents').selectAll().stream();
  await rows.next();
  other.exec(`update agents set description = 'changed'`);
  expect(database.changes.version()).not.toBe(before);
  await rows.return?.();
});

test('a statement is prepared once, however often it runs', async () => {
  const database = await openTestDatabase();
  await names(database.db);
  const before = database.statementCounts();
  for (let run = 0; run < 100; run++) await names(database.db);
  const after = database.statementCounts();
  expect([after.executed - before.executed, after.prepared - before.prepared]).toEqual([100, 0]);
});

test('the affected rows of a change and the rows of `returning` come back', async () => {
  const { db } = await openTestDatabase();
  for (const name of ['a', 'b']) await addAgent(db, name);
  const [updated] = await db.updateTable('agents').set({ description: 'x' }).execute();
  expect(updated?.numUpdatedRows).toBe(2n);
  expect(await db.deleteFrom('agents').where('name', '=', 'a').returning('id').execute()).toEqual([{ id: 'a' }]);
});
