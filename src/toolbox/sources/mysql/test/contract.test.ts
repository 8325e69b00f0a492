import { afterAll, beforeAll, describe } from 'vitest';
import { mariadbMissing, startMariadb, type TestMariadb } from '../../../../../test/mariadb.ts';
import type { SqlSource } from '../../source.ts';
import { sqlSourceContract, type SqlSourceHarness } from '../../test/sql-source.contract.ts';
import { mariadbNote, openMysql, openNowhere } from './mysql-harness.ts';

describe.skipIf(mariadbMissing !== undefined)(`MariaDB${mariadbNote}`, () => {
  let server: TestMariadb;
  beforeAll(async () => {
    server = await startMariadb();
  });
  afterAll(async () => {
    await server.stop();
  });

  describe.each([
    { whose: 'what a caller wrote', as: (source: SqlSource) => source, database: 'caller' },
    { whose: 'what the author of a tool wrote', as: authored, database: 'author' },
  ])('$whose', ({ as, database }) => {
    beforeAll(async () => {
      await server.query(`CREATE DATABASE ${database} CHARACTER SET utf8mb4`);
    });
    sqlSourceContract('mysql', {
      ...dialect,
      open: (options) => as(openMysql(server, { ...options, database })),
      openUnreachable: async () => as(await openNowhere(server)),
      running: async (marker) => {
        const rows = await server.query<{ n: number }>(
          `SELECT COUNT(*) AS n FROM information_schema.processlist
           WHERE id <> CONNECTION_ID() AND command IN ('Query', 'Execute') AND info LIKE CONCAT('%', ?, '%')`,
          [marker],
        );
        return Number(rows[0]?.n);
      },
    });
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
  placeholder: () => '?',
  types: { integer: 'INT', text: 'VARCHAR(200)' },
  series: (rows) => `SELECT seq AS n FROM seq_1_to_${rows}`,
  endless: (marker) =>
    `SELECT COUNT(*) AS slept, '${marker}' AS marker FROM seq_1_to_1000000 a, seq_1_to_1000000 b WHERE SHA1(a.seq + b.seq) = 'x'`,
  values: [
    { title: 'a small bigint', sql: `CAST(42 AS SIGNED)`, json: 42 },
    { title: 'the largest exact bigint', sql: `9007199254740991`, json: 9007199254740991 },
    { title: 'a bigint beyond doubles', sql: `9007199254740993`, json: '9007199254740993' },
    { title: 'the smallest bigint', sql: `-9223372036854775808`, json: '-9223372036854775808' },
    { title: 'the largest unsigned bigint', sql: `18446744073709551615`, json: '18446744073709551615' },
    { title: 'a decimal with its scale', sql: `CAST(12.50 AS DECIMAL(10,2))`, json: '12.50' },
    {
      title: 'a decimal beyond doubles',
      sql: `CAST('12345678901234567890.123456789' AS DECIMAL(40,9))`,
      json: '12345678901234567890.123456789',
    },
    { title: 'a sum of integers, which is a decimal', sql: `(SELECT SUM(seq) FROM seq_1_to_3)`, json: '6' },
    { title: 'a double', sql: `CAST(0.1 AS DOUBLE)`, json: 0.1 },
    { title: 'a float as it is written', sql: `CAST(0.1 AS FLOAT)`, json: 0.1 },
    { title: 'a boolean, which is a number', sql: `TRUE`, json: 1 },
    { title: 'bytes', sql: `X'00FF10'`, json: 'AP8Q' },
    { title: 'no bytes', sql: `CAST('' AS BINARY)`, json: '' },
    { title: 'a date', sql: `DATE '2024-02-29'`, json: '2024-02-29' },
    { title: 'a datetime', sql: `TIMESTAMP '2024-02-29 13:14:15.678900'`, json: '2024-02-29T13:14:15.678900' },
    { title: 'a datetime at midnight', sql: `CAST('2024-02-29' AS DATETIME)`, json: '2024-02-29T00:00:00' },
    { title: 'a time', sql: `CAST('13:14:15' AS TIME)`, json: '13:14:15' },
    { title: 'a time longer than a day', sql: `CAST('-100:00:01' AS TIME)`, json: '-100:00:01' },
    { title: 'a year', sql: `CAST(2024 AS UNSIGNED)`, json: 2024 },
    { title: 'bits', sql: `b'1010' + 0`, json: 10 },
    { title: 'text beyond the basic plane', sql: `'日本語 🗝️'`, json: '日本語 🗝️' },
    {
      title: 'a uuid',
      sql: `CAST('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11' AS UUID)`,
      json: 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
    },
    { title: 'an address', sql: `CAST('::1' AS INET6)`, json: '::1' },
    { title: 'json', sql: `JSON_OBJECT('a', JSON_ARRAY(1, NULL, 'x'))`, json: { a: [1, null, 'x'] } },
    {
      title: 'a number in json beyond doubles',
      sql: `JSON_COMPACT('[9007199254740993, 1.5]')`,
      json: ['9007199254740993', 1.5],
    },
  ],
  bound: [
    { title: 'an integer', value: 7, sql: () => '?', json: 7 },
    {
      title: 'an integer as a limit',
      value: 2,
      sql: () => '(SELECT COUNT(*) FROM (SELECT seq FROM seq_1_to_9 LIMIT ?) AS l)',
      json: 2,
    },
    { title: 'a bigint', value: 9007199254740993n, sql: () => '?', json: '9007199254740993' },
    { title: 'an unsigned bigint', value: 18446744073709551615n, sql: () => '?', json: '18446744073709551615' },
    { title: 'a double', value: 0.1, sql: () => '?', json: 0.1 },
    { title: 'a boolean', value: true, sql: () => '?', json: 1 },
    { title: 'null', value: null, sql: () => '?', json: null },
    { title: 'bytes', value: Uint8Array.of(0, 255), sql: () => 'CAST(? AS BINARY(2))', json: 'AP8=' },
    { title: 'an array as json', value: [1, 'x', null], sql: () => 'JSON_COMPACT(?)', json: [1, 'x', null] },
    { title: 'an object as json', value: { a: ['b"c'] }, sql: () => 'JSON_COMPACT(?)', json: { a: ['b"c'] } },
  ],
  escapes: [
    { title: 'setting the session', sql: 'SET SESSION TRANSACTION READ WRITE' },
    { title: 'setting the transaction by name', sql: 'SET SESSION tx_read_only = 0' },
    { title: 'committing', sql: 'COMMIT' },
    { title: 'rolling back', sql: 'ROLLBACK' },
    { title: 'beginning anew', sql: 'START TRANSACTION READ WRITE' },
    { title: 'turning autocommit on', sql: 'SET autocommit = 1' },
    { title: 'two statements', sql: `COMMIT; INSERT INTO guarded VALUES (9, 'x')` },
    { title: 'a write that returns rows', sql: `INSERT INTO guarded VALUES (9, 'x') RETURNING id` },
    { title: 'a delete that returns rows', sql: `DELETE FROM guarded RETURNING id` },
    {
      title: 'a write under another setting',
      sql: `SET STATEMENT tx_read_only = 0 FOR INSERT INTO guarded VALUES (9, 'x') RETURNING id`,
    },
    {
      title: 'a compound statement that commits',
      sql: `BEGIN NOT ATOMIC COMMIT; INSERT INTO guarded VALUES (9, 'x'); END`,
    },
    {
      title: 'a compound statement that switches',
      sql: `BEGIN NOT ATOMIC COMMIT; SET SESSION TRANSACTION READ WRITE; DELETE FROM guarded; SELECT 1; END`,
    },
    { title: 'executing a text', sql: `EXECUTE IMMEDIATE 'DELETE FROM guarded'` },
    { title: 'executing a text that returns rows', sql: `EXECUTE IMMEDIATE 'DELETE FROM guarded RETURNING id'` },
    {
      title: 'a procedure that commits',
      before: [
        'CREATE OR REPLACE PROCEDURE sly() BEGIN COMMIT; SET SESSION TRANSACTION READ WRITE; DELETE FROM guarded; SELECT 1; END',
      ],
      sql: 'CALL sly()',
    },
    {
      title: 'a function that writes',
      before: [`CREATE OR REPLACE FUNCTION wipe() RETURNS INT BEGIN DELETE FROM guarded; RETURN 1; END`],
      sql: 'SELECT wipe() AS w',
    },
    {
      title: 'a function that switches and writes',
      before: [
        `CREATE OR REPLACE FUNCTION slyer() RETURNS INT BEGIN SET SESSION tx_read_only = 0; DELETE FROM guarded; RETURN 1; END`,
      ],
      sql: 'SELECT slyer() AS w',
    },
    { title: 'explaining a write by doing it', sql: 'ANALYZE DELETE FROM guarded' },
    { title: 'locking a table', sql: 'LOCK TABLES guarded WRITE' },
    { title: 'truncating', sql: 'TRUNCATE TABLE guarded' },
    { title: 'replacing', sql: `REPLACE INTO guarded VALUES (1, 'replaced')` },
    { title: 'a table made by a query', sql: 'CREATE TABLE slipped AS SELECT * FROM guarded' },
    { title: 'a temporary table of the same name', sql: 'CREATE TEMPORARY TABLE guarded (id INT, note TEXT)' },
    { title: 'renaming', sql: 'RENAME TABLE guarded TO other' },
    { title: 'a sequence', before: ['CREATE SEQUENCE IF NOT EXISTS counted'], sql: 'SELECT NEXTVAL(counted) AS n' },
    {
      title: 'a sequence set',
      before: ['CREATE SEQUENCE IF NOT EXISTS counted'],
      sql: 'SELECT SETVAL(counted, 100) AS n',
    },
    { title: 'writing a file', sql: `SELECT * FROM guarded INTO OUTFILE 'slipped.txt'` },
    { title: 'loading a file', sql: `LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE guarded` },
    { title: 'a global setting', sql: `SET GLOBAL max_connections = 10` },
    { title: 'repairing', sql: 'OPTIMIZE TABLE guarded' },
    { title: 'a distributed transaction', sql: `XA START 'x'` },
    { title: 'a write hidden in a comment of this server', sql: `SELECT 1 /*M! INTO @x; DELETE FROM guarded */` },
    { title: 'a handler', sql: 'HANDLER guarded OPEN' },
    { title: 'granting', sql: `GRANT ALL ON *.* TO CURRENT_USER` },
  ],
  leaks: [
    { title: 'a setting', change: `SET SESSION sql_mode = 'ANSI'`, probe: 'SELECT @@sql_mode AS v' },
    { title: 'a variable', change: `SET @tenant = 'a'`, probe: 'SELECT @tenant AS v' },
    { title: 'a variable set in a query', change: `SELECT @tenant := 'a' AS v`, probe: 'SELECT @tenant AS v' },
    { title: 'a character set', change: 'SET NAMES latin1', probe: `SELECT 'é' AS v, @@character_set_client AS c` },
    { title: 'a temporary table', change: 'CREATE TEMPORARY TABLE mine AS SELECT 1 AS x', probe: 'SELECT x FROM mine' },
    { title: 'an open transaction', change: 'START TRANSACTION', probe: 'SELECT @@in_transaction AS v' },
    { title: 'autocommit', change: 'SET autocommit = 0', probe: 'SELECT @@autocommit AS v' },
    { title: 'another database', change: 'USE information_schema', probe: 'SELECT DATABASE() AS v' },
    {
      title: 'a lock of the session',
      change: `SELECT GET_LOCK('mine', 1) AS got`,
      probe: `SELECT IS_FREE_LOCK('mine') AS free`,
    },
    {
      title: 'locked tables',
      change: 'LOCK TABLES guarded WRITE',
      probe: 'SELECT COUNT(*) AS n FROM information_schema.metadata_lock_info',
    },
    { title: 'a prepared statement', change: `PREPARE mine FROM 'SELECT 1'`, probe: 'EXECUTE mine' },
  ],
};
