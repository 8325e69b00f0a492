/** Tables and what they are made of, from DuckDB's catalogue functions. The shape is that of the other sources. */
import { toolboxError } from '../../errors.ts';
import type { ToolOutput } from '../../tools/tool-type.ts';
import { choice, filter, type Report } from '../report-tool.ts';
import type { Row, RowSet } from '../source.ts';

const OBJECTS = `
    SELECT schema_name, table_name AS object_name, 'TABLE' AS object_type, table_oid AS oid, comment, sql AS definition
    FROM duckdb_tables() WHERE NOT internal AND database_name = current_database()
    UNION ALL
    SELECT schema_name, view_name, 'VIEW', view_oid, comment, sql
    FROM duckdb_views() WHERE NOT internal AND database_name = current_database()`;

/** Everything about one of them; lists and structs are JSON already. */
const DETAILS = `
    o.object_type, o.comment,
    coalesce((SELECT list(struct_pack(
        column_name := c.column_name, data_type := c.data_type, ordinal_position := c.column_index,
        is_not_nullable := NOT c.is_nullable, column_default := c.column_default, column_comment := c.comment
      ) ORDER BY c.column_index)
      FROM duckdb_columns() AS c WHERE c.table_oid = o.oid AND c.database_name = current_database()), []) AS columns,
    coalesce((SELECT list(struct_pack(
        constraint_name := k.constraint_name, constraint_type := k.constraint_type,
        constraint_definition := k.constraint_text, constraint_columns := k.constraint_column_names,
        foreign_key_referenced_table := k.referenced_table,
        foreign_key_referenced_columns := k.referenced_column_names
      ) ORDER BY k.constraint_index)
      FROM duckdb_constraints() AS k
      WHERE k.table_oid = o.oid AND k.database_name = current_database() AND k.constraint_type <> 'NOT NULL'), []) AS constraints,
    coalesce((SELECT list(struct_pack(
        index_name := i.index_name, index_definition := i.sql, is_unique := i.is_unique, is_primary := i.is_primary
      ) ORDER BY i.index_name)
      FROM duckdb_indexes() AS i WHERE i.table_oid = o.oid AND i.database_name = current_database()), []) AS indexes,
    o.definition`;

export const listTables: Report = {
  type: 'duckdb-list-tables',
  summary:
    'Lists tables and views, with columns, constraints, indexes, comment and definition unless only names are asked for.',
  parameters: [
    filter('table_names', 'Names of tables and views, separated by commas; empty for all.'),
    choice('output_format', '`simple` for names alone, `detailed` for everything.', ['simple', 'detailed'], 'detailed'),
  ],
  statement: `
  SELECT o.schema_name, o.object_name, $2 AS output_format, ${DETAILS}
  FROM (${OBJECTS}) AS o
  WHERE trim($1) = '' OR list_contains(regexp_split_to_array(lower(trim($1)), '\\s*,\\s*'), lower(o.object_name))
  ORDER BY o.schema_name, o.object_name`,
  shape: ({ rows, ...rest }: RowSet): ToolOutput => ({
    kind: 'rows',
    ...rest,
    rows: rows.map(({ output_format, ...table }): Row => {
      const { schema_name = null, object_name = null } = table;
      return { schema_name, object_name, object_details: output_format === 'simple' ? { name: object_name } : table };
    }),
  }),
};

export const describeTable: Report = {
  type: 'duckdb-describe-table',
  summary: 'Describes one table or view: columns, constraints, indexes, comment and definition.',
  parameters: [
    {
      name: 'table_name',
      type: 'string',
      description: 'The table or view, with its schema where it is not `main`: `sales.order`.',
      minLength: 1,
    },
  ],
  statement: `
  SELECT o.schema_name, o.object_name, ${DETAILS}
  FROM (${OBJECTS}) AS o
  WHERE lower($1) IN (lower(o.object_name), lower(o.schema_name || '.' || o.object_name))
  ORDER BY o.schema_name <> 'main', o.schema_name LIMIT 1`,
  shape: ({ rows, truncated }: RowSet) => {
    const [table] = rows as readonly [Row?];
    if (table) return { kind: 'value', value: { ...table } };
    if (truncated) throw toolboxError('TOOL_FAILED', 'what there is to say of the table is beyond `maxBytes`');
    throw toolboxError('SQL_FAILED', 'there is no such table or view; `list-tables` tells the names there are');
  },
};
