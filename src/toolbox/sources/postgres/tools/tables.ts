import { toolboxError } from '../../../errors.ts';
import { choice, filter, type Report } from '../../report-tool.ts';
import type { RowSet } from '../../source.ts';
import type { ToolOutput } from '../../../tools/tool-type.ts';

/** `t` is pg_class, `n` its pg_namespace. */
const USER_SCHEMA = `n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
    AND n.nspname NOT LIKE 'pg\\_temp\\_%' AND n.nspname NOT LIKE 'pg\\_toast\\_temp\\_%'`;

const KIND = `CASE t.relkind WHEN 'r' THEN 'TABLE' WHEN 'p' THEN 'PARTITIONED TABLE' WHEN 'f' THEN 'FOREIGN TABLE'
    WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' END`;

/** The names of columns, in the order of an array of their numbers. */
const columnNames = (table: string, numbers: string): string => `(
      SELECT jsonb_agg(a.attname ORDER BY k.place)
      FROM unnest(${numbers}::int[]) WITH ORDINALITY AS k(number, place)
      JOIN pg_attribute a ON a.attrelid = ${table} AND a.attnum = k.number)`;

const DETAILS = `jsonb_build_object(
    'schema_name', n.nspname,
    'object_name', t.relname,
    'object_type', ${KIND},
    'owner', pg_get_userbyid(t.relowner),
    'comment', obj_description(t.oid, 'pg_class'),
    'columns', (
      SELECT coalesce(jsonb_agg(jsonb_build_object(
        'column_name', a.attname,
        'data_type', format_type(a.atttypid, a.atttypmod),
        'ordinal_position', a.attnum,
        'is_not_nullable', a.attnotnull,
        'column_default', pg_get_expr(d.adbin, d.adrelid),
        'column_comment', col_description(a.attrelid, a.attnum)
      ) ORDER BY a.attnum), '[]')
      FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      WHERE a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped),
    'constraints', (
      SELECT coalesce(jsonb_agg(jsonb_build_object(
        'constraint_name', c.conname,
        'constraint_type', CASE c.contype WHEN 'p' THEN 'PRIMARY KEY' WHEN 'f' THEN 'FOREIGN KEY' WHEN 'u' THEN 'UNIQUE'
          WHEN 'c' THEN 'CHECK' WHEN 'x' THEN 'EXCLUDE' WHEN 'n' THEN 'NOT NULL' ELSE c.contype::text END,
        'constraint_definition', pg_get_constraintdef(c.oid),
        'constraint_columns', ${columnNames('c.conrelid', 'c.conkey')},
        'foreign_key_referenced_table', CASE WHEN c.contype = 'f' THEN c.confrelid::regclass::text END,
        'foreign_key_referenced_columns', CASE WHEN c.contype = 'f' THEN ${columnNames('c.confrelid', 'c.confkey')} END
      ) ORDER BY c.conname), '[]')
      FROM pg_constraint c WHERE c.conrelid = t.oid),
    'indexes', (
      SELECT coalesce(jsonb_agg(jsonb_build_object(
        'index_name', i.relname,
        'index_definition', pg_get_indexdef(x.indexrelid),
        'is_unique', x.indisunique,
        'is_primary', x.indisprimary,
        'index_method', m.amname,
        'index_columns', ${columnNames('x.indrelid', 'x.indkey')}
      ) ORDER BY i.relname), '[]')
      FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_am m ON m.oid = i.relam
      WHERE x.indrelid = t.oid),
    'triggers', (
      SELECT coalesce(jsonb_agg(jsonb_build_object(
        'trigger_name', g.tgname,
        'trigger_definition', pg_get_triggerdef(g.oid),
        'trigger_enabled_state', g.tgenabled::text
      ) ORDER BY g.tgname), '[]')
      FROM pg_trigger g WHERE g.tgrelid = t.oid AND NOT g.tgisinternal)
  )`;

export const listTables: Report = {
  type: 'postgres-list-tables',
  summary:
    'Lists tables outside the system schemas, with columns, constraints, indexes, triggers, owner and comment unless only names are asked for.',
  parameters: [
    filter('table_names', 'Names of tables, separated by commas; empty for all.'),
    choice('output_format', '`simple` for names alone, `detailed` for everything.', ['simple', 'detailed'], 'detailed'),
  ],
  statement: `
  SELECT n.nspname AS schema_name, t.relname AS object_name,
    CASE WHEN $2::text = 'simple' THEN jsonb_build_object('name', t.relname) ELSE ${DETAILS} END AS object_details
  FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace
  WHERE t.relkind IN ('r', 'p') AND ${USER_SCHEMA}
    AND ($1::text = '' OR t.relname = ANY (regexp_split_to_array(trim($1::text), '\\s*,\\s*')))
  ORDER BY n.nspname, t.relname`,
};

export const describeTable: Report = {
  type: 'postgres-describe-table',
  summary:
    'Describes one table or view: columns, constraints, indexes, triggers, owner, comment and a view’s definition.',
  parameters: [
    {
      name: 'table_name',
      type: 'string',
      description: 'The table or view, with its schema where the name alone is not on the search path: `sales.order`.',
      minLength: 1,
    },
  ],
  // Names are compared as text, not parsed, so none needs quoting: `sales.order` and `order` are both plain words here.
  statement: `
  SELECT ${DETAILS} || CASE WHEN t.relkind IN ('v', 'm')
    THEN jsonb_build_object('definition', pg_get_viewdef(t.oid)) ELSE '{}' END AS object_details
  FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace
  WHERE t.relkind IN ('r', 'p', 'f', 'v', 'm') AND ($1::text = n.nspname || '.' || t.relname OR $1::text = t.relname)
  ORDER BY $1::text = t.relname AND pg_table_is_visible(t.oid) DESC, n.nspname
  LIMIT 1`,
  shape: (rows: RowSet): ToolOutput => {
    const details = rows.rows[0]?.['object_details'];
    if (details !== undefined) return { kind: 'value', value: details };
    if (rows.truncated) throw toolboxError('TOOL_FAILED', 'what there is to say of the table is beyond `maxBytes`');
    throw toolboxError('SQL_FAILED', 'there is no such table or view; `list-tables` tells the names there are');
  },
};
