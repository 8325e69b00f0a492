/**
 * Tables and what they are made of. The server gives flat lists, since MySQL and MariaDB nest JSON
 * differently and order aggregates differently; they are put together here.
 */
import { isRecord, type JsonObject, type JsonValue } from '#kernel';
import { toolboxError } from '../../../errors.ts';
import { choice, filter, type Report } from '../../report-tool.ts';
import type { Row, RowSet } from '../../source.ts';
import { jsonValue } from '../../values.ts';

const SAME_TABLE = (alias: string): string =>
  `${alias}.table_schema = t.table_schema AND ${alias}.table_name = t.table_name`;

const details = (wanted: string): string => `
    t.table_type AS object_type, t.table_comment AS comment, t.engine AS engine,
    IF(${wanted}, (
      SELECT JSON_ARRAYAGG(JSON_OBJECT('column_name', c.column_name, 'data_type', c.column_type,
        'ordinal_position', c.ordinal_position, 'is_nullable', c.is_nullable, 'column_default', c.column_default,
        'column_comment', c.column_comment, 'extra', c.extra))
      FROM information_schema.columns c WHERE ${SAME_TABLE('c')}), NULL) AS columns_json,
    IF(${wanted}, (
      SELECT JSON_ARRAYAGG(JSON_OBJECT('name', k.constraint_name, 'type', k.constraint_type, 'column', u.column_name,
        'place', u.ordinal_position, 'other_table', u.referenced_table_name, 'other_column', u.referenced_column_name))
      FROM information_schema.table_constraints k
      LEFT JOIN information_schema.key_column_usage u ON u.constraint_schema = k.constraint_schema
        AND u.constraint_name = k.constraint_name AND u.table_schema = k.table_schema AND u.table_name = k.table_name
      WHERE ${SAME_TABLE('k')}), NULL) AS constraints_json,
    IF(${wanted}, (
      SELECT JSON_ARRAYAGG(JSON_OBJECT('name', s.index_name, 'type', s.index_type, 'non_unique', s.non_unique,
        'column', s.column_name, 'place', s.seq_in_index))
      FROM information_schema.statistics s WHERE ${SAME_TABLE('s')}), NULL) AS indexes_json,
    IF(${wanted}, (
      SELECT JSON_ARRAYAGG(JSON_OBJECT('trigger_name', g.trigger_name,
        'trigger_definition', CONCAT(g.action_timing, ' ', g.event_manipulation, ' ', g.action_statement)))
      FROM information_schema.triggers g
      WHERE g.event_object_schema = t.table_schema AND g.event_object_table = t.table_name), NULL) AS triggers_json`;

const USER_TABLES = `t.table_schema NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys')`;

export const listTables: Report = {
  type: 'mysql-list-tables',
  summary:
    'Lists the tables of the source’s database, or of all where it names none, with columns, constraints, indexes and triggers unless only names are asked for.',
  parameters: [
    filter('table_names', 'Names of tables, separated by commas; empty for all.'),
    choice('output_format', '`simple` for names alone, `detailed` for everything.', ['simple', 'detailed'], 'detailed'),
  ],
  statement: `
  SELECT t.table_schema AS schema_name, t.table_name AS object_name, p.output_format AS output_format, ${details("p.output_format = 'detailed'")}
  FROM information_schema.tables t
  CROSS JOIN (SELECT ? AS table_names, ? AS output_format) AS p
  WHERE t.table_type = 'BASE TABLE' AND ${USER_TABLES} AND t.table_schema = COALESCE(DATABASE(), t.table_schema)
    AND (TRIM(p.table_names) = '' OR FIND_IN_SET(t.table_name, REPLACE(p.table_names, ' ', '')) > 0)
  ORDER BY t.table_schema, t.table_name`,
  shape: ({ rows, ...rest }: RowSet) => ({
    kind: 'rows',
    ...rest,
    rows: rows.map((row) => ({
      schema_name: row['schema_name'] as JsonValue,
      object_name: row['object_name'] as JsonValue,
      object_details: row['output_format'] === 'simple' ? { name: row['object_name'] as JsonValue } : tableDetails(row),
    })),
  }),
};

export const describeTable: Report = {
  type: 'mysql-describe-table',
  summary: 'Describes one table or view: columns, constraints, indexes, triggers, and a view’s definition.',
  parameters: [
    {
      name: 'table_name',
      type: 'string',
      description: 'The table or view, with its database where it is not the source’s: `sales.order`.',
      minLength: 1,
    },
  ],
  bind: ['table_name'],
  statement: `
  SELECT t.table_schema AS schema_name, t.table_name AS object_name, v.view_definition AS definition, ${details('TRUE')}
  FROM information_schema.tables t
  CROSS JOIN (SELECT ? AS table_name) AS p
  LEFT JOIN information_schema.views v ON v.table_schema = t.table_schema AND v.table_name = t.table_name
  WHERE p.table_name = CONCAT(t.table_schema, '.', t.table_name)
    OR (p.table_name = t.table_name AND t.table_schema = COALESCE(DATABASE(), t.table_schema))
  ORDER BY t.table_schema LIMIT 1`,
  shape: ({ rows, truncated }: RowSet) => {
    const [table] = rows;
    if (table) {
      const definition = table['definition'];
      return { kind: 'value', value: { ...tableDetails(table), ...(definition ? { definition } : {}) } };
    }
    if (truncated) throw toolboxError('TOOL_FAILED', 'what there is to say of the table is beyond `maxBytes`');
    throw toolboxError('SQL_FAILED', 'there is no such table or view; `list-tables` tells the names there are');
  },
};

function tableDetails(row: Row): JsonObject {
  return {
    schema_name: row['schema_name'] as JsonValue,
    object_name: row['object_name'] as JsonValue,
    object_type: row['object_type'] === 'BASE TABLE' ? 'TABLE' : (row['object_type'] as JsonValue),
    comment: row['comment'] as JsonValue,
    engine: row['engine'] as JsonValue,
    columns: byNumber(records(row['columns_json']), 'ordinal_position').map(({ is_nullable, ...column }) => ({
      ...column,
      is_not_nullable: is_nullable === 'NO',
    })),
    constraints: grouped(records(row['constraints_json'])).map(([name, parts]) => {
      const [first] = parts;
      return {
        constraint_name: name,
        constraint_type: first?.['type'] ?? null,
        constraint_columns: present(parts, 'column'),
        foreign_key_referenced_table: first?.['other_table'] ?? null,
        foreign_key_referenced_columns: first?.['other_table'] ? present(parts, 'other_column') : null,
      };
    }),
    indexes: grouped(records(row['indexes_json'])).map(([name, parts]) => ({
      index_name: name,
      is_unique: Number(parts[0]?.['non_unique']) === 0,
      is_primary: name === 'PRIMARY',
      index_method: parts[0]?.['type'] ?? null,
      index_columns: present(parts, 'column'),
    })),
    triggers: records(row['triggers_json']),
  };
}

/** A JSON list of objects; MariaDB hands it over as text. */
function records(value: JsonValue | undefined): JsonObject[] {
  const list = typeof value === 'string' ? jsonValue(value) : value;
  return Array.isArray(list) ? list.filter((item): item is JsonObject => isRecord(item)) : [];
}

function byNumber(items: readonly JsonObject[], key: string): JsonObject[] {
  return items.toSorted((a, b) => Number(a[key]) - Number(b[key]));
}

/** Parts by their name, each group in the order of its columns. */
function grouped(parts: readonly JsonObject[]): [name: string, parts: JsonObject[]][] {
  const groups = Map.groupBy(parts, (part) => part['name'] as string);
  return [...groups].map(([name, members]) => [name, byNumber(members, 'place')]);
}

function present(parts: readonly JsonObject[], key: string): JsonValue[] {
  return parts.flatMap((part) => (part[key] === null || part[key] === undefined ? [] : [part[key]]));
}
