/** Tables and what they are made of, from SQLite's own pragmas as tables. The shape is that of the other sources. */
import { toolboxError } from '../../errors.ts';
import { choice, filter, type Report } from '../report-tool.ts';
import type { RowSet } from '../source.ts';
import { jsonValue } from '../values.ts';

const KIND = `CASE t.type WHEN 'table' THEN 'TABLE' WHEN 'view' THEN 'VIEW' ELSE 'VIRTUAL TABLE' END`;

const truth = (condition: string): string => `json(iif(${condition}, 'true', 'false'))`;

const COLUMNS = `(
    SELECT json_group_array(json_object(
      'column_name', c.name,
      'data_type', c.type,
      'ordinal_position', c.cid + 1,
      'is_not_nullable', ${truth('c."notnull" = 1')},
      'column_default', c.dflt_value,
      'is_generated', ${truth('c.hidden IN (2, 3)')}
    ) ORDER BY c.cid)
    FROM pragma_table_xinfo(t.name) AS c WHERE c.hidden <> 1)`;

/** Foreign keys have no names in SQLite, and primary keys none that anybody sees. */
const CONSTRAINTS = `(
    SELECT json_group_array(json_object(
      'constraint_name', k.name,
      'constraint_type', k.type,
      'constraint_columns', json(k.columns),
      'foreign_key_referenced_table', k.other,
      'foreign_key_referenced_columns', json(k.others)
    ))
    FROM (
      SELECT NULL AS name, 'PRIMARY KEY' AS type, json_group_array(c.name ORDER BY c.pk) AS columns, NULL AS other, NULL AS others
      FROM pragma_table_info(t.name) AS c WHERE c.pk > 0 HAVING count(*) > 0
      UNION ALL
      SELECT NULL, 'FOREIGN KEY', json_group_array(f."from" ORDER BY f.seq), f."table", json_group_array(f."to" ORDER BY f.seq)
      FROM pragma_foreign_key_list(t.name) AS f GROUP BY f.id
      UNION ALL
      SELECT i.name, 'UNIQUE', (SELECT json_group_array(x.name ORDER BY x.seqno) FROM pragma_index_info(i.name) AS x), NULL, NULL
      FROM pragma_index_list(t.name) AS i WHERE i.origin = 'u'
    ) AS k)`;

const INDEXES = `(
    SELECT json_group_array(json_object(
      'index_name', i.name,
      'index_definition', (SELECT s.sql FROM sqlite_schema AS s WHERE s.type = 'index' AND s.name = i.name),
      'is_unique', ${truth('i."unique" = 1')},
      'is_primary', ${truth(`i.origin = 'pk'`)},
      'index_columns', (SELECT json_group_array(x.name ORDER BY x.seqno) FROM pragma_index_info(i.name) AS x WHERE x.name IS NOT NULL)
    ) ORDER BY i.name)
    FROM pragma_index_list(t.name) AS i)`;

const TRIGGERS = `(
    SELECT json_group_array(json_object('trigger_name', g.name, 'trigger_definition', g.sql) ORDER BY g.name)
    FROM sqlite_schema AS g WHERE g.type = 'trigger' AND g.tbl_name = t.name)`;

const DETAILS = `json_object(
    'schema_name', t.schema,
    'object_name', t.name,
    'object_type', ${KIND},
    'columns', ${COLUMNS},
    'constraints', ${CONSTRAINTS},
    'indexes', ${INDEXES},
    'triggers', ${TRIGGERS},
    'definition', (SELECT s.sql FROM sqlite_schema AS s WHERE s.name = t.name AND s.type IN ('table', 'view')))`;

/** SQLite's own tables, and those that full-text and R-tree indexes keep behind theirs, are left out. */
const USER_TABLES = `t.schema = 'main' AND t.type <> 'shadow' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'`;

/** A name as the text of a list has it: blanks around commas do not count, nor does case. */
const LISTED = `instr(',' || replace(replace(lower($1), ', ', ','), ' ,', ',') || ',', ',' || lower(t.name) || ',') > 0`;

export const listTables: Report = {
  type: 'sqlite-list-tables',
  summary:
    'Lists tables and views, with columns, constraints, indexes, triggers and definition unless only names are asked for.',
  parameters: [
    filter('table_names', 'Names of tables and views, separated by commas; empty for all.'),
    choice('output_format', '`simple` for names alone, `detailed` for everything.', ['simple', 'detailed'], 'detailed'),
  ],
  statement: `
  SELECT t.schema AS schema_name, t.name AS object_name,
    iif($2 = 'simple', json_object('name', t.name), ${DETAILS}) AS object_details
  FROM pragma_table_list AS t
  WHERE ${USER_TABLES} AND ($1 = '' OR ${LISTED})
  ORDER BY t.name`,
  shape: ({ rows, ...rest }: RowSet) => ({
    kind: 'rows',
    ...rest,
    rows: rows.map((row) => ({ ...row, object_details: jsonValue(row['object_details'] as string) })),
  }),
};

export const describeTable: Report = {
  type: 'sqlite-describe-table',
  summary: 'Describes one table or view: columns, constraints, indexes, triggers and definition.',
  parameters: [{ name: 'table_name', type: 'string', description: 'The table or view.', minLength: 1 }],
  statement: `
  SELECT ${DETAILS} AS object_details
  FROM pragma_table_list AS t WHERE ${USER_TABLES} AND lower(t.name) = lower($1)`,
  shape: ({ rows, truncated }: RowSet) => {
    const details = rows[0]?.['object_details'];
    if (details !== undefined) return { kind: 'value', value: jsonValue(details as string) };
    if (truncated) throw toolboxError('TOOL_FAILED', 'what there is to say of the table is beyond `maxBytes`');
    throw toolboxError('SQL_FAILED', 'there is no such table or view; `list-tables` tells the names there are');
  },
};
