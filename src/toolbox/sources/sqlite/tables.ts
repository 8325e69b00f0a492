import type { TableStatements } from '../table-tools.ts';

/** SQLite's own tables and the ones that full-text and R-tree indexes keep behind theirs are left out. */
const WANTED = `
FROM pragma_table_list AS t
LEFT JOIN sqlite_schema AS s ON s.name = t.name AND s.type IN ('table', 'view')
WHERE t.schema = 'main' AND t.type <> 'shadow' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
  AND ($1 IS NULL OR instr(lower($1), ',' || lower(t.name) || ',') > 0)
ORDER BY t.name`;

const truth = (condition: string): string => `json(iif(${condition}, 'true', 'false'))`;

export const sqliteTables: TableStatements = {
  simple: `SELECT t.name AS object_name, t.type AS object_type ${WANTED}`,
  detailed: `
SELECT
  t.name AS object_name,
  t.type AS object_type,
  (SELECT json_group_array(json_object(
      'column_name', c.name,
      'data_type', c.type,
      'is_not_nullable', ${truth('c."notnull" = 1')},
      'column_default', c.dflt_value,
      'is_primary_key', ${truth('c.pk > 0')},
      'is_generated', ${truth('c.hidden IN (2, 3)')}
    ) ORDER BY c.cid)
    FROM pragma_table_xinfo(t.name) AS c WHERE c.hidden <> 1) AS columns,
  (SELECT json_group_array(c.name ORDER BY c.pk) FROM pragma_table_info(t.name) AS c WHERE c.pk > 0) AS primary_key,
  (SELECT json_group_array(json_object(
      'columns', json(k.own), 'referenced_table', k.other, 'referenced_columns', json(k.others), 'on_delete', k.on_delete
    ))
    FROM (
      SELECT f."table" AS other, f.on_delete,
        json_group_array(f."from" ORDER BY f.seq) AS own,
        json_group_array(f."to" ORDER BY f.seq) AS others
      FROM pragma_foreign_key_list(t.name) AS f GROUP BY f.id
    ) AS k) AS foreign_keys,
  (SELECT json_group_array(json_object(
      'index_name', i.name,
      'is_unique', ${truth('i."unique" = 1')},
      'columns', (SELECT json_group_array(coalesce(x.name, 'an expression') ORDER BY x.seqno) FROM pragma_index_info(i.name) AS x)
    ) ORDER BY i.seq)
    FROM pragma_index_list(t.name) AS i) AS indexes,
  (SELECT json_group_array(json_object('trigger_name', g.name, 'trigger_definition', g.sql) ORDER BY g.name)
    FROM sqlite_schema AS g WHERE g.type = 'trigger' AND g.tbl_name = t.name) AS triggers,
  s.sql AS definition
${WANTED}`,
  jsonColumns: ['columns', 'primary_key', 'foreign_keys', 'indexes', 'triggers'],
};
