import { afterAll, beforeAll, expect, it } from 'vitest';
import { reportTool } from '../../report-tool.ts';
import { runTool } from '../../test/run-tool.fixture.ts';
import type { SqliteSource } from '../source.ts';
import { describeTable, listTables } from '../tables.ts';
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
       people INTEGER, crowd TEXT GENERATED ALWAYS AS (people || ' people') VIRTUAL,
       UNIQUE (name, people));
     CREATE UNIQUE INDEX city_name ON city (country, lower(name));
     CREATE TRIGGER watched AFTER DELETE ON city BEGIN SELECT 1; END;
     CREATE VIEW large AS SELECT name FROM city WHERE people > 1000000;
     CREATE VIRTUAL TABLE words USING fts5(word);`,
  );
  source = scratch.open({ database: 'tables.db', readOnly: true });
});

const list = async (table_names: string, output_format: string) =>
  runTool(reportTool(listTables), source, { table_names, output_format });
const describe = async (table_name: string) => runTool(reportTool(describeTable), source, { table_name });

it('lists tables, views and virtual tables, but not what SQLite keeps for itself', async () => {
  const names = ['city', 'country', 'large', 'words'];
  expect(await list('', 'simple')).toEqual({
    kind: 'rows',
    rows: names.map((name) => ({ schema_name: 'main', object_name: name, object_details: { name } })),
  });
});

it('lists the named ones alone, whatever their case', async () => {
  expect(await list('Large, country,none', 'simple')).toMatchObject({
    rows: [{ object_name: 'country' }, { object_name: 'large' }],
  });
  expect(await list('words', 'detailed')).toMatchObject({
    rows: [{ object_details: { object_type: 'VIRTUAL TABLE', columns: [{ column_name: 'word' }] } }],
  });
});

it('describes columns, constraints, indexes and triggers', async () => {
  const column = { is_not_nullable: false, column_default: null, is_generated: false };
  const constraint = {
    constraint_name: null,
    foreign_key_referenced_table: null,
    foreign_key_referenced_columns: null,
  };
  expect(await describe('CITY')).toEqual({
    kind: 'value',
    value: {
      schema_name: 'main',
      object_name: 'city',
      object_type: 'TABLE',
      columns: [
        { ...column, column_name: 'id', data_type: 'INTEGER', ordinal_position: 1 },
        {
          ...column,
          column_name: 'name',
          data_type: 'TEXT',
          ordinal_position: 2,
          is_not_nullable: true,
          column_default: "'nowhere'",
        },
        { ...column, column_name: 'country', data_type: 'TEXT', ordinal_position: 3 },
        { ...column, column_name: 'people', data_type: 'INTEGER', ordinal_position: 4 },
        { ...column, column_name: 'crowd', data_type: 'TEXT', ordinal_position: 5, is_generated: true },
      ],
      constraints: [
        { ...constraint, constraint_type: 'PRIMARY KEY', constraint_columns: ['id'] },
        {
          constraint_name: null,
          constraint_type: 'FOREIGN KEY',
          constraint_columns: ['country'],
          foreign_key_referenced_table: 'country',
          foreign_key_referenced_columns: ['code'],
        },
        {
          ...constraint,
          constraint_name: expect.any(String),
          constraint_type: 'UNIQUE',
          constraint_columns: ['name', 'people'],
        },
      ],
      indexes: [
        {
          index_name: 'city_name',
          index_definition: expect.stringContaining('lower(name)'),
          is_unique: true,
          is_primary: false,
          index_columns: ['country'],
        },
        {
          index_name: expect.any(String),
          index_definition: null,
          is_unique: true,
          is_primary: false,
          index_columns: ['name', 'people'],
        },
      ],
      triggers: [{ trigger_name: 'watched', trigger_definition: expect.stringContaining('AFTER DELETE ON city') }],
      definition: expect.stringContaining('CREATE TABLE city'),
    },
  });
});

it('says so when there is no table of that name', async () => {
  await expect(describe('contry')).rejects.toThrow('there is no such table or view');
});
