import { afterAll, beforeAll, describe } from 'vitest';
import { postgresDatabase, type PostgresDatabase } from '../../../../../test/postgres.ts';
import type { SqlSource } from '../../source.ts';
import { sqlSourceContract, type SqlSourceHarness } from '../../test/sql-source.contract.ts';
import { openNowhere, openPostgres } from './postgres-harness.ts';

describe.each([
  { whose: 'what a caller wrote', as: (source: SqlSource) => source },
  { whose: 'what the author of a tool wrote', as: authored },
])('$whose', ({ as }) => {
  let database: PostgresDatabase;
  beforeAll(async () => {
    database = await postgresDatabase();
  });
  afterAll(async () => {
    await database.drop();
  });
  sqlSourceContract('postgres', {
    ...dialect,
    open: (options) => as(openPostgres(database, options)),
    openUnreachable: async () => as(await openNowhere(database)),
    running: async (marker) => {
      const rows = await database.query<{ count: string }>(
        `SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid() AND query LIKE '%' || $1 || '%'`,
        [marker],
      );
      return Number(rows[0]?.count);
    },
  });
});

/** The same source when every text is a tool's own: prepared and, where it may be, already warm. */
function authored(source: SqlSource): SqlSource {
  return {
    type: source.type,
    dialect: source.dialect,
    readOnly: source.readOnly,
    query: async (query, limits) => {
      const fixed = { ...query, fixed: true };
      if (limits.readOnly) await Promise.resolve(source.query(fixed, limits)).catch(() => undefined);
      return source.query(fixed, limits);
    },
    check: async (signal) => source.check(signal),
    close: async () => source.close(),
  };
}

const dialect: Omit<SqlSourceHarness, 'open' | 'openUnreachable' | 'running'> = {
  placeholder: (position, type) => `$${position}::${type}`,
  types: { integer: 'integer', text: 'text' },
  series: (rows) => `SELECT generate_series(1, ${rows}) AS n`,
  endless: (marker) => `SELECT pg_sleep(600) AS slept, '${marker}' AS marker`,
  values: [
    { title: 'a small bigint', sql: `42::int8`, json: 42 },
    { title: 'the largest exact bigint', sql: `9007199254740991::int8`, json: 9007199254740991 },
    { title: 'a bigint beyond doubles', sql: `9007199254740993::int8`, json: '9007199254740993' },
    { title: 'the smallest bigint', sql: `(-9223372036854775808)::int8`, json: '-9223372036854775808' },
    { title: 'smallint and integer', sql: `ARRAY[1::int2, 2::int4]`, json: [1, 2] },
    { title: 'a numeric with its scale', sql: `12.50::numeric(10,2)`, json: '12.50' },
    {
      title: 'a numeric beyond doubles',
      sql: `12345678901234567890.123456789::numeric`,
      json: '12345678901234567890.123456789',
    },
    { title: 'numeric NaN', sql: `'NaN'::numeric`, json: 'NaN' },
    { title: 'a double', sql: `0.1::float8`, json: 0.1 },
    { title: 'a real as it is written', sql: `0.1::float4`, json: 0.1 },
    { title: 'NaN', sql: `'NaN'::float8`, json: 'NaN' },
    { title: 'infinities', sql: `ARRAY['Infinity'::float8, '-Infinity']`, json: ['Infinity', '-Infinity'] },
    { title: 'booleans', sql: `ARRAY[true, false, NULL]`, json: [true, false, null] },
    { title: 'bytes', sql: `'\\x00ff10'::bytea`, json: 'AP8Q' },
    { title: 'no bytes', sql: `''::bytea`, json: '' },
    { title: 'an array of bytes', sql: `ARRAY['\\x00'::bytea, '\\xff']`, json: ['AA==', '/w=='] },
    { title: 'a date', sql: `date '2024-02-29'`, json: '2024-02-29' },
    { title: 'a date without end', sql: `date 'infinity'`, json: 'infinity' },
    {
      title: 'a timestamp without a zone',
      sql: `timestamp '2024-02-29 13:14:15.6789'`,
      json: '2024-02-29T13:14:15.6789',
    },
    { title: 'a timestamp before Christ', sql: `timestamp '0044-03-15 12:00 BC'`, json: '0044-03-15 12:00:00 BC' },
    { title: 'a time', sql: `time '13:14:15'`, json: '13:14:15' },
    { title: 'a time with its offset', sql: `timetz '13:14:15+05:30'`, json: '13:14:15+05:30' },
    { title: 'an interval', sql: `interval '1 year 2 months 3 days 04:05:06.789'`, json: 'P1Y2M3DT4H5M6.789S' },
    { title: 'a negative interval', sql: `interval '-1 day -02:03:00'`, json: 'P-1DT-2H-3M' },
    { title: 'an interval of mixed signs', sql: `interval '1 month -3 days +02:00'`, json: 'P1M-3DT2H' },
    { title: 'no interval', sql: `interval '0'`, json: 'PT0S' },
    {
      title: 'a uuid',
      sql: `'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'::uuid`,
      json: 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
    },
    { title: 'json', sql: `'{"a": [1, null, "x"]}'::json`, json: { a: [1, null, 'x'] } },
    { title: 'jsonb', sql: `'"text"'::jsonb`, json: 'text' },
    {
      title: 'a number in jsonb beyond doubles',
      sql: `'[9007199254740993, 1.5, 0.12345678901234567891]'::jsonb`,
      json: ['9007199254740993', 1.5, '0.12345678901234567891'],
    },
    {
      title: 'an array of text',
      sql: `ARRAY['a', 'b,c', '"q"', '{x}', 'back\\slash', 'NULL', '', NULL]`,
      json: ['a', 'b,c', '"q"', '{x}', 'back\\slash', 'NULL', '', null],
    },
    {
      title: 'nested arrays',
      sql: `ARRAY[[1, 2], [3, NULL]]`,
      json: [
        [1, 2],
        [3, null],
      ],
    },
    { title: 'an empty array', sql: `ARRAY[]::int[]`, json: [] },
    { title: 'an array that starts at 0', sql: `'[0:1]={7,8}'::int[]`, json: [7, 8] },
    { title: 'an array of numerics', sql: `ARRAY[1.10, 2]::numeric[]`, json: ['1.10', '2'] },
    { title: 'an array of jsonb', sql: `ARRAY['{"a":"b c"}'::jsonb]`, json: [{ a: 'b c' }] },
    { title: 'a range', sql: `int4range(1, 5)`, json: '[1,5)' },
    { title: 'a composite', sql: `ROW(1, 'x y', NULL)`, json: '(1,"x y",)' },
    { title: 'inet', sql: `'10.0.0.1/8'::inet`, json: '10.0.0.1/8' },
    { title: 'money as the server writes it', sql: `'12.34'::numeric::text`, json: '12.34' },
    { title: 'bits', sql: `B'1010'`, json: '1010' },
    { title: 'void', sql: `pg_sleep(0)`, json: '' },
  ],
  bound: [
    { title: 'an integer', value: 7, sql: () => '$1::int', json: 7 },
    { title: 'a bigint', value: 9007199254740993n, sql: () => '$1::int8', json: '9007199254740993' },
    { title: 'a double', value: 0.1, sql: () => '$1::float8', json: 0.1 },
    { title: 'a boolean', value: true, sql: () => '$1::boolean', json: true },
    { title: 'null', value: null, sql: (placeholder) => placeholder, json: null },
    { title: 'bytes', value: Uint8Array.of(0, 255), sql: () => '$1::bytea', json: 'AP8=' },
    {
      title: 'an array of text',
      value: ['a"b', 'c\\d', '{e,f}', 'NULL', null],
      sql: () => '$1::text[]',
      json: ['a"b', 'c\\d', '{e,f}', 'NULL', null],
    },
    { title: 'an array of integers', value: [1, 2, null], sql: () => '$1::int[]', json: [1, 2, null] },
    {
      title: 'an array of bytes',
      value: [Uint8Array.of(0), Uint8Array.of(255)],
      sql: () => '$1::bytea[]',
      json: ['AA==', '/w=='],
    },
    {
      title: 'nested arrays',
      value: [
        [1, 2],
        [3, 4],
      ],
      sql: () => '$1::int[]',
      json: [
        [1, 2],
        [3, 4],
      ],
    },
    { title: 'an empty array', value: [], sql: () => '$1::text[]', json: [] },
    { title: 'an object as jsonb', value: { a: [1, 'x'] }, sql: () => '$1::jsonb', json: { a: [1, 'x'] } },
    { title: 'an array as jsonb', value: [1, 'x', { y: null }], sql: () => '$1::jsonb', json: [1, 'x', { y: null }] },
    { title: 'a number as text', value: 5, sql: (placeholder) => placeholder, json: '5' },
  ],
  escapes: [
    { title: 'setting the default', sql: 'SET default_transaction_read_only = off', harmless: true },
    { title: 'setting the session', sql: 'SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE', harmless: true },
    { title: 'setting the transaction', sql: 'SET TRANSACTION READ WRITE', harmless: true },
    { title: 'setting the transaction by name', sql: 'SET transaction_read_only = off', harmless: true },
    { title: 'setting it in a query', sql: `SELECT set_config('transaction_read_only', 'off', false)` },
    {
      title: 'setting the default in a query',
      sql: `SELECT set_config('default_transaction_read_only', 'off', false)`,
      harmless: true,
    },
    { title: 'committing', sql: 'COMMIT', harmless: true },
    { title: 'committing into a new transaction', sql: 'COMMIT AND CHAIN', harmless: true },
    { title: 'rolling back', sql: 'ROLLBACK', harmless: true },
    { title: 'beginning anew', sql: 'BEGIN READ WRITE', harmless: true },
    { title: 'discarding the session', sql: 'DISCARD ALL' },
    { title: 'dropping our own statements', sql: 'DEALLOCATE ALL', harmless: true },
    { title: 'replacing our own statements', sql: `PREPARE chatelaine_begin AS SELECT 1` },
    { title: 'two statements', sql: `COMMIT; INSERT INTO guarded VALUES (9, 'x')` },
    { title: 'two statements after a comment', sql: `SELECT 1 /* ; */ ; DELETE FROM guarded` },
    {
      title: 'a write in a common table expression',
      sql: `WITH gone AS (DELETE FROM guarded RETURNING *) SELECT * FROM gone`,
    },
    { title: 'explaining a write by doing it', sql: 'EXPLAIN ANALYZE DELETE FROM guarded' },
    { title: 'a block that commits', sql: `DO $$ BEGIN COMMIT; INSERT INTO guarded VALUES (9, 'x'); END $$` },
    {
      title: 'a block that switches',
      sql: `DO $$ BEGIN SET TRANSACTION READ WRITE; INSERT INTO guarded VALUES (9, 'x'); END $$`,
    },
    {
      title: 'a block that switches by name',
      sql: `DO $$ BEGIN PERFORM set_config('transaction_read_only', 'off', true); DELETE FROM guarded; END $$`,
    },
    {
      title: 'a block that switches in a subtransaction',
      sql: `DO $$ BEGIN BEGIN SET LOCAL transaction_read_only = off; EXCEPTION WHEN OTHERS THEN NULL; END; DELETE FROM guarded; END $$`,
    },
    {
      title: 'a procedure that commits',
      before: [
        `CREATE OR REPLACE PROCEDURE sly() LANGUAGE plpgsql AS $$ BEGIN COMMIT; SET TRANSACTION READ WRITE; DELETE FROM guarded; COMMIT; END $$`,
      ],
      sql: 'CALL sly()',
    },
    {
      title: 'a function that writes',
      before: [`CREATE OR REPLACE FUNCTION wipe() RETURNS int LANGUAGE sql AS $$ DELETE FROM guarded RETURNING id $$`],
      sql: 'SELECT wipe()',
    },
    {
      title: 'a function that says it is stable and writes',
      before: [
        `CREATE OR REPLACE FUNCTION liar() RETURNS void STABLE LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'DELETE FROM guarded'; END $$`,
      ],
      sql: 'SELECT liar()',
    },
    { title: 'locking for update', sql: 'SELECT * FROM guarded FOR UPDATE' },
    { title: 'copying in', sql: 'COPY guarded FROM STDIN' },
    { title: 'truncating', sql: 'TRUNCATE guarded' },
    { title: 'a table made by a query', sql: 'CREATE TABLE slipped AS SELECT * FROM guarded' },
    { title: 'a table made by SELECT INTO', sql: 'SELECT * INTO slipped FROM guarded' },
    { title: 'a temporary table of the same name', sql: 'CREATE TEMP TABLE guarded (id int, note text)' },
    { title: 'a sequence', before: ['CREATE SEQUENCE IF NOT EXISTS counted'], sql: `SELECT nextval('counted')` },
    { title: 'renaming', sql: 'ALTER TABLE guarded RENAME TO other' },
    { title: 'settings of the server', sql: `ALTER SYSTEM SET work_mem = '8MB'` },
    { title: 'settings of the role', sql: 'ALTER ROLE CURRENT_USER SET default_transaction_read_only = off' },
    { title: 'vacuuming', sql: 'VACUUM guarded' },
    { title: 'preparing a transaction', sql: `PREPARE TRANSACTION 'kept'` },
    { title: 'large objects', sql: `SELECT lo_from_bytea(0, 'x')` },
    { title: 'a savepoint', sql: 'SAVEPOINT s', harmless: true },
    { title: 'declaring a cursor that holds', sql: 'DECLARE kept CURSOR WITH HOLD FOR SELECT 1', harmless: true },
  ],
  leaks: [
    { title: 'a setting', change: `SET search_path = nowhere`, probe: 'SHOW search_path' },
    {
      title: 'a setting made in a query',
      change: `SELECT set_config('app.tenant', 'a', false)`,
      probe: `SELECT nullif(current_setting('app.tenant', true), '') AS v`,
    },
    { title: 'a date style', change: `SET datestyle = 'German'`, probe: `SELECT date '2024-02-29' AS v` },
    { title: 'a temporary table', change: 'CREATE TEMP TABLE mine AS SELECT 1 AS x', probe: 'SELECT x FROM mine' },
    { title: 'an open transaction', change: 'BEGIN', probe: `SELECT now() = statement_timestamp() AS fresh` },
    {
      title: 'a failed transaction',
      change: 'START TRANSACTION ISOLATION LEVEL SERIALIZABLE',
      probe: 'SHOW transaction_isolation',
    },
    {
      title: 'a prepared statement',
      change: 'PREPARE mine AS SELECT 1',
      probe: `SELECT count(*) FROM pg_prepared_statements WHERE name = 'mine'`,
    },
    {
      title: 'a lock of the session',
      change: 'SELECT pg_advisory_lock(42)',
      probe: `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()`,
    },
    { title: 'a role', change: 'SET ROLE pg_monitor', probe: 'SELECT current_user AS v' },
    {
      title: 'a subscription to notifications',
      change: 'LISTEN news',
      probe: 'SELECT count(*) FROM pg_listening_channels()',
    },
    {
      title: 'a cursor that holds',
      change: 'DECLARE kept CURSOR WITH HOLD FOR SELECT 1',
      probe: 'SELECT count(*) FROM pg_cursors',
    },
  ],
};
