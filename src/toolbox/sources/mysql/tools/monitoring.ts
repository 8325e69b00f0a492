import { choice, filter, rowLimit, type Report } from '../../report-tool.ts';
import type { ParameterDeclaration } from '#contract';

const USER_SCHEMA = (column: string): string =>
  `${column} NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys')`;

/** One placeholder twice: empty means the source's database, or all where it names none. */
const IN_SCHEMA = (column: string): string => `${column} = COALESCE(NULLIF(?, ''), DATABASE(), ${column})`;

const tableSchema = filter('table_schema', 'The database; empty for the source’s, or all where it names none.');
const tableName = filter('table_name', 'One table; empty for all.');

function atLeast(name: string, description: string, preset: number): ParameterDeclaration {
  return { name, type: 'integer', description, default: preset, minValue: 0 };
}

/** Picoseconds, which performance_schema counts in. */
const seconds = (column: string): string => `CAST(${column} / 1e12 AS DOUBLE)`;
const milliseconds = (column: string): string => `CAST(${column} / 1e9 AS DOUBLE)`;

export const monitoring: readonly Report[] = [
  {
    type: 'mysql-list-active-queries',
    summary: 'Lists what sessions do now and which transactions are open, the oldest transaction first.',
    parameters: [atLeast('min_duration_secs', 'Only what has run at least this many seconds.', 0), rowLimit(100)],
    statement: `
  SELECT p.id AS processlist_id, SUBSTRING(COALESCE(p.info, x.trx_query), 1, 1000) AS query, x.trx_started AS trx_started,
    TIMESTAMPDIFF(SECOND, x.trx_started, NOW()) AS trx_duration_seconds,
    TIMESTAMPDIFF(SECOND, x.trx_wait_started, NOW()) AS trx_wait_duration_seconds,
    p.time AS query_time, x.trx_state AS trx_state, p.state AS process_state,
    CONCAT_WS('@', p.user, NULLIF(SUBSTRING_INDEX(p.host, ':', 1), '')) AS user,
    x.trx_rows_locked AS trx_rows_locked, x.trx_rows_modified AS trx_rows_modified, p.db AS db
  FROM information_schema.processlist p
  LEFT JOIN information_schema.innodb_trx x ON x.trx_mysql_thread_id = p.id
  WHERE p.time >= ? AND p.id <> CONNECTION_ID() AND p.user NOT IN ('system user', 'event_scheduler')
    AND p.command NOT IN ('Daemon', 'Binlog Dump', 'Binlog Dump GTID', 'Connect', 'Register Slave')
    AND (x.trx_id IS NOT NULL OR p.command <> 'Sleep')
  ORDER BY x.trx_started IS NULL, x.trx_started, p.time DESC LIMIT ?`,
  },
  {
    type: 'mysql-list-all-locks',
    summary: 'Lists the locks that transactions hold or wait for, with the statement of each transaction.',
    parameters: [tableSchema, tableName, rowLimit(10)],
    bind: ['table_schema', 'table_name', 'table_name', 'limit'],
    statement: `
  SELECT l.thread_id AS thread_id, x.trx_mysql_thread_id AS process_id, l.object_schema AS table_schema,
    l.object_name AS table_name, l.lock_type AS lock_type, l.lock_mode AS lock_mode, l.lock_status AS lock_status,
    x.trx_state AS transaction_state, x.trx_operation_state AS current_operation, SUBSTRING(x.trx_query, 1, 1000) AS query
  FROM performance_schema.data_locks l
  JOIN information_schema.innodb_trx x ON x.trx_id = l.engine_transaction_id
  WHERE ${IN_SCHEMA('l.object_schema')} AND (? = '' OR l.object_name = ?)
  ORDER BY x.trx_started LIMIT ?`,
    // MariaDB and MySQL 5.7 show those locks alone that somebody waits for.
    elsewhere: `
  SELECT NULL AS thread_id, l.process_id, l.table_schema, l.table_name, l.lock_type, l.lock_mode, l.lock_status,
    l.transaction_state, l.current_operation, l.query
  FROM (
    SELECT x.trx_mysql_thread_id AS process_id, x.trx_started AS started,
      REPLACE(SUBSTRING_INDEX(k.lock_table, '.', 1), '\`', '') AS table_schema,
      REPLACE(SUBSTRING_INDEX(k.lock_table, '.', -1), '\`', '') AS table_name,
      k.lock_type AS lock_type, k.lock_mode AS lock_mode,
      IF(k.lock_id = x.trx_requested_lock_id, 'WAITING', 'GRANTED') AS lock_status, x.trx_state AS transaction_state,
      x.trx_operation_state AS current_operation, SUBSTRING(x.trx_query, 1, 1000) AS query
    FROM information_schema.innodb_locks k JOIN information_schema.innodb_trx x ON x.trx_id = k.lock_trx_id
  ) AS l
  WHERE ${IN_SCHEMA('l.table_schema')} AND (? = '' OR l.table_name = ?)
  ORDER BY l.started LIMIT ?`,
  },
  {
    type: 'mysql-list-table-fragmentation',
    summary: 'Lists tables by the share of their space that is free inside: what OPTIMIZE TABLE would give back.',
    parameters: [
      tableSchema,
      tableName,
      atLeast('data_free_threshold_bytes', 'Only tables with at least this much free space.', 1),
      rowLimit(10),
    ],
    bind: ['table_schema', 'table_name', 'table_name', 'data_free_threshold_bytes', 'limit'],
    statement: `
  SELECT t.table_schema AS table_schema, t.table_name AS table_name, t.data_length AS data_size,
    t.index_length AS index_size, t.data_free AS data_free,
    CAST(ROUND(100 * t.data_free / NULLIF(t.data_length + t.index_length, 0), 2) AS DOUBLE) AS fragmentation_percentage
  FROM information_schema.tables t
  WHERE ${USER_SCHEMA('t.table_schema')} AND t.table_type = 'BASE TABLE' AND ${IN_SCHEMA('t.table_schema')}
    AND (? = '' OR t.table_name = ?) AND t.data_free >= ?
  ORDER BY 6 DESC, t.table_schema, t.table_name LIMIT ?`,
  },
  {
    type: 'mysql-list-tables-missing-unique-indexes',
    summary: 'Lists tables with neither a primary key nor a unique one, in which no row can be told from its copy.',
    parameters: [tableSchema, rowLimit(50)],
    statement: `
  SELECT t.table_schema AS table_schema, t.table_name AS table_name
  FROM information_schema.tables t
  WHERE ${USER_SCHEMA('t.table_schema')} AND t.table_type = 'BASE TABLE' AND ${IN_SCHEMA('t.table_schema')}
    AND NOT EXISTS (
      SELECT 1 FROM information_schema.table_constraints k
      WHERE k.table_schema = t.table_schema AND k.table_name = t.table_name AND k.constraint_type IN ('PRIMARY KEY', 'UNIQUE'))
  ORDER BY t.table_schema, t.table_name LIMIT ?`,
  },
  {
    type: 'mysql-list-table-stats',
    summary:
      'Lists tables with size, rows read and changed, and the time that reading and writing took. Needs performance_schema and sys.',
    parameters: [
      tableSchema,
      tableName,
      choice(
        'sort_by',
        'What the list is ordered by, the most first.',
        ['total_latency', 'row_count', 'rows_fetched', 'rows_inserted', 'rows_updated', 'rows_deleted', ''],
        'total_latency',
      ),
      rowLimit(10),
    ],
    bind: ['table_schema', 'table_name', 'table_name', 'sort_by', 'limit'],
    statement: `
  SELECT t.table_schema AS table_schema, t.table_name AS table_name,
    CAST(ROUND((t.data_length + t.index_length) / 1048576, 2) AS DOUBLE) AS size_MB, t.table_rows AS row_count,
    ${seconds('s.total_latency')} AS total_latency_secs, CAST(s.rows_fetched AS UNSIGNED) AS rows_fetched,
    CAST(s.rows_inserted AS UNSIGNED) AS rows_inserted, CAST(s.rows_updated AS UNSIGNED) AS rows_updated,
    CAST(s.rows_deleted AS UNSIGNED) AS rows_deleted, CAST(s.io_read_requests AS UNSIGNED) AS io_reads,
    ${seconds('s.io_read_latency')} AS io_read_latency, CAST(s.io_write_requests AS UNSIGNED) AS io_writes,
    ${seconds('s.io_write_latency')} AS io_write_latency, CAST(s.io_misc_requests AS UNSIGNED) AS io_misc_requests,
    ${seconds('s.io_misc_latency')} AS io_misc_latency
  FROM information_schema.tables t
  JOIN sys.x$schema_table_statistics s ON s.table_schema = t.table_schema AND s.table_name = t.table_name
  WHERE ${USER_SCHEMA('t.table_schema')} AND ${IN_SCHEMA('t.table_schema')} AND (? = '' OR t.table_name = ?)
  ORDER BY CASE ? WHEN 'row_count' THEN t.table_rows WHEN 'rows_fetched' THEN s.rows_fetched
    WHEN 'rows_inserted' THEN s.rows_inserted WHEN 'rows_updated' THEN s.rows_updated
    WHEN 'rows_deleted' THEN s.rows_deleted ELSE s.total_latency END DESC, t.table_schema, t.table_name
  LIMIT ?`,
  },
  {
    type: 'mysql-show-query-stats',
    summary:
      'Lists the kinds of statements that took the most time in all: runs, times, rows, and scans without an index. Needs performance_schema.',
    parameters: [tableSchema, rowLimit(10)],
    statement: `
  SELECT q.schema_name AS db, q.digest_text AS query, q.count_star AS execution_count,
    ${milliseconds('q.sum_timer_wait')} AS total_latency_ms, ${milliseconds('q.avg_timer_wait')} AS average_latency_ms,
    ${milliseconds('q.max_timer_wait')} AS max_latency_ms, q.sum_rows_sent AS total_rows_sent,
    q.sum_rows_examined AS total_rows_examined, q.sum_no_index_used AS full_table_scan_count,
    q.sum_no_good_index_used AS inefficient_index_used_count, q.last_seen AS last_executed
  FROM performance_schema.events_statements_summary_by_digest q
  WHERE ${USER_SCHEMA('q.schema_name')} AND ${IN_SCHEMA('q.schema_name')}
  ORDER BY q.sum_timer_wait DESC LIMIT ?`,
  },
];
