import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { mariadbMissing, startMariadb, type TestMariadb } from '../../../../../test/mariadb.ts';
import type { ToolOutput } from '../../../tools/tool-type.ts';
import type { Row } from '../../source.ts';
import { runTool } from '../../test/run-tool.fixture.ts';
import { codeOf, rowsOf } from '../../test/sql-source.contract.ts';
import type { MysqlSource } from '../source.ts';
import { mariadbToolTypes, mysqlReports, mysqlToolTypes } from '../tools/index.ts';
import { mariadbNote, openMysql } from './mysql-harness.ts';

// InnoDB shows transactions from a copy that it renews when nobody has looked for a tenth of a second.
const PATIENCE = { timeout: 20_000, interval: 250 };
type Given = Readonly<Record<string, string | number | boolean>>;

describe.skipIf(mariadbMissing !== undefined)(`MariaDB${mariadbNote}`, () => {
  let server: TestMariadb;
  let source: MysqlSource;

  beforeAll(async () => {
    server = await startMariadb();
    for (const statement of [
      `CREATE TABLE customer (id INT PRIMARY KEY, name VARCHAR(40) NOT NULL DEFAULT 'unnamed' COMMENT 'as on the invoice') COMMENT 'who buys'`,
      `CREATE TABLE \`order\` (id INT, region INT, customer INT, UNIQUE KEY regional (region, id), CONSTRAINT buyer FOREIGN KEY (customer) REFERENCES customer (id))`,
      'CREATE TABLE loose (a INT)',
      'CREATE VIEW big AS SELECT id FROM customer WHERE id > 100',
      'CREATE TRIGGER stamped BEFORE INSERT ON customer FOR EACH ROW SET NEW.name = UPPER(NEW.name)',
      `INSERT INTO customer (id, name) VALUES (1, 'a'), (2, 'b')`,
    ]) {
      await server.query(statement);
    }
    source = openMysql(server, { poolSize: 3 });
  });

  afterAll(async () => {
    await source.close();
    await server.stop();
  });

  /** Runs a report with its presets and what is given. */
  async function report(type: string, given: Given = {}): Promise<ToolOutput> {
    const { parameters } = mysqlReports.find((candidate) => candidate.type === type) ?? { parameters: [] };
    const presets = parameters.flatMap(({ name, default: preset }) => (preset === undefined ? [] : [[name, preset]]));
    const toolType = mysqlToolTypes.find((candidate) => candidate.type === type);
    if (!toolType) throw new Error(`no tool type ${type}`);
    return runTool(toolType, source, { ...Object.fromEntries(presets), ...given });
  }

  async function rows(type: string, given: Given = {}): Promise<readonly Row[]> {
    const output = await report(type, given);
    if (output.kind !== 'rows') throw new Error(`expected rows, got ${output.kind}`);
    return output.rows;
  }

  it('lists tables by name', async () => {
    expect(await rows('mysql-list-tables', { output_format: 'simple' })).toEqual(
      ['customer', 'loose', 'order'].map((name) => ({
        schema_name: 'shop',
        object_name: name,
        object_details: { name },
      })),
    );
  });

  it('lists tables with everything there is to say of them', async () => {
    const [customer, order, ...others] = await rows('mysql-list-tables', { table_names: 'customer, order' });
    expect(others).toEqual([]);
    expect(customer?.['object_details']).toMatchObject({
      ...{ schema_name: 'shop', object_type: 'TABLE', comment: 'who buys' },
      columns: [
        { column_name: 'id', data_type: 'int(11)', ordinal_position: 1, is_not_nullable: true },
        {
          column_name: 'name',
          is_not_nullable: true,
          column_default: `'unnamed'`,
          column_comment: 'as on the invoice',
        },
      ],
      constraints: [{ constraint_name: 'PRIMARY', constraint_type: 'PRIMARY KEY', constraint_columns: ['id'] }],
      indexes: [{ index_name: 'PRIMARY', is_unique: true, is_primary: true, index_columns: ['id'] }],
      triggers: [{ trigger_name: 'stamped', trigger_definition: 'BEFORE INSERT SET NEW.name = UPPER(NEW.name)' }],
    });
    expect(order?.['object_details']).toMatchObject({
      constraints: expect.arrayContaining([
        {
          constraint_name: 'buyer',
          constraint_type: 'FOREIGN KEY',
          constraint_columns: ['customer'],
          foreign_key_referenced_table: 'customer',
          foreign_key_referenced_columns: ['id'],
        },
      ]) as unknown,
      indexes: expect.arrayContaining([
        expect.objectContaining({ index_name: 'regional', is_unique: true, index_columns: ['region', 'id'] }),
      ]) as unknown,
    });
  });

  it('describes a table or view by its name or with its database', async () => {
    expect(await report('mysql-describe-table', { table_name: 'shop.big' })).toMatchObject({
      kind: 'value',
      value: { object_type: 'VIEW', definition: expect.stringContaining('> 100') as unknown },
    });
    expect(await report('mysql-describe-table', { table_name: 'order' })).toMatchObject({
      value: { schema_name: 'shop' },
    });
    expect(await codeOf(report('mysql-describe-table', { table_name: `x'; DROP TABLE loose; --` }))).toBe('SQL_FAILED');
  });

  it('lists the tables whose rows cannot be told apart', async () => {
    expect(await rows('mysql-list-tables-missing-unique-indexes')).toEqual([
      { table_schema: 'shop', table_name: 'loose' },
    ]);
  });

  it('lists tables by their free space', async () => {
    const all = await rows('mysql-list-table-fragmentation', { data_free_threshold_bytes: 0 });
    expect(new Set(all.map((row) => row['table_name']))).toEqual(new Set(['customer', 'loose', 'order']));
    const one = { table_name: 'loose', data_free_threshold_bytes: 0 };
    expect(await rows('mysql-list-table-fragmentation', one)).toMatchObject([{ table_schema: 'shop', data_free: 0 }]);
  });

  it('lists what tables were used for', async () => {
    expect(await rows('mysql-list-table-stats', { table_name: 'customer', sort_by: 'rows_inserted' })).toMatchObject([
      { table_schema: 'shop', table_name: 'customer', rows_inserted: 2, size_MB: expect.any(Number) as unknown },
    ]);
  });

  it('lists which statements took the most time', async () => {
    await server.query('SELECT COUNT(*) AS counted_here FROM customer');
    const kinds = await rows('mysql-show-query-stats', { limit: 1000 });
    expect(kinds).toContainEqual(
      expect.objectContaining({
        db: 'shop',
        query: expect.stringContaining('counted_here') as unknown,
        execution_count: 1,
      }),
    );
  });

  it('tells the plan of a statement without running it', async () => {
    const plan = { sql_statement: 'DELETE FROM customer WHERE id = 1' };
    expect(await report('mysql-get-query-plan', plan)).toMatchObject({
      kind: 'value',
      value: { query_block: { table: { table_name: 'customer' } } },
    });
    const reader = openMysql(server, { readOnly: true });
    const tool = mysqlToolTypes.find(({ type }) => type === 'mysql-get-query-plan');
    if (tool) expect(await codeOf(runTool(tool, reader, plan))).toBe('READ_ONLY');
    await reader.close();
    expect(await rowsOf(source, 'SELECT COUNT(*) AS n FROM customer')).toEqual([{ n: 2 }]);
    expect(await codeOf(report('mysql-get-query-plan', { sql_statement: 'SELECT 1; DELETE FROM customer' }))).toBe(
      'SQL_FAILED',
    );
  });

  it('shows a statement that waits, and the locks in its way', async () => {
    await server.query('START TRANSACTION');
    await server.query(`UPDATE customer SET name = 'held' WHERE id = 1`);
    const writer = new AbortController();
    const waiting = rowsOf(source, `UPDATE customer SET name = 'waiting here' WHERE id = 1`, [], {
      signal: writer.signal,
    });
    try {
      await vi.waitFor(async () => {
        expect(await rows('mysql-list-active-queries')).toContainEqual(
          expect.objectContaining({
            query: expect.stringContaining('waiting here') as unknown,
            trx_state: 'LOCK WAIT',
            db: 'shop',
          }),
        );
      }, PATIENCE);
      await vi.waitFor(async () => {
        const locks = await rows('mysql-list-all-locks', { table_name: 'customer' });
        expect(new Set(locks.map((row) => row['lock_status']))).toEqual(new Set(['GRANTED', 'WAITING']));
        expect(locks).toContainEqual(
          expect.objectContaining({ table_schema: 'shop', table_name: 'customer', lock_type: 'RECORD' }),
        );
      }, PATIENCE);
    } finally {
      await server.query('ROLLBACK');
    }
    await waiting;
    await vi.waitFor(async () => expect(await rows('mysql-list-all-locks')).toEqual([]), PATIENCE);
  });
});

describe('the tool types of MySQL', () => {
  it('are Toolbox’s, and ours beside them, under both names', () => {
    const names = [
      ...[
        'sql',
        'execute-sql',
        'get-query-plan',
        'list-tables',
        'describe-table',
        'list-active-queries',
        'list-all-locks',
      ],
      ...['list-table-fragmentation', 'list-tables-missing-unique-indexes', 'list-table-stats', 'show-query-stats'],
    ];
    expect(mysqlToolTypes.map(({ type }) => type)).toEqual(names.map((name) => `mysql-${name}`));
    expect(mariadbToolTypes.map(({ type }) => type)).toEqual(names.map((name) => `mariadb-${name}`));
  });
});
