import { copyFileSync, renameSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { SqlValue } from '../../source.ts';
import { rowsOf } from '../../test/sql-source.contract.ts';
import type { SqliteSource } from '../source.ts';
import { ENDLESS, Scratch } from './scratch.fixture.ts';

const scratch = new Scratch();
afterAll(async () => scratch.remove());

const SCHEMA = `
  PRAGMA journal_mode = wal;
  CREATE TABLE city (id INTEGER PRIMARY KEY, name TEXT COLLATE NOCASE, country TEXT, people INTEGER, code TEXT UNIQUE);
  CREATE INDEX city_country ON city (country);
  CREATE UNIQUE INDEX city_place ON city (country, name);
  CREATE TABLE country (code TEXT PRIMARY KEY, name TEXT) WITHOUT ROWID;
  CREATE TABLE loose (a, b);
  CREATE VIEW swiss AS SELECT * FROM city WHERE country = 'CH';
  CREATE VIEW place AS SELECT city.id, city.name, country.name AS land FROM city JOIN country ON country.code = city.country;
  CREATE VIRTUAL TABLE words USING fts5(text);
  INSERT INTO country VALUES ('CH', 'Switzerland'), ('AT', 'Austria');
  INSERT INTO city VALUES (1, 'Basel', 'CH', 173000, 'BSL'), (2, 'Wien', 'AT', 1900000, 'VIE'), (3, 'Chur', 'CH', 38000, NULL);
  INSERT INTO words VALUES ('a word');
`;

/** Where the second run of a statement goes: the first is always judged in the pool. */
async function placeOf(source: SqliteSource, text: string, values: readonly SqlValue[]): Promise<string> {
  await rowsOf(source, text, values);
  const before = source.counts.inline;
  await rowsOf(source, text, values);
  return source.counts.inline > before ? 'inline' : 'pool';
}

describe('where a statement runs', () => {
  let source: SqliteSource;
  beforeAll(() => {
    scratch.behind('cities.db', SCHEMA);
    source = scratch.open({ database: 'cities.db', processes: 1 });
  });

  it.each<[sql: string, values: SqlValue[]]>([
    ['SELECT * FROM city WHERE id = ?', [1]],
    ['SELECT * FROM city WHERE rowid = $1 LIMIT 1', [1]],
    ['SELECT name, people FROM city WHERE code = ?', ['BSL']],
    ['SELECT * FROM city WHERE country = ? AND name = ?', ['CH', 'basel']],
    ['SELECT * FROM country WHERE code = ?1', ['CH']],
    ['SELECT c.*, l.name AS land FROM city c JOIN country l ON l.code = c.country WHERE c.id = ?', [1]],
    ['SELECT * FROM swiss WHERE id = ?', [1]],
    ['SELECT * FROM place WHERE id = ? ORDER BY land', [1]],
    ["SELECT upper(name) || ', ' || coalesce(code, '?'), round(people / 1000.0, 1) FROM city WHERE id = ?", [3]],
    [
      "SELECT CASE WHEN people > 100000 THEN 'large' ELSE 'small' END AS size FROM city WHERE id = ? AND people > 5",
      [1],
    ],
    ['SELECT count(*) AS found FROM city WHERE id = ?', [1]],
    [
      'SELECT EXISTS (SELECT 1 FROM city WHERE id = ?) AS there, (SELECT name FROM country WHERE code = ?) AS land',
      [1, 'CH'],
    ],
    ['SELECT 1 AS one', []],
    ["SELECT json_extract(?, '$.a') AS a, date('2026-11-21') AS day", ['{"a":1}']],
    ['SELECT * FROM city WHERE id = ? -- a comment\n;', [1]],
  ])('%s runs on the event loop', async (sql, values) => {
    expect(await placeOf(source, sql, values)).toBe('inline');
  });

  it.each<[why: string, sql: string, values: SqlValue[]]>([
    ['scans a table', 'SELECT * FROM city', []],
    ['scans until it finds', 'SELECT * FROM city WHERE people = ? LIMIT 1', [38000]],
    ['reads a part of an index', 'SELECT * FROM city WHERE country = ?', ['CH']],
    ['reads a part of a unique index', 'SELECT * FROM city WHERE country = ? AND name > ?', ['CH', 'B']],
    ['reads a range of keys', 'SELECT * FROM city WHERE id BETWEEN ? AND ?', [1, 2]],
    ['walks the keys of a list', 'SELECT * FROM city WHERE id IN (?, ?)', [1, 2]],
    ['counts a table, which reads it', 'SELECT count(*) AS n FROM city', []],
    ['joins by scanning', 'SELECT * FROM city a JOIN city b ON b.people = a.people WHERE a.id = ?', [1]],
    ['joins without an index', 'SELECT * FROM city a, loose WHERE a.id = ? AND loose.a = a.name', [1]],
    ['recurs', 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9) SELECT max(i) FROM n', []],
    ['has a subquery that scans', 'SELECT name, (SELECT max(people) FROM city) AS most FROM city WHERE id = ?', [1]],
    ['matches a pattern', 'SELECT * FROM city WHERE id = ? AND name LIKE ?', [1, '%a%']],
    ['matches a glob', 'SELECT * FROM city WHERE id = ? AND name GLOB ?', [1, '*a*']],
    ['makes something large', 'SELECT length(zeroblob(?)) AS n', [10]],
    ['makes something large of a format', "SELECT printf('%.*c', ?, 'x') AS x", [10]],
    ['makes something large by replacing', "SELECT replace(name, 'a', ?) AS x FROM city WHERE id = 1", ['bb']],
    ['searches every character with every other', 'SELECT instr(name, ?) AS x FROM city WHERE id = 1', ['s']],
    ['asks a virtual table', "SELECT * FROM words WHERE words MATCH 'word'", []],
    ['takes a list apart', 'SELECT value FROM json_each(?)', ['[1,2]']],
    ['lists rows of its own', 'VALUES (1), (2)', []],
    ['asks for the schema', "SELECT name FROM pragma_table_info('city')", []],
    ['is a pragma', 'PRAGMA table_info(city)', []],
    ['is explained', 'EXPLAIN SELECT * FROM city WHERE id = ?', [1]],
    ['writes', 'UPDATE city SET people = people WHERE id = ?', [1]],
    ['writes and returns', 'UPDATE city SET people = people WHERE id = ? RETURNING id', [1]],
    ['is long', `SELECT 1 AS one /* ${'x'.repeat(5000)} */`, []],
    ['is long once compiled', `SELECT ${Array.from({ length: 300 }, (_, n) => `${n} AS c${n}`).join()}`, []],
  ])('what %s runs in the pool', async (_, sql, values) => {
    expect(await placeOf(source, sql, values)).toBe('pool');
  });

  it('gives the same rows on both ways', async () => {
    const text = "SELECT *, id + 9007199254740992 AS big, x'01ff' AS bytes FROM city WHERE id = ?";
    const pooled = await rowsOf(source, text, [3]);
    const before = source.counts.inline;
    expect(await rowsOf(source, text, [3])).toEqual(pooled);
    expect(source.counts.inline).toBe(before + 1);
    expect(pooled).toEqual([
      { id: 3, name: 'Chur', country: 'CH', people: 38000, code: null, big: '9007199254740995', bytes: 'Af8=' },
    ]);
  });

  it('refuses a wrong number of values also for a statement that it knows', async () => {
    const text = 'SELECT name FROM city WHERE id = ?';
    await rowsOf(source, text, [1]);
    await expect(rowsOf(source, text, [1, 2])).rejects.toThrow('placeholders for 1 values, and 2 were given');
  });

  it('answers a thousand lookups at once, each with its own row', async () => {
    scratch.behind(
      'many.db',
      `CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT);
       WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) INSERT INTO t SELECT i, 'v' || i FROM n`,
    );
    const many = scratch.open({ database: 'many.db' });
    const ask = async () =>
      Promise.all(Array.from({ length: 1000 }, async (_, n) => rowsOf(many, 'SELECT v FROM t WHERE id = $1', [n + 1])));
    const expected = Array.from({ length: 1000 }, (_, n) => [{ v: `v${n + 1}` }]);
    expect(await ask()).toEqual(expected);
    // One was judged in a process; the others waited that long.
    expect(many.counts).toEqual({ inline: 999, pooled: 1 });
    expect(await ask()).toEqual(expected);
    expect(many.counts).toEqual({ inline: 1999, pooled: 1 });
  });
});

it('lets statements of one text run side by side once they are known to be none', async () => {
  scratch.behind('side.db', 'CREATE TABLE t (id INTEGER PRIMARY KEY)');
  const source = scratch.open({ database: 'side.db', processes: 3 });
  const stop = new AbortController();
  const endless = [1, 2].map(async () => rowsOf(source, ENDLESS, [], { signal: stop.signal }).catch(() => 'stopped'));
  await vi.waitFor(() => expect(source.counts.pooled).toBe(2), { timeout: 30_000 });
  expect(await rowsOf(source, 'SELECT 7 AS answer')).toEqual([{ answer: 7 }]);
  stop.abort();
  expect(await Promise.all(endless)).toEqual(['stopped', 'stopped']);
});

describe('a lookup on the event loop', () => {
  it('goes back to the pool when its index is dropped by another process, and sees new columns', async () => {
    scratch.behind('changing.db', SCHEMA);
    const source = scratch.open({ database: 'changing.db' });
    const text = 'SELECT * FROM city WHERE country = ? AND name = ?';
    expect(await placeOf(source, text, ['CH', 'Basel'])).toBe('inline');
    scratch.behind('changing.db', `DROP INDEX city_place; ALTER TABLE city ADD COLUMN river TEXT DEFAULT 'Rhein'`);
    const { inline } = source.counts;
    expect(await rowsOf(source, text, ['CH', 'Basel'])).toMatchObject([{ name: 'Basel', river: 'Rhein' }]);
    expect(await rowsOf(source, text, ['CH', 'Basel'])).toMatchObject([{ name: 'Basel', river: 'Rhein' }]);
    expect(source.counts.inline).toBe(inline);
    scratch.behind('changing.db', 'CREATE UNIQUE INDEX city_place ON city (country, name)');
    const other = 'SELECT river FROM city WHERE country = ? AND name = ?';
    expect(await placeOf(source, other, ['CH', 'Basel'])).toBe('inline');
  });

  it('leaves a long value to the pool', async () => {
    scratch.behind(
      'long.db',
      `CREATE TABLE t (id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (1, 'short'), (2, zeroblob(3000000))`,
    );
    const source = scratch.open({ database: 'long.db' });
    const text = 'SELECT length(v) AS n, v FROM t WHERE id = ?';
    expect(await placeOf(source, text, [1])).toBe('inline');
    const { inline } = source.counts;
    expect(await rowsOf(source, text, [2], { maxBytes: 10_000_000 })).toMatchObject([{ n: 3_000_000 }]);
    expect(source.counts.inline).toBe(inline);
  });

  it('waits in the pool, not on the event loop, while another process holds the file', async () => {
    scratch.behind('locked.db', 'CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1)');
    const source = scratch.open({ database: 'locked.db', busyTimeout: '50ms' });
    const text = 'SELECT id FROM t WHERE id = ?';
    expect(await placeOf(source, text, [1])).toBe('inline');
    const { DatabaseSync } = await import('node:sqlite');
    const writer = new DatabaseSync(scratch.path('locked.db'));
    writer.exec('BEGIN EXCLUSIVE');
    const started = process.threadCpuUsage();
    await expect(rowsOf(source, text, [1])).rejects.toThrow('database is locked: another write took longer');
    expect(process.threadCpuUsage(started).user).toBeLessThan(50_000);
    writer.exec('COMMIT');
    writer.close();
    expect(await rowsOf(source, text, [1])).toEqual([{ id: 1 }]);
  });

  it('reads the new file within a second of the old one being replaced', async () => {
    scratch.behind('old.db', `CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO t VALUES (1, 'old')`);
    copyFileSync(scratch.path('old.db'), scratch.path('new.db'));
    scratch.behind('new.db', `UPDATE t SET v = 'new'`);
    let now = 0;
    const source = scratch.open({ database: 'old.db' }, { now: () => now });
    const lookup = async () => rowsOf(source, 'SELECT v FROM t WHERE id = ?', [1]);
    const scan = async () => rowsOf(source, 'SELECT v FROM t', []);
    expect([await lookup(), await lookup(), await scan()]).toEqual([[{ v: 'old' }], [{ v: 'old' }], [{ v: 'old' }]]);
    renameSync(scratch.path('new.db'), scratch.path('old.db'));
    now = 1000;
    expect([await lookup(), await scan(), await lookup()]).toEqual([[{ v: 'new' }], [{ v: 'new' }], [{ v: 'new' }]]);
  });
});
