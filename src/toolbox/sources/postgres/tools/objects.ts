import { filter, rowLimit, type Report } from '../../report-tool.ts';

const contains = (column: string, placeholder: string): string =>
  `(${placeholder}::text = '' OR ${column} ILIKE '%' || ${placeholder}::text || '%')`;

export const objects: readonly Report[] = [
  {
    type: 'postgres-list-schemas',
    summary: 'Lists schemas other than the system’s: owner, grants, and how many tables, views and functions each has.',
    parameters: [
      filter('schema_name', 'A part of the schema’s name.'),
      filter('owner', 'A part of the owner’s name.'),
      rowLimit(10),
    ],
    statement: `
  SELECT n.nspname AS schema_name, pg_get_userbyid(n.nspowner) AS owner,
    coalesce((
      SELECT jsonb_object_agg(g.grantee, g.privileges)
      FROM (
        SELECT CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee) END AS grantee,
          jsonb_agg(a.privilege_type ORDER BY a.privilege_type) AS privileges
        FROM aclexplode(n.nspacl) AS a GROUP BY 1
      ) AS g), '{}') AS grants,
    (SELECT count(*) FROM pg_class c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p')) AS tables,
    (SELECT count(*) FROM pg_class c WHERE c.relnamespace = n.oid AND c.relkind = 'v') AS views,
    (SELECT count(*) FROM pg_proc p WHERE p.pronamespace = n.oid) AS functions
  FROM pg_namespace n
  WHERE n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
    AND ${contains('n.nspname', '$1')} AND ${contains('pg_get_userbyid(n.nspowner)::text', '$2')}
  ORDER BY n.nspname LIMIT $3::int`,
  },
  {
    type: 'postgres-list-views',
    summary: 'Lists views outside the system schemas with their owner and definition.',
    parameters: [
      filter('view_name', 'A part of the view’s name.'),
      filter('schema_name', 'A part of the schema’s name.'),
      rowLimit(50),
    ],
    statement: `
  SELECT schemaname AS schema_name, viewname AS view_name, viewowner AS owner_name, definition
  FROM pg_views
  WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
    AND ${contains('viewname::text', '$1')} AND ${contains('schemaname::text', '$2')}
  ORDER BY schemaname, viewname LIMIT $3::int`,
  },
  {
    type: 'postgres-list-triggers',
    summary: 'Lists triggers: table, state, timing, events, level, function and definition.',
    parameters: [
      filter('trigger_name', 'A part of the trigger’s name.'),
      filter('schema_name', 'A part of the schema’s name.'),
      filter('table_name', 'A part of the table’s name.'),
      rowLimit(50),
    ],
    // The bits of tgtype: 1 row, 2 before, 4 insert, 8 delete, 16 update, 32 truncate, 64 instead.
    statement: `
  SELECT g.tgname AS trigger_name, n.nspname AS schema_name, t.relname AS table_name,
    CASE g.tgenabled WHEN 'O' THEN 'ENABLED' WHEN 'D' THEN 'DISABLED' WHEN 'R' THEN 'REPLICA' WHEN 'A' THEN 'ALWAYS' END AS status,
    CASE WHEN g.tgtype & 2 <> 0 THEN 'BEFORE' WHEN g.tgtype & 64 <> 0 THEN 'INSTEAD OF' ELSE 'AFTER' END AS timing,
    array_to_string(ARRAY[
      CASE WHEN g.tgtype & 4 <> 0 THEN 'INSERT' END, CASE WHEN g.tgtype & 16 <> 0 THEN 'UPDATE' END,
      CASE WHEN g.tgtype & 8 <> 0 THEN 'DELETE' END, CASE WHEN g.tgtype & 32 <> 0 THEN 'TRUNCATE' END], ', ') AS events,
    CASE WHEN g.tgtype & 1 <> 0 THEN 'ROW' ELSE 'STATEMENT' END AS activation_level,
    p.proname AS function_name, pg_get_triggerdef(g.oid) AS definition
  FROM pg_trigger g
  JOIN pg_class t ON t.oid = g.tgrelid JOIN pg_namespace n ON n.oid = t.relnamespace
  LEFT JOIN pg_proc p ON p.oid = g.tgfoid
  WHERE NOT g.tgisinternal AND ${contains('g.tgname::text', '$1')}
    AND ${contains('n.nspname::text', '$2')} AND ${contains('t.relname::text', '$3')}
  ORDER BY n.nspname, t.relname, g.tgname LIMIT $4::int`,
  },
  {
    type: 'postgres-list-sequences',
    summary: 'Lists sequences: type, range, step and the last value that was given.',
    parameters: [
      filter('schema_name', 'A part of the schema’s name.'),
      filter('sequence_name', 'A part of the sequence’s name.'),
      rowLimit(50),
    ],
    statement: `
  SELECT sequencename AS sequence_name, schemaname AS schema_name, sequenceowner AS sequence_owner,
    data_type::text AS data_type, start_value, min_value, max_value, increment_by, last_value
  FROM pg_sequences
  WHERE ${contains('schemaname::text', '$1')} AND ${contains('sequencename::text', '$2')}
  ORDER BY schemaname, sequencename LIMIT $3::int`,
  },
  {
    type: 'postgres-list-indexes',
    summary: 'Lists indexes with their definition, size and use; on request those that were never used.',
    parameters: [
      filter('schema_name', 'A part of the schema’s name.'),
      filter('table_name', 'A part of the table’s name.'),
      filter('index_name', 'A part of the index’s name.'),
      { name: 'only_unused', type: 'boolean', description: 'Only indexes that no scan has used.', default: false },
      rowLimit(50),
    ],
    statement: `
  SELECT s.schemaname AS schema_name, s.relname AS table_name, s.indexrelname AS index_name, m.amname AS index_type,
    x.indisunique AS is_unique, x.indisprimary AS is_primary, pg_get_indexdef(s.indexrelid) AS index_definition,
    pg_relation_size(s.indexrelid) AS index_size_bytes, s.idx_scan AS index_scans, s.idx_tup_read AS tuples_read,
    s.idx_tup_fetch AS tuples_fetched, s.idx_scan > 0 AS is_used
  FROM pg_stat_user_indexes s
  JOIN pg_index x ON x.indexrelid = s.indexrelid
  JOIN pg_class i ON i.oid = s.indexrelid JOIN pg_am m ON m.oid = i.relam
  WHERE ${contains('s.schemaname::text', '$1')} AND ${contains('s.relname::text', '$2')}
    AND ${contains('s.indexrelname::text', '$3')} AND ($4::boolean IS NOT TRUE OR s.idx_scan = 0)
  ORDER BY s.schemaname, s.relname, s.indexrelname LIMIT $5::int`,
  },
  {
    type: 'postgres-list-stored-procedure',
    summary: 'Lists stored procedures with owner, language, definition and description.',
    parameters: [
      filter('role_name', 'A part of the owner’s name.'),
      filter('schema_name', 'A part of the schema’s name.'),
      rowLimit(20),
    ],
    statement: `
  SELECT n.nspname AS schema_name, p.proname AS name, pg_get_userbyid(p.proowner) AS owner, l.lanname AS language,
    pg_get_functiondef(p.oid) AS definition, obj_description(p.oid, 'pg_proc') AS description
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
  WHERE p.prokind = 'p' AND ${contains('pg_get_userbyid(p.proowner)::text', '$1')}
    AND ${contains('n.nspname::text', '$2')}
  ORDER BY n.nspname, p.proname LIMIT $3::int`,
  },
];
