import { afterAll, expect, test } from 'vitest';
import { InlineConnection } from '../inline-connection.ts';
import { KeptTexts } from '../kept-texts.ts';
import { Scratch } from './scratch.fixture.ts';

const scratch = new Scratch();
afterAll(async () => scratch.remove());

const SCHEMA = `
  PRAGMA journal_mode = wal;
  CREATE TABLE city (id INTEGER PRIMARY KEY, name TEXT COLLATE NOCASE);
  CREATE UNIQUE INDEX city_name ON city (name);
  INSERT INTO city VALUES (1, 'Basel'), (2, 'Bern');
`;
const LOOKUP = 'SELECT id FROM city WHERE name = ?';

/** A connection to a database of that schema, and the version of it. */
function opened(file: string): { connection: InlineConnection; version: bigint } {
  scratch.behind(file, SCHEMA);
  const connection = new InlineConnection(scratch.path(file));
  const version = [...Array(9).keys()].map(BigInt).find((one) => connection.hasVersion(one)) ?? -1n;
  return { connection, version };
}

test('a statement runs as it was compiled, as long as the schema stays', () => {
  const { connection, version } = opened('stays.db');
  const statement = connection.compile(LOOKUP, version);
  expect(statement?.all('Bern')).toEqual([[2n]]);
  scratch.behind('stays.db', `INSERT INTO city VALUES (3, 'Chur')`);
  expect(statement?.all('Chur')).toEqual([[3n]]);
  expect(connection.takeRefusal()).toBe(false);
  connection.close();
});

test('a statement whose index was dropped fails, and does not come back as a scan', () => {
  const { connection, version } = opened('dropped.db');
  const statement = connection.compile(LOOKUP, version);
  scratch.behind('dropped.db', 'DROP INDEX city_name');
  expect(() => statement?.all('Bern')).toThrow('not authorized');
  expect(connection.takeRefusal()).toBe(true);
  expect(connection.takeRefusal()).toBe(false);
  expect(connection.hasVersion(version)).toBe(false);
  connection.close();
});

test('compiles for the schema that the file has, and for no other', () => {
  const { connection, version } = opened('versions.db');
  scratch.behind('versions.db', 'ALTER TABLE city ADD COLUMN river TEXT DEFAULT 9');
  expect(connection.compile('SELECT * FROM city WHERE id = ?', version)).toBeUndefined();
  expect(connection.compile('SELECT * FROM city WHERE id = ?', version + 1n)?.all(1n)).toEqual([[1n, 'Basel', '9']]);
  connection.close();
});

test('a plan that SQLite makes anew for each value is refused too, under the same schema', () => {
  const { connection, version } = opened('plans.db');
  const statement = connection.compile('SELECT id FROM city WHERE name LIKE ?', version);
  const ask = () => ['B%', '%e%', 'Ch%'].map((pattern) => statement?.all(pattern));
  expect(ask).toThrow('not authorized');
  expect(connection.takeRefusal()).toBe(true);
  expect(connection.hasVersion(version)).toBe(true);
  connection.close();
});

test('what callers write pushes out nothing of what authors wrote', () => {
  const kept = new KeptTexts<number>();
  const authored = (n: number) => ({ text: `SELECT ${n}`, values: [], fixed: true });
  const called = (n: number) => ({ text: `SELECT ${n}`, values: [] });
  for (let n = 0; n < 1000; n++) kept.set(authored(n), n);
  for (let n = 0; n < 5000; n++) kept.set(called(n), -n);
  expect([0, 999].map((n) => kept.get(authored(n)))).toEqual([0, 999]);
  expect([kept.get(called(0)), kept.get(called(4999))]).toEqual([undefined, -4999]);
  kept.clear();
  expect([kept.get(authored(0)), kept.get(called(4999))]).toEqual([undefined, undefined]);
});
