import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeTableTool, listTablesTool } from '../../table-tools.ts';
import { runTool } from '../../test/run-tool.fixture.ts';
import type { SqliteSource } from '../source.ts';
import { sqliteTables } from '../tables.ts';
import { Scratch } from './scratch.fixture.ts';

const scratch = new Scratch();
afterAll(async () => scratch.remove());

let source: SqliteSource;
beforeAll(() => {
  scratch.behind(
    'tables.db',
    `CREATE TABLE country (code TEXT PRIMARY KEY, name TEXT NOT NULL);
     CREATE TABLE city (
       id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT 'nowhere', country TEXT REFERENCES country (code) ON DELETE CASCADE,
       people INTEGER, crowd TEXT GENERATED ALWAYS AS (people || ' people') VIRTUAL);
     CREATE UNIQUE INDEX city_name ON city (country, lower(name));
     CREATE TRIGGER watched AFTER DELETE ON city BEGIN SELECT 1; END;
     CREATE VIEW large AS SELECT name FROM city WHERE people > 1000000;
     CREATE VIRTUAL TABLE words USING fts5(word);`,
  );
  source = scratch.open({ database: 'tables.db', readOnly: true });
});

const list = async (args: Record<string, string>) =>
  runTool(listTablesTool('sqlite-list-tables', sqliteTables), source, args);

it('lists tables, views and virtual tables, but not what SQLite keeps for itself', async () => {
  expect(await list({ table_names: '', output_format: 'simple' })).toMatchObject({
    rows: [
      { object_name: 'city', object_type: 'table' },
      { object_name: 'country', object_type: 'table' },
      { object_name: 'large', object_type: 'view' },
      { object_name: 'words', object_type: 'virtual' },
    ],
  });
});

it('lists the named ones alone, whatever their case', async () => {
  expect(await list({ table_names: 'Large, country,none', output_format: 'simple' })).toMatchObject({
    rows: [{ object_name: 'country' }, { object_name: 'large' }],
  });
});

it('describes columns, keys, indexes and triggers', async () => {
  const column = { is_not_nullable: false, column_default: null, is_primary_key: false, is_generated: false };
  const described = await runTool(describeTableTool('sqlite-describe-table', sqliteTables), source, {
    table_name: 'city',
  });
  expect(described).toEqual({
    kind: 'value',
    value: {
      object_name: 'city',
      object_type: 'table',
      columns: [
        { ...column, column_name: 'id', data_type: 'INTEGER', is_primary_key: true },
        { ...column, column_name: 'name', data_type: 'TEXT', is_not_nullable: true, column_default: "'nowhere'" },
        { ...column, column_name: 'country', data_type: 'TEXT' },
        { ...column, column_name: 'people', data_type: 'INTEGER' },
        { ...column, column_name: 'crowd', data_type: 'TEXT', is_generated: true },
      ],
      primary_key: ['id'],
      foreign_keys: [
        { columns: ['country'], referenced_table: 'country', referenced_columns: ['code'], on_delete: 'CASCADE' },
      ],
      indexes: [{ index_name: 'city_name', is_unique: true, columns: ['country', 'an expression'] }],
      triggers: [{ trigger_name: 'watched', trigger_definition: expect.stringContaining('AFTER DELETE ON city') }],
      definition: expect.stringContaining('CREATE TABLE city'),
    },
  });
});

it('names the nearest table when there is none of that name', async () => {
  const tool = describeTableTool('sqlite-describe-table', sqliteTables);
  await expect(runTool(tool, source, { table_name: 'contry' })).rejects.toThrow('did you mean `country`?');
});
