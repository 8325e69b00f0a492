import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runTool } from '../../test/run-tool.fixture.ts';
import { codeOf, rowsOf, sqlSourceContract } from '../../test/sql-source.contract.ts';
import { reportTool } from '../../report-tool.ts';
import { duckdbSchema, type DuckdbConfig } from '../config.ts';
import { DuckdbSource } from '../source.ts';
import { describeTable, listTables } from '../tables.ts';

const directory = mkdtempSync(join(tmpdir(), 'chatelaine-duckdb-'));
const opened: DuckdbSource[] = [];
afterAll(async () => {
  await Promise.all(opened.map(async (source) => source.close()));
  rmSync(directory, { recursive: true, force: true });
});

function open(database: string, fields: Partial<Record<keyof DuckdbConfig, unknown>> = {}): DuckdbSource {
  const config = duckdbSchema.parse({ database, memoryLimit: '256MiB', threads: 1, ...fields });
  const source = new DuckdbSource(config, { name: 'scratch', directory });
  opened.push(source);
  return source;
}

sqlSourceContract('duckdb', {
  open: ({ readOnly }) => open('contract.duckdb', { readOnly: readOnly === true }),
  openUnreachable: () => open('no-such-folder/contract.duckdb'),
  placeholder: (position) => `$${position}`,
  types: { integer: 'INTEGER', text: 'VARCHAR' },
  series: (rows) => `SELECT (range + 1)::BIGINT AS n FROM range(${rows})`,
  endless: (marker) =>
    `SELECT 1::INTEGER AS n FROM range(100000000000) AS a(x), range(1000) AS b(y) WHERE x + y < 0 AND '${marker}' <> ''`,
  values: [
    { title: 'a BOOLEAN', sql: 'true', json: true },
    { title: 'an INTEGER', sql: '42', json: 42 },
    { title: 'a BIGINT below 2^53', sql: '9007199254740991', json: 9_007_199_254_740_991 },
    { title: 'a BIGINT beyond 2^53', sql: '9007199254740993', json: '9007199254740993' },
    {
      title: 'a HUGEINT',
      sql: '170141183460469231731687303715884105727',
      json: '170141183460469231731687303715884105727',
    },
    { title: 'a small HUGEINT', sql: 'sum(7::BIGINT)', json: 7 },
    { title: 'a DECIMAL', sql: '12.50::DECIMAL(10, 2)', json: '12.50' },
    { title: 'a DOUBLE', sql: '0.1::DOUBLE', json: 0.1 },
    { title: 'a FLOAT', sql: '0.1::FLOAT', json: 0.1 },
    { title: 'a DOUBLE that is no number', sql: `'nan'::DOUBLE`, json: 'NaN' },
    { title: 'a VARCHAR', sql: `'Zürich 🗝️'`, json: 'Zürich 🗝️' },
    { title: 'a BLOB', sql: `'\\x00\\xFF\\x10'::BLOB`, json: 'AP8Q' },
    { title: 'a BIT', sql: `'0101'::BIT`, json: '0101' },
    {
      title: 'a UUID',
      sql: `'6ba7b810-9dad-11d1-80b4-00c04fd430c8'::UUID`,
      json: '6ba7b810-9dad-11d1-80b4-00c04fd430c8',
    },
    { title: 'an ENUM', sql: `'b'::ENUM('a', 'b')`, json: 'b' },
    { title: 'a DATE', sql: `DATE '2026-11-21'`, json: '2026-11-21' },
    { title: 'a TIME', sql: `TIME '12:34:56.789'`, json: '12:34:56.789' },
    { title: 'a TIME with an offset', sql: `'12:34:56+05:30'::TIMETZ`, json: '12:34:56+05:30' },
    { title: 'a TIMESTAMP', sql: `TIMESTAMP '2026-11-21 12:34:56.789012'`, json: '2026-11-21T12:34:56.789012' },
    {
      title: 'a TIMESTAMP in nanoseconds',
      sql: `'2026-11-21 12:34:56.789012345'::TIMESTAMP_NS`,
      json: '2026-11-21T12:34:56.789012345',
    },
    { title: 'a TIMESTAMP with time zone', sql: `'2026-11-21 12:34:56+05'::TIMESTAMPTZ`, json: '2026-11-21T07:34:56Z' },
    { title: 'an infinite TIMESTAMP', sql: `'infinity'::TIMESTAMPTZ`, json: 'infinity' },
    { title: 'an INTERVAL', sql: `INTERVAL '14 months 3 days 4:05:06.7'`, json: 'P1Y2M3DT4H5M6.7S' },
    { title: 'a negative INTERVAL', sql: `INTERVAL '-1 day' + INTERVAL '-0.5 seconds'`, json: 'P-1DT-0.5S' },
    { title: 'an empty INTERVAL', sql: `INTERVAL '0 days'`, json: 'PT0S' },
    { title: 'a LIST', sql: '[1, NULL, 9007199254740993]', json: [1, null, '9007199254740993'] },
    { title: 'an ARRAY', sql: `['2026-11-21']::DATE[1]`, json: ['2026-11-21'] },
    { title: 'a STRUCT', sql: `{'a': 1.5::DECIMAL(3, 1), 'b': [{'c': NULL}]}`, json: { a: '1.5', b: [{ c: null }] } },
    { title: 'a MAP with text keys', sql: `MAP {'a': 1, 'b': 2}`, json: { a: 1, b: 2 } },
    { title: 'a MAP with other keys', sql: `MAP {1: 'a'}`, json: [{ key: 1, value: 'a' }] },
    { title: 'a UNION', sql: `union_value(age := 5)`, json: { age: 5 } },
    { title: 'a VARIANT', sql: `{'a': 42}::VARIANT`, json: { a: 42 } },
    { title: 'JSON', sql: `'{"a": [9007199254740993]}'::JSON`, json: { a: ['9007199254740993'] } },
  ],
  bound: [
    { title: 'a text', value: 'it’s', sql: (at) => at, json: 'it’s' },
    { title: 'a whole number', value: 7, sql: (at) => `typeof(${at}) || ${at} // 2`, json: 'BIGINT3' },
    { title: 'a fraction', value: 7.5, sql: (at) => `typeof(${at}) || ${at}`, json: 'DOUBLE7.5' },
    { title: 'a bigint beyond 64 bits', value: 2n ** 100n, sql: (at) => at, json: String(2n ** 100n) },
    { title: 'a truth value', value: true, sql: (at) => at, json: true },
    { title: 'null', value: null, sql: (at) => at, json: null },
    { title: 'bytes', value: new Uint8Array([0, 255]), sql: (at) => `hex(${at})`, json: '00FF' },
    { title: 'a date as text', value: '2026-11-21', sql: (at) => `DATE '2026-11-21' = ${at}`, json: true },
    { title: 'an array of whole numbers', value: [1, null, 3], sql: (at) => `list_sum(${at})`, json: 4 },
    { title: 'an array of numbers', value: [1, 2.5], sql: (at) => `typeof(${at})`, json: 'DOUBLE[]' },
    { title: 'an array of texts', value: ['a', 'b'], sql: (at) => `list_contains(${at}, 'b')`, json: true },
    { title: 'an array of arrays', value: [['a'], []], sql: (at) => `len(${at})`, json: 2 },
    { title: 'an empty array', value: [], sql: (at) => `len(${at})`, json: 0 },
    { title: 'a mixed array, as JSON', value: [1, 'b'], sql: (at) => `${at}::JSON ->> 1`, json: 'b' },
    { title: 'an object, as JSON', value: { a: { b: 2 } }, sql: (at) => `(${at}::JSON -> 'a.b')`, json: null },
  ],
  escapes: [
    { title: 'leaving the transaction', sql: 'COMMIT' },
    { title: 'a transaction of its own', sql: 'BEGIN' },
    { title: 'attaching the same file', sql: `ATTACH 'contract.duckdb' AS other` },
    { title: 'attaching a database in memory', sql: `ATTACH ':memory:' AS other` },
    { title: 'an unlocked configuration', sql: 'SET lock_configuration = false' },
    { title: 'another access mode', sql: `SET access_mode = 'read_write'` },
    { title: 'explaining by running', sql: 'EXPLAIN ANALYZE DELETE FROM guarded' },
    { title: 'a write that returns rows', sql: 'DELETE FROM guarded RETURNING id' },
    { title: 'a merge', sql: 'MERGE INTO guarded USING (SELECT 1 AS id) AS s USING (id) WHEN MATCHED THEN DELETE' },
    { title: 'a file', sql: `COPY guarded TO 'out.csv'` },
    { title: 'a macro', sql: 'CREATE MACRO m(a) AS a' },
    { title: 'a prepared write', sql: 'PREPARE p AS DELETE FROM guarded' },
    { title: 'a temporary table', sql: 'CREATE TEMP TABLE guarded (id INTEGER)', harmless: true },
    { title: 'a checkpoint', sql: 'CHECKPOINT', harmless: true },
  ],
  leaks: [
    { title: 'a temporary table', change: 'CREATE TEMP TABLE hidden AS SELECT 1 AS a', probe: 'SELECT * FROM hidden' },
    { title: 'a temporary macro', change: 'CREATE TEMP MACRO hidden() AS 1', probe: 'SELECT hidden()' },
    {
      title: 'a log of what others run',
      change: `SELECT * FROM query('SELECT * FROM enable_' || 'logging()')`,
      probe: 'SELECT count(*) AS n FROM duckdb_logs',
    },
  ],
});

describe('a duckdb source', () => {
  it.each([
    [`SELECT * FROM read_csv('secrets.csv')`, 'file system operations are disabled'],
    [`SELECT * FROM 'secrets.csv'`, 'file system operations are disabled'],
    [`SELECT * FROM glob('*')`, 'file system operations are disabled'],
    [`COPY (SELECT 1) TO 'out.csv'`, 'file system operations are disabled'],
    ['INSTALL httpfs', 'refused'],
    ['LOAD httpfs', 'refused'],
    [`EXPORT DATABASE 'out'`, 'file system operations are disabled'],
    ['SET threads = 64', 'refused'],
    [`PRAGMA memory_limit = '64GB'`, 'refused'],
    ['PRAGMA enable_profiling', 'refused'],
    ['SELECT * FROM enable_logging()', 'log holds the statements of other callers'],
    ['SELECT row(1, 2) AS pair', 'struct_pack'],
    ['SELECT $name', 'without a position'],
  ])('refuses %s', async (sql, words) => {
    writeFileSync(join(directory, 'secrets.csv'), 'a\n1\n');
    const source = open('refusals.duckdb');
    const answer = rowsOf(source, sql, sql.includes('$') ? ['x'] : []);
    await expect(answer).rejects.toThrow(words);
    expect(await codeOf(answer)).toBe('SQL_FAILED');
  });

  it('reads files where its configuration says so', async () => {
    writeFileSync(join(directory, 'cities.csv'), 'name,people\nBasel,173000\n');
    const source = open(':memory:', { externalAccess: true });
    const file = join(directory, 'cities.csv').replaceAll("'", "''");
    expect(await rowsOf(source, `SELECT * FROM read_csv('${file}')`)).toEqual([{ name: 'Basel', people: 173000 }]);
    const copy = `COPY (SELECT 1) TO '${file}'`;
    expect(await codeOf(rowsOf(source, copy, [], { readOnly: true }))).toBe('READ_ONLY');
  });

  it('opens a read-only file for reading, and makes none', async () => {
    const missing = open('missing.duckdb', { readOnly: true });
    expect(await codeOf(rowsOf(missing, 'SELECT 1 AS one'))).toBe('SOURCE_UNREACHABLE');
    const writer = open('missing.duckdb');
    await rowsOf(writer, 'CREATE TABLE t AS SELECT 1 AS a');
    await writer.close();
    expect(await rowsOf(missing, 'SELECT a FROM t')).toEqual([{ a: 1 }]);
  });

  it('lets sources with other wishes take turns on one file, and loses nothing', async () => {
    const [one, other, reader] = [
      open('shared.duckdb', { threads: 1 }),
      open('shared.duckdb', { threads: 2 }),
      open('shared.duckdb', { readOnly: true, threads: 1 }),
    ];
    await rowsOf(one, 'CREATE TABLE t (id INTEGER)');
    const insert = async (source: DuckdbSource, id: number) => rowsOf(source, 'INSERT INTO t VALUES ($1)', [id]);
    const count = async () => rowsOf(reader, 'SELECT count(*) AS n FROM t');
    await Promise.all(
      Array.from({ length: 24 }, async (_, id) => (id % 3 === 2 ? count() : insert(id % 3 ? one : other, id))),
    );
    expect(await count()).toEqual([{ n: 16 }]);
    expect(await codeOf(rowsOf(reader, 'DELETE FROM t'))).toBe('READ_ONLY');
  });

  it('keeps the event loop free while a statement runs, and serves others beside it', async () => {
    const source = open('busy.duckdb', { concurrency: 2 });
    await rowsOf(source, 'SELECT 1 AS one');
    const before = process.threadCpuUsage();
    const endless = codeOf(
      rowsOf(source, 'SELECT count(*) AS n FROM range(100000000000) AS a(x), range(1000) AS b(y) WHERE x + y < 0', [], {
        timeoutMs: 800,
      }),
    );
    expect(await Promise.race([endless, rowsOf(source, 'SELECT 2 AS two')])).toEqual([{ two: 2 }]);
    expect(await endless).toBe('TOOL_TIMEOUT');
    expect(process.threadCpuUsage(before).user).toBeLessThan(300_000);
  });

  it('keeps a database in memory to itself', async () => {
    const [one, other] = [open(':memory:'), open(':memory:')];
    await rowsOf(one, 'CREATE TABLE t AS SELECT 1 AS a');
    expect(await rowsOf(one, 'SELECT a FROM t', [], { readOnly: true })).toEqual([{ a: 1 }]);
    expect(await codeOf(rowsOf(other, 'SELECT a FROM t'))).toBe('SQL_FAILED');
  });
});

describe('the table tools of duckdb', () => {
  const source = open('tables.duckdb');

  it('list and describe what there is', async () => {
    await rowsOf(source, "CREATE TABLE city (id INTEGER PRIMARY KEY, name VARCHAR NOT NULL DEFAULT 'nowhere')");
    await rowsOf(source, `COMMENT ON COLUMN city.name IS 'as the people say'`);
    await rowsOf(source, 'CREATE INDEX city_name ON city (name)');
    await rowsOf(source, 'CREATE VIEW large AS SELECT name FROM city');
    const list = async (table_names: string, output_format: string) =>
      runTool(reportTool(listTables), source, { table_names, output_format });
    expect(await list('', 'simple')).toEqual({
      kind: 'rows',
      rows: ['city', 'large'].map((name) => ({
        schema_name: 'main',
        object_name: name,
        object_details: { name },
      })),
    });
    expect(await list('LARGE , none', 'detailed')).toMatchObject({
      rows: [{ object_details: { object_name: 'large', columns: [{ column_name: 'name', data_type: 'VARCHAR' }] } }],
    });
    const describe = async (table_name: string) => runTool(reportTool(describeTable), source, { table_name });
    expect(await describe('main.city')).toMatchObject({
      value: {
        object_name: 'city',
        object_type: 'TABLE',
        columns: [
          { column_name: 'id', data_type: 'INTEGER', ordinal_position: 1, is_not_nullable: true },
          { column_name: 'name', column_default: "'nowhere'", column_comment: 'as the people say' },
        ],
        constraints: [{ constraint_type: 'PRIMARY KEY', constraint_columns: ['id'] }],
        indexes: [{ index_name: 'city_name', is_unique: false }],
        definition: expect.stringContaining('CREATE TABLE city'),
      },
    });
    await expect(describe('citty')).rejects.toThrow('there is no such table or view');
  });
});
