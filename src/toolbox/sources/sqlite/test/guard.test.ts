import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeOf, rowsOf, testLimits } from '../../test/sql-source.contract.ts';
import type { SqliteSource } from '../source.ts';
import { Scratch } from './scratch.fixture.ts';

const scratch = new Scratch();
afterAll(async () => scratch.remove());

describe('on a source that may write', () => {
  let source: SqliteSource;
  beforeAll(() => {
    scratch.behind(
      'guard.db',
      `CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); CREATE TABLE log (id); INSERT INTO t VALUES (1, 'a');
       CREATE TRIGGER logged AFTER INSERT ON t BEGIN INSERT INTO log VALUES (last_insert_rowid()); END`,
    );
    source = scratch.open({ database: 'guard.db', processes: 1 });
  });

  it.each([
    [`ATTACH 'other.db' AS other`, 'ATTACH'],
    [`ATTACH ':memory:' AS other`, 'ATTACH'],
    ['DETACH main', 'DETACH'],
    ['VACUUM', 'VACUUM'],
    [`VACUUM INTO 'copy.db'`, 'VACUUM'],
    ['BEGIN', 'transactions are refused'],
    ['COMMIT', 'transactions are refused'],
    ['SAVEPOINT s', 'savepoints are refused'],
    ['CREATE TEMP TABLE x (a)', 'temporary'],
    ['CREATE TABLE temp.x (a)', 'temporary'],
    ['CREATE VIEW temp.x AS SELECT 1', 'temporary'],
    ['CREATE TRIGGER temp.x AFTER INSERT ON t BEGIN DELETE FROM t; END', 'temporary'],
    ['CREATE TEMP VIEW x AS SELECT 1', 'temporary'],
    ['CREATE TEMP TRIGGER x AFTER INSERT ON t BEGIN DELETE FROM t; END', 'temporary'],
    ['CREATE VIRTUAL TABLE temp.x USING fts5(a)', 'temporary'],
    ['PRAGMA writable_schema = on', 'PRAGMA writable_schema'],
    ['PRAGMA case_sensitive_like = on', 'PRAGMA case_sensitive_like'],
    ['PRAGMA foreign_keys = off', 'PRAGMA foreign_keys'],
    ['PRAGMA journal_mode = off', 'PRAGMA journal_mode'],
    ['PRAGMA busy_timeout = 1000000', 'PRAGMA busy_timeout'],
    ["PRAGMA temp_store_directory = '.'", 'PRAGMA temp_store_directory'],
    [`SELECT load_extension('x')`, 'load_extension'],
    [`SELECT fts3_tokenizer('x', x'00')`, 'fts3_tokenizer'],
    ['SELECT last_insert_rowid()', 'RETURNING'],
    [`INSERT INTO sqlite_schema VALUES ('table', 'x', 'x', 2, 'CREATE TABLE x (a)')`, 'may not be modified'],
    ['SELECT length(zeroblob(100000000))', 'string or blob too big'],
  ])('refuses %s', async (sql, words) => {
    const answer = rowsOf(source, sql);
    await expect(answer).rejects.toThrow(words);
    expect(await codeOf(answer)).toBe('SQL_FAILED');
  });

  it.each([
    ['PRAGMA user_version = 5', 'PRAGMA user_version', [{ user_version: 5 }]],
    ['CREATE VIRTUAL TABLE words USING fts5(v)', 'SELECT count(*) AS n FROM words', [{ n: 0 }]],
    [`INSERT INTO t (v) VALUES ('b')`, 'SELECT * FROM log', [{ id: 2 }]],
    ['ANALYZE', `SELECT count(*) > 0 AS known FROM sqlite_stat1`, [{ known: 1 }]],
    ['ALTER TABLE log RENAME COLUMN id TO row', `SELECT name FROM pragma_table_info('log')`, [{ name: 'row' }]],
  ])('lets %s pass', async (sql, probe, expected) => {
    await rowsOf(source, sql);
    expect(await rowsOf(source, probe)).toEqual(expected);
  });

  it('keeps every row that a truncated RETURNING changed', async () => {
    scratch.behind(
      'returning.db',
      'CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER DEFAULT 0); INSERT INTO t (id) VALUES (1), (2), (3)',
    );
    const returning = scratch.open({ database: 'returning.db' });
    const text = 'UPDATE t SET v = 1 RETURNING id';
    const answer = await returning.query({ text, values: [] }, testLimits({ maxRows: 1 }));
    expect(answer).toEqual({ rows: [{ id: 1 }], truncated: { by: 'maxRows', limit: 1 } });
    expect(await rowsOf(returning, 'SELECT sum(v) AS n FROM t')).toEqual([{ n: 3 }]);
  });

  it('counts changed rows for statements that change rows, and for no other', async () => {
    scratch.behind('counts.db', 'CREATE TABLE t (id INTEGER PRIMARY KEY)');
    const counting = scratch.open({ database: 'counts.db', processes: 1 });
    const affected = async (text: string) => (await counting.query({ text, values: [] }, testLimits())).affected;
    expect(await affected('INSERT INTO t VALUES (1), (2), (3)')).toBe(3);
    expect(await affected('CREATE TABLE u (id)')).toBeUndefined();
    expect(await affected('DELETE FROM t WHERE id > 5')).toBe(0);
    expect(await affected('DELETE FROM t')).toBe(3);
    expect(await affected('DROP TABLE t')).toBeUndefined();
  });
});

describe('in memory', () => {
  it('keeps one database for all calls, and refuses writes in read-only calls alone', async () => {
    const source = scratch.open({ database: ':memory:' });
    await rowsOf(source, 'CREATE TABLE t (id INTEGER PRIMARY KEY)');
    await Promise.all([1, 2, 3].map(async (id) => rowsOf(source, 'INSERT INTO t VALUES (?)', [id])));
    expect(await rowsOf(source, 'SELECT count(*) AS n FROM t', [], { readOnly: true })).toEqual([{ n: 3 }]);
    for (const text of ['INSERT INTO t VALUES (9)', 'PRAGMA user_version = 3', 'DROP TABLE t']) {
      expect([text, await codeOf(rowsOf(source, text, [], { readOnly: true }))]).toEqual([text, 'READ_ONLY']);
    }
    await rowsOf(source, 'INSERT INTO t VALUES (9)');
    expect(await rowsOf(source, 'SELECT max(id) AS n FROM t')).toEqual([{ n: 9 }]);
  });
});

describe('a file', () => {
  it('is not made by a read-only source', async () => {
    const source = scratch.open({ database: 'absent.db', readOnly: true });
    const answer = rowsOf(source, 'SELECT 1 AS one');
    await expect(answer).rejects.toThrow(/absent\.db.*unable to open database file/);
    expect(await codeOf(answer)).toBe('SOURCE_UNREACHABLE');
    scratch.behind('absent.db', 'CREATE TABLE t (id)');
    expect(await rowsOf(source, 'SELECT * FROM t')).toEqual([]);
  });

  it('that is no database is called unreachable', async () => {
    const { writeFileSync } = await import('node:fs');
    writeFileSync(scratch.path('junk.db'), 'not a database, '.repeat(100));
    const source = scratch.open({ database: 'junk.db' });
    expect(await codeOf(rowsOf(source, 'SELECT * FROM sqlite_schema'))).toBe('SOURCE_UNREACHABLE');
    await expect(source.check(new AbortController().signal)).rejects.toThrow('file is not a database');
  });
});
