import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { silentLogger, systemClock } from '#kernel';
import { sqlSourceContract } from '../../test/sql-source.contract.ts';
import { sqliteSchema } from '../config.ts';
import { SqliteSource } from '../source.ts';

const directory = await mkdtemp(join(tmpdir(), 'chatelaine-sqlite-'));
afterAll(async () => rm(directory, { recursive: true, force: true }));

const context = { name: 'scratch', directory, log: silentLogger, clock: systemClock };
const open = (database: string, readOnly = false): SqliteSource =>
  new SqliteSource(sqliteSchema.parse({ database, readOnly, processes: 2 }), context);

sqlSourceContract('sqlite', {
  open: ({ readOnly }) => open('contract.db', readOnly),
  openUnreachable: () => open('no-such-folder/contract.db'),
  placeholder: (position) => `$${position}`,
  types: { integer: 'INTEGER', text: 'TEXT' },
  series: (rows) =>
    `WITH RECURSIVE counter(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counter WHERE n < ${rows}) SELECT n FROM counter`,
  endless: (marker) =>
    `WITH RECURSIVE counter(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counter) SELECT n FROM counter WHERE n < 0 AND '${marker}' <> ''`,
  values: [
    { title: 'a small INTEGER', sql: '42', json: 42 },
    { title: 'the largest INTEGER that JSON holds', sql: '9007199254740991', json: 9_007_199_254_740_991 },
    { title: 'an INTEGER beyond 2^53', sql: '9007199254740993', json: '9007199254740993' },
    { title: 'the smallest INTEGER', sql: '-9223372036854775807 - 1', json: '-9223372036854775808' },
    { title: 'a REAL', sql: '0.1', json: 0.1 },
    { title: 'an infinite REAL', sql: '-9e999', json: '-Infinity' },
    { title: 'a TEXT', sql: `'Zürich 🗝️'`, json: 'Zürich 🗝️' },
    { title: 'a BLOB', sql: `x'00ff10'`, json: 'AP8Q' },
    { title: 'a date, which SQLite keeps as text', sql: `date('2026-11-21')`, json: '2026-11-21' },
    { title: 'JSON, which SQLite keeps as text', sql: `json('{"a": [1]}')`, json: '{"a":[1]}' },
    { title: 'a truth value, which SQLite keeps as a number', sql: 'TRUE', json: 1 },
  ],
  bound: [
    { title: 'a text', value: 'it’s', sql: (at) => at, json: 'it’s' },
    { title: 'a whole number, as INTEGER', value: 7, sql: (at) => `typeof(${at}) || (${at} / 2)`, json: 'integer3' },
    { title: 'a fraction, as REAL', value: 7.5, sql: (at) => `typeof(${at}) || ${at}`, json: 'real7.5' },
    { title: 'a bigint beyond 2^53', value: 2n ** 60n + 1n, sql: (at) => at, json: '1152921504606846977' },
    { title: 'a truth value', value: true, sql: (at) => at, json: 1 },
    { title: 'null', value: null, sql: (at) => at, json: null },
    { title: 'bytes', value: new Uint8Array([0, 255]), sql: (at) => `hex(${at})`, json: '00FF' },
    { title: 'an array, as JSON', value: [1, 'b'], sql: (at) => `json_extract(${at}, '$[1]')`, json: 'b' },
    { title: 'an object, as JSON', value: { a: { b: 2 } }, sql: (at) => `${at} ->> '$.a.b'`, json: 2 },
  ],
  escapes: [
    { title: 'query_only off', sql: 'PRAGMA query_only = 0' },
    { title: 'a writable schema', sql: 'PRAGMA writable_schema = 1' },
    { title: 'another journal', sql: 'PRAGMA journal_mode = DELETE' },
    { title: 'a user version', sql: 'PRAGMA user_version = 7' },
    { title: 'attaching the same file', sql: `ATTACH 'contract.db' AS other` },
    { title: 'VACUUM INTO', sql: `VACUUM INTO 'copy.db'` },
    { title: 'VACUUM', sql: 'VACUUM' },
    {
      title: 'a temporary trigger',
      sql: 'CREATE TEMP TRIGGER t AFTER INSERT ON guarded BEGIN DELETE FROM guarded; END',
    },
    { title: 'a transaction left open', sql: 'BEGIN IMMEDIATE' },
    { title: 'loading an extension', sql: `SELECT load_extension('x')` },
    { title: 'a write that returns rows', sql: 'DELETE FROM guarded RETURNING id' },
    { title: 'a write in a common table expression', sql: 'WITH x AS (SELECT 1) DELETE FROM guarded' },
    { title: 'explaining a write', sql: 'EXPLAIN DELETE FROM guarded', harmless: true },
  ],
  // What else would outlive a call is refused altogether: guard.test.ts.
  leaks: [
    {
      title: 'the id of an inserted row',
      change: `INSERT INTO guarded (id, note) VALUES (77, 'x')`,
      probe: 'SELECT last_insert_rowid()',
    },
    { title: 'the number of changed rows', change: `UPDATE guarded SET note = 'y'`, probe: 'SELECT changes()' },
  ],
});
