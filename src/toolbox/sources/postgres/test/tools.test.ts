import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { postgresDatabase, type PostgresDatabase } from '../../../../../test/postgres.ts';
import { runTool } from '../../test/run-tool.fixture.ts';
import { codeOf, rowsOf } from '../../test/sql-source.contract.ts';
import type { Row } from '../../source.ts';
import type { ToolOutput, ToolType } from '../../../tools/tool-type.ts';
import { postgresSourceTypes } from '../index.ts';
import type { PostgresSource } from '../source.ts';
import { cockroachToolTypes, postgresReports, postgresToolTypes, yugabyteToolTypes } from '../tools/index.ts';
import { openPostgres } from './postgres-harness.ts';

let database: PostgresDatabase;
let source: PostgresSource;

beforeAll(async () => {
  database = await postgresDatabase();
  await database.query(`
    CREATE SCHEMA sales;
    CREATE TABLE sales.customer (id int PRIMARY KEY, name text NOT NULL DEFAULT 'unnamed');
    COMMENT ON TABLE sales.customer IS 'who buys';
    COMMENT ON COLUMN sales.customer.name IS 'as on the invoice';
    CREATE TABLE sales."Order" (id bigint GENERATED ALWAYS AS IDENTITY, customer int REFERENCES sales.customer, total numeric(10,2) CHECK (total > 0));
    CREATE INDEX order_customer ON sales."Order" (customer);
    CREATE VIEW sales.big AS SELECT * FROM sales."Order" WHERE total > 100;
    CREATE SEQUENCE sales.ticket START 5 INCREMENT 5;
    CREATE FUNCTION sales.stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
    CREATE TRIGGER stamped BEFORE INSERT OR UPDATE ON sales.customer FOR EACH ROW EXECUTE FUNCTION sales.stamp();
    CREATE PROCEDURE sales.close_books() LANGUAGE sql AS $$ SELECT 1 $$;
    CREATE PUBLICATION outgoing FOR TABLE sales.customer WITH (publish = 'insert, delete');
    CREATE TABLE colour (id int, name text);
    INSERT INTO colour SELECT n, 'colour ' || n % 4 FROM generate_series(1, 400) n;
    ANALYZE colour;
  `);
  source = openPostgres(database, { poolSize: 3 });
});

afterAll(async () => {
  await source.close();
  await database.drop();
});

function toolType(type: string): ToolType {
  const found = postgresToolTypes.find((candidate) => candidate.type === type);
  if (!found) throw new Error(`no tool type ${type}`);
  return found;
}

/** Runs a report with its presets and what is given. */
async function report(
  type: string,
  given: Readonly<Record<string, string | number | boolean>> = {},
): Promise<ToolOutput> {
  const { parameters } = postgresReports.find((candidate) => candidate.type === type) ?? { parameters: [] };
  const presets = parameters.flatMap(({ name, default: preset }) => (preset === undefined ? [] : [[name, preset]]));
  return runTool(toolType(type), source, { ...Object.fromEntries(presets), ...given });
}

async function rows(
  type: string,
  given: Readonly<Record<string, string | number | boolean>> = {},
): Promise<readonly Row[]> {
  const output = await report(type, given);
  if (output.kind !== 'rows') throw new Error(`expected rows, got ${output.kind}`);
  return output.rows;
}

describe('the tables of a PostgreSQL database', () => {
  it('are listed by name', async () => {
    expect(await rows('postgres-list-tables', { output_format: 'simple' })).toEqual([
      { schema_name: 'public', object_name: 'colour', object_details: { name: 'colour' } },
      { schema_name: 'sales', object_name: 'Order', object_details: { name: 'Order' } },
      { schema_name: 'sales', object_name: 'customer', object_details: { name: 'customer' } },
    ]);
  });

  it('are listed with everything there is to say of them', async () => {
    const [customer, ...others] = await rows('postgres-list-tables', { table_names: 'customer , nothing' });
    expect(others).toEqual([]);
    expect(customer?.['object_details']).toMatchObject({
      schema_name: 'sales',
      object_name: 'customer',
      object_type: 'TABLE',
      owner: 'tester',
      comment: 'who buys',
      columns: [
        { column_name: 'id', data_type: 'integer', ordinal_position: 1, is_not_nullable: true, column_default: null },
        {
          column_name: 'name',
          data_type: 'text',
          column_default: `'unnamed'::text`,
          column_comment: 'as on the invoice',
        },
      ],
      indexes: [
        {
          index_name: 'customer_pkey',
          is_unique: true,
          is_primary: true,
          index_method: 'btree',
          index_columns: ['id'],
        },
      ],
      triggers: [{ trigger_name: 'stamped', trigger_enabled_state: 'O' }],
    });
  });

  it('are described one by one, by their name or with their schema', async () => {
    const order = await report('postgres-describe-table', { table_name: 'Order' });
    expect(order).toMatchObject({
      kind: 'value',
      value: {
        schema_name: 'sales',
        constraints: expect.arrayContaining([
          expect.objectContaining({
            constraint_type: 'FOREIGN KEY',
            constraint_columns: ['customer'],
            foreign_key_referenced_table: 'sales.customer',
            foreign_key_referenced_columns: ['id'],
          }),
          expect.objectContaining({
            constraint_type: 'CHECK',
            constraint_definition: 'CHECK ((total > (0)::numeric))',
          }),
        ]) as unknown,
      },
    });
    expect(await report('postgres-describe-table', { table_name: 'sales.Order' })).toEqual(order);
    expect(await report('postgres-describe-table', { table_name: 'sales.big' })).toMatchObject({
      value: { object_type: 'VIEW', definition: expect.stringContaining('total > ') as unknown },
    });
    expect(await codeOf(report('postgres-describe-table', { table_name: `x'; DROP TABLE colour; --` }))).toBe(
      'SQL_FAILED',
    );
  });
});

describe('what a PostgreSQL database says about itself', () => {
  it.each([
    [
      'postgres-list-schemas',
      { schema_name: 'sal' },
      { schema_name: 'sales', owner: 'tester', tables: 2, views: 1, functions: 2 },
    ],
    ['postgres-list-views', {}, { schema_name: 'sales', view_name: 'big', owner_name: 'tester' }],
    [
      'postgres-list-triggers',
      {},
      {
        trigger_name: 'stamped',
        table_name: 'customer',
        status: 'ENABLED',
        timing: 'BEFORE',
        events: 'INSERT, UPDATE',
        activation_level: 'ROW',
        function_name: 'stamp',
      },
    ],
    [
      'postgres-list-sequences',
      { sequence_name: 'tick' },
      { sequence_name: 'ticket', start_value: 5, increment_by: 5, last_value: null },
    ],
    [
      'postgres-list-indexes',
      { index_name: 'order_c', only_unused: true },
      { table_name: 'Order', index_type: 'btree', is_unique: false, is_used: false },
    ],
    [
      'postgres-list-stored-procedure',
      {},
      { schema_name: 'sales', name: 'close_books', owner: 'tester', language: 'sql' },
    ],
    [
      'postgres-list-publication-tables',
      { publication_names: 'outgoing' },
      { schema_name: 'sales', table_name: 'customer', publishes_inserts: true, publishes_updates: false },
    ],
    [
      'postgres-list-roles',
      { role_name: 'tester' },
      { role_name: 'tester', is_superuser: true, direct_members: [], member_of: [] },
    ],
    [
      'postgres-list-pg-settings',
      { setting_name: 'max_connections' },
      { name: 'max_connections', current_value: '200', requires_restart: 'Yes' },
    ],
    ['postgres-list-installed-extensions', {}, { name: 'plpgsql', schema: 'pg_catalog', owner: 'tester' }],
    [
      'postgres-list-tablespaces',
      { tablespace_name: 'pg_default' },
      { tablespace_name: 'pg_default', owner_name: 'tester' },
    ],
    ['postgres-database-overview', {}, { is_replica: false, max_connections: 200 }],
    [
      'postgres-get-column-cardinality',
      { table_name: 'colour', column_name: 'name' },
      { column_name: 'name', estimated_cardinality: 4 },
    ],
    [
      'postgres-list-table-stats',
      { table_name: 'colour', sort_by: 'size' },
      { schema_name: 'public', table_name: 'colour', owner: 'tester', dead_rows: 0, dead_row_ratio_percent: 0 },
    ],
  ] as const)('%s with %j', async (type, given, expected) => {
    expect((await rows(type, given))[0]).toMatchObject(expected);
  });

  it('postgres-get-column-cardinality counts every column, the most different first', async () => {
    expect(await rows('postgres-get-column-cardinality', { table_name: 'colour' })).toEqual([
      { column_name: 'id', estimated_cardinality: 400 },
      { column_name: 'name', estimated_cardinality: 4 },
    ]);
  });

  it('postgres-list-database-stats finds this database and keeps templates apart', async () => {
    expect(await rows('postgres-list-database-stats', { database_name: database.database })).toMatchObject([
      { database_name: database.database, is_connectable: true, default_tablespace: 'pg_default' },
    ]);
    const templates = { database_name: 'template', order_by: 'size' };
    expect(await rows('postgres-list-database-stats', templates)).toEqual([]);
    expect(await rows('postgres-list-database-stats', { ...templates, include_templates: true })).toHaveLength(2);
  });

  it('postgres-list-available-extensions has what could be installed', async () => {
    expect(await rows('postgres-list-available-extensions')).toContainEqual({
      name: 'plpgsql',
      default_version: '1.0',
      description: 'PL/pgSQL procedural language',
    });
  });

  it('postgres-replication-stats is empty where nothing replicates', async () => {
    expect(await rows('postgres-replication-stats')).toEqual([]);
  });

  it('postgres-list-query-stats needs its extension, and says so in the server’s words', async () => {
    await expect(rows('postgres-list-query-stats')).rejects.toThrow(/"pg_stat_statements" does not exist/);
    await database.query('CREATE EXTENSION pg_stat_statements');
    await rowsOf(source, 'SELECT count(*) AS counted_here FROM colour');
    expect(await rows('postgres-list-query-stats', { database_name: database.database })).toContainEqual(
      expect.objectContaining({
        query: 'SELECT count(*) AS counted_here FROM colour',
        calls: 1,
        rows: 1,
        mean_exec_time: expect.any(Number) as unknown,
      }),
    );
  });

  it('shows a statement that runs, the transaction it is in and the lock it waits for', async () => {
    const holder = new AbortController();
    await database.query('BEGIN; LOCK TABLE colour IN ACCESS EXCLUSIVE MODE');
    const waiting = rowsOf(source, 'SELECT count(*) AS waiting_here FROM colour', [], { signal: holder.signal });
    try {
      await vi.waitFor(
        async () => {
          const active = await rows('postgres-list-active-queries', { min_duration: '0 seconds' });
          expect(active).toContainEqual(
            expect.objectContaining({ wait_event_type: 'Lock', datname: database.database }),
          );
        },
        { timeout: 20_000, interval: 25 },
      );
      const excluded = { min_duration: '0 seconds', exclude_application_names: 'nobody, chatelaine' };
      // The server is everybody's who tests at this moment.
      const others = expect.objectContaining({ datname: database.database }) as unknown;
      expect(await rows('postgres-list-active-queries', excluded)).not.toContainEqual(others);
      expect(await rows('postgres-long-running-transactions', { min_duration: '0 seconds' })).toContainEqual(
        expect.objectContaining({ state: 'idle in transaction', xact_age: expect.stringMatching(/^PT/) as unknown }),
      );
      const locks = await rows('postgres-list-locks');
      expect(locks).toContainEqual(
        expect.objectContaining({ locks: expect.stringContaining('f,colour,AccessShareLock') as unknown }),
      );
      expect(locks).toContainEqual(
        expect.objectContaining({
          blocked_by: [],
          locks: expect.stringContaining('t,colour,AccessExclusiveLock') as unknown,
        }),
      );
    } finally {
      await database.query('ROLLBACK');
    }
    expect(await waiting).toEqual([{ waiting_here: 400 }]);
  });

  it('is asked read-only, with as many rows as the caller wants', async () => {
    expect(await rows('postgres-list-pg-settings', { limit: 3 })).toHaveLength(3);
    for (const type of postgresReports) {
      expect(toolType(type.type).build({}, { ...build(), source })).toMatchObject({
        annotations: { readOnlyHint: true },
      });
    }
    expect(() =>
      toolType('postgres-list-locks').build(
        {},
        { ...build(), parameters: [{ name: 'x', type: 'string', description: '' }] },
      ),
    ).toThrow(/brings its own parameters/);
  });

  function build(): Parameters<ToolType['build']>[1] {
    return {
      ...{ name: 't', directory: '/', source, sourceName: 's' },
      ...{ parameters: [], templateParameters: [], readOnly: false },
    };
  }
});

describe('the tool types of PostgreSQL', () => {
  it('are Toolbox’s, and ours beside them', () => {
    const ours = ['describe-table'];
    const toolbox = [
      ...[
        'sql',
        'execute-sql',
        'database-overview',
        'get-column-cardinality',
        'list-active-queries',
        'list-available-extensions',
      ],
      ...[
        'list-database-stats',
        'list-indexes',
        'list-installed-extensions',
        'list-locks',
        'list-pg-settings',
        'list-publication-tables',
      ],
      ...[
        'list-query-stats',
        'list-roles',
        'list-schemas',
        'list-sequences',
        'list-stored-procedure',
        'list-tables',
        'list-table-stats',
      ],
      ...['list-tablespaces', 'list-triggers', 'list-views', 'long-running-transactions', 'replication-stats'],
    ];
    expect(postgresToolTypes.map(({ type }) => type).toSorted()).toEqual(
      [...toolbox, ...ours].map((name) => `postgres-${name}`).toSorted(),
    );
    const names = (types: readonly ToolType[]): string[] => types.map(({ type }) => type);
    expect(names(cockroachToolTypes)).toEqual(
      ['sql', 'execute-sql', 'list-tables', 'list-schemas', 'describe-table'].map((name) => `cockroachdb-${name}`),
    );
    expect(names(yugabyteToolTypes)).toContain('yugabytedb-sql');
    expect(postgresSourceTypes.map(({ type }) => type)).toEqual(['postgres', 'cockroachdb', 'yugabytedb']);
  });
});
