import type { TableStatements } from '../table-tools.ts';

const wanted = (name: string, schema: string): string =>
  `NOT internal AND database_name = current_database()
   AND ($1 IS NULL OR contains(lower($1), ',' || lower(${name}) || ',') OR contains(lower($1), ',' || lower(${schema} || '.' || ${name}) || ','))`;

const OBJECTS = `
SELECT schema_name, table_name AS object_name, 'table' AS object_type, table_oid AS oid, comment, estimated_size, sql AS definition
FROM duckdb_tables() WHERE ${wanted('table_name', 'schema_name')}
UNION ALL
SELECT schema_name, view_name, 'view', view_oid, comment, NULL, sql
FROM duckdb_views() WHERE ${wanted('view_name', 'schema_name')}`;

/** DuckDB's catalogue functions give lists and structs, which are JSON already. */
export const duckdbTables: TableStatements = {
  simple: `SELECT schema_name, object_name, object_type FROM (${OBJECTS}) AS o ORDER BY schema_name, object_name`,
  detailed: `
SELECT
  o.schema_name, o.object_name, o.object_type, o.comment, o.estimated_size AS estimated_rows,
  (SELECT list(struct_pack(
      column_name := c.column_name, data_type := c.data_type, is_not_nullable := NOT c.is_nullable,
      column_default := c.column_default, comment := c.comment
    ) ORDER BY c.column_index)
    FROM duckdb_columns() AS c WHERE c.table_oid = o.oid AND c.database_name = current_database()) AS columns,
  coalesce((SELECT list(struct_pack(
      constraint_type := k.constraint_type, columns := k.constraint_column_names, constraint_text := k.constraint_text
    ) ORDER BY k.constraint_index)
    FROM duckdb_constraints() AS k
    WHERE k.table_oid = o.oid AND k.database_name = current_database() AND k.constraint_type <> 'NOT NULL'), []) AS constraints,
  coalesce((SELECT list(struct_pack(index_name := i.index_name, is_unique := i.is_unique, columns := i.expressions) ORDER BY i.index_name)
    FROM duckdb_indexes() AS i WHERE i.table_oid = o.oid AND i.database_name = current_database()), []) AS indexes,
  o.definition
FROM (${OBJECTS}) AS o ORDER BY o.schema_name, o.object_name`,
  jsonColumns: [],
};
