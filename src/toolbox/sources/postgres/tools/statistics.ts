import { choice, filter, rowLimit, type Report } from '../../report-tool.ts';

const contains = (column: string, placeholder: string): string =>
  `(${placeholder}::text IS NULL OR ${column} ILIKE '%' || ${placeholder}::text || '%')`;

/** To two places; 0 where there is nothing to divide by. */
const percent = (part: string, whole: string): string =>
  `coalesce(round(100.0 * (${part}) / nullif(${whole}, 0), 2), 0)::float8`;

export const statistics: readonly Report[] = [
  {
    type: 'postgres-database-overview',
    summary:
      'Tells the state of the server: version, whether it is a replica, uptime, and how many connections are in use.',
    parameters: [],
    statement: `
  SELECT current_setting('server_version') AS pg_version, pg_is_in_recovery() AS is_replica,
    now() - pg_postmaster_start_time() AS uptime, m.most AS max_connections, c.current AS current_connections,
    c.active AS active_connections, ${percent('c.current', 'm.most')} AS pct_connections_used
  FROM (SELECT current_setting('max_connections')::int AS most) AS m,
    (SELECT count(*) AS current, count(*) FILTER (WHERE state = 'active') AS active FROM pg_stat_activity) AS c`,
  },
  {
    type: 'postgres-list-table-stats',
    summary:
      'Lists tables with size, scans, live and dead rows, changes, and when they were last vacuumed and analysed.',
    parameters: [
      filter('schema_name', 'A part of the schema’s name.', 'public'),
      filter('table_name', 'A part of the table’s name.'),
      filter('owner', 'A part of the owner’s name.'),
      choice(
        'sort_by',
        'What the list is ordered by, the most first.',
        ['seq_scan', 'idx_scan', 'size', 'dead_rows'],
        'seq_scan',
      ),
      rowLimit(50),
    ],
    statement: `
  SELECT * FROM (
    SELECT s.schemaname AS schema_name, s.relname AS table_name, pg_get_userbyid(t.relowner) AS owner,
      pg_total_relation_size(s.relid) AS total_size_bytes, s.seq_scan, s.idx_scan,
      ${percent('s.idx_scan', 's.seq_scan + s.idx_scan')} AS idx_scan_ratio_percent,
      s.n_live_tup AS live_rows, s.n_dead_tup AS dead_rows,
      ${percent('s.n_dead_tup', 's.n_live_tup + s.n_dead_tup')} AS dead_row_ratio_percent,
      s.n_tup_ins, s.n_tup_upd, s.n_tup_del, s.last_vacuum, s.last_autovacuum, s.last_autoanalyze
    FROM pg_stat_all_tables s JOIN pg_class t ON t.oid = s.relid
  ) AS stats
  WHERE ${contains('schema_name', '$1')} AND ${contains('table_name', '$2')} AND ${contains('owner', '$3')}
  ORDER BY CASE $4::text WHEN 'size' THEN total_size_bytes WHEN 'dead_rows' THEN dead_rows
    WHEN 'idx_scan' THEN idx_scan ELSE seq_scan END DESC NULLS LAST, schema_name, table_name
  LIMIT $5::int`,
  },
  {
    type: 'postgres-list-database-stats',
    summary:
      'Lists databases with cache use, transactions, rows read and changed, temporary files, conflicts, deadlocks and size.',
    parameters: [
      filter('database_name', 'A part of the database’s name.'),
      { name: 'include_templates', type: 'boolean', description: 'Template databases too.', default: false },
      filter('database_owner', 'A part of the owner’s name.'),
      filter('default_tablespace', 'A part of the name of the default tablespace.'),
      choice('order_by', '`size` or `commit` for the most first, else by name.', ['', 'size', 'commit'], ''),
      rowLimit(10),
    ],
    statement: `
  SELECT * FROM (
    SELECT s.datname AS database_name, d.datallowconn AS is_connectable, pg_get_userbyid(d.datdba) AS database_owner,
      ts.spcname AS default_tablespace, ${percent('s.blks_hit', 's.blks_hit + s.blks_read')} AS cache_hit_ratio_percent,
      s.blks_read AS blocks_read_from_disk, s.blks_hit AS blocks_hit_in_cache, s.xact_commit, s.xact_rollback,
      ${percent('s.xact_rollback', 's.xact_commit + s.xact_rollback')} AS rollback_ratio_percent,
      s.tup_returned AS rows_returned_by_queries, s.tup_fetched AS rows_fetched_by_scans,
      s.tup_inserted, s.tup_updated, s.tup_deleted, s.temp_files, s.temp_bytes AS temp_size_bytes, s.conflicts, s.deadlocks,
      s.numbackends AS active_connections, s.stats_reset AS statistics_last_reset,
      CASE WHEN has_database_privilege(d.oid, 'CONNECT') THEN pg_database_size(d.oid) END AS database_size_bytes
    FROM pg_stat_database s JOIN pg_database d ON d.oid = s.datid JOIN pg_tablespace ts ON ts.oid = d.dattablespace
    WHERE $2::boolean OR NOT d.datistemplate
  ) AS stats
  WHERE ${contains('database_name', '$1')} AND ${contains('database_owner', '$3')}
    AND ${contains('default_tablespace', '$4')}
  ORDER BY CASE $5::text WHEN 'size' THEN database_size_bytes WHEN 'commit' THEN xact_commit END DESC NULLS LAST, database_name
  LIMIT $6::int`,
  },
  {
    type: 'postgres-get-column-cardinality',
    summary:
      'Estimates how many different values the columns of a table have, from the statistics of the last ANALYZE.',
    parameters: [
      filter('schema_name', 'The schema of the table.', 'public'),
      { name: 'table_name', type: 'string', description: 'The table.', minLength: 1 },
      { name: 'column_name', type: 'string', description: 'One column; without it, all.', required: false },
    ],
    // n_distinct is a count, or minus the share of rows that differ, so that it survives growth.
    statement: `
  SELECT s.attname AS column_name,
    CASE WHEN s.n_distinct < 0 THEN round(-s.n_distinct * greatest(t.reltuples, 0)) ELSE s.n_distinct END::bigint AS estimated_cardinality
  FROM pg_stats s
  JOIN pg_namespace n ON n.nspname = s.schemaname
  JOIN pg_class t ON t.relnamespace = n.oid AND t.relname = s.tablename
  WHERE s.schemaname = $1::text AND s.tablename = $2::text AND s.attname = coalesce($3::text, s.attname) AND NOT s.inherited
  ORDER BY estimated_cardinality DESC, s.attname`,
  },
];
