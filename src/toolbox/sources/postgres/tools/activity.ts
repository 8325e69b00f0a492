import { filter, rowLimit, type Report } from '../../report-tool.ts';

const AGE = 'An interval as PostgreSQL reads it, such as `30 seconds` or `5 minutes`.';

export const activity: readonly Report[] = [
  {
    type: 'postgres-list-active-queries',
    summary:
      'Lists the statements that run now, the longest first, with who runs them, what they wait for, and their text.',
    parameters: [
      filter('min_duration', `Only statements that have run at least this long. ${AGE}`, '1 minute'),
      filter('exclude_application_names', 'Applications to leave out, separated by commas.'),
      rowLimit(50),
    ],
    statement: `
  SELECT pid, usename AS user, datname, application_name, client_addr, state, wait_event_type, wait_event,
    backend_start, xact_start, query_start, now() - query_start AS query_duration, query
  FROM pg_stat_activity
  WHERE state = 'active' AND backend_type = 'client backend' AND pid <> pg_backend_pid()
    AND now() - query_start >= $1::interval
    AND NOT application_name = ANY (regexp_split_to_array(trim($2::text), '\\s*,\\s*'))
  ORDER BY query_start LIMIT $3::int`,
  },
  {
    type: 'postgres-long-running-transactions',
    summary:
      'Lists transactions open longer than a limit, the oldest first: who, in what state, and their last statement.',
    parameters: [
      filter('min_duration', `Only transactions open at least this long. ${AGE}`, '5 minutes'),
      rowLimit(20),
    ],
    statement: `
  SELECT pid, datname, usename, application_name AS appname, client_addr, state,
    now() - backend_start AS conn_age, now() - xact_start AS xact_age, now() - query_start AS query_age,
    now() - state_change AS last_activity_age, wait_event_type, wait_event, query
  FROM pg_stat_activity
  WHERE xact_start IS NOT NULL AND pid <> pg_backend_pid() AND now() - xact_start >= $1::interval
  ORDER BY xact_start LIMIT $2::int`,
  },
  {
    type: 'postgres-list-locks',
    summary:
      'Lists the sessions that hold or wait for locks: user, statement, transactions, and each lock with its mode and whether it is granted.',
    parameters: [],
    statement: `
  SELECT a.pid, a.usename, a.query, pg_blocking_pids(a.pid) AS blocked_by,
    string_agg(l.transactionid::text, ':') AS trxid,
    string_agg(concat_ws(',', l.granted, coalesce(l.relation::regclass::text, l.locktype), l.mode), '||' ORDER BY l.granted DESC) AS locks
  FROM pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid
  WHERE a.pid <> pg_backend_pid()
  GROUP BY a.pid, a.usename, a.query ORDER BY a.pid`,
  },
  {
    type: 'postgres-list-query-stats',
    summary:
      'Lists the statements that took the most time in all, with calls, times, rows and cache use. Needs the extension pg_stat_statements.',
    parameters: [filter('database_name', 'A part of the database’s name.'), rowLimit(50)],
    statement: `
  SELECT d.datname, s.query, s.calls, s.total_exec_time, s.min_exec_time, s.max_exec_time, s.mean_exec_time,
    s.rows, s.shared_blks_hit, s.shared_blks_read
  FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
  WHERE ($1::text = '' OR d.datname ILIKE '%' || $1::text || '%')
  ORDER BY s.total_exec_time DESC LIMIT $2::int`,
  },
];
