import { filter, rowLimit, type Report } from '../../report-tool.ts';

export const server: readonly Report[] = [
  {
    type: 'postgres-list-pg-settings',
    summary: 'Lists settings of the server: value, unit, meaning, where the value comes from, and what a change needs.',
    parameters: [filter('setting_name', 'A part of the setting’s name.'), rowLimit(50)],
    statement: `
  SELECT name, setting AS current_value, unit, short_desc, source,
    CASE context WHEN 'postmaster' THEN 'Yes' WHEN 'sighup' THEN 'No (Reload sufficient)' ELSE 'No' END AS requires_restart
  FROM pg_settings
  WHERE $1::text = '' OR name ILIKE '%' || $1::text || '%'
  ORDER BY name LIMIT $2::int`,
  },
  {
    type: 'postgres-list-roles',
    summary:
      'Lists roles other than the system’s: what they may do, how many connections, until when, and who belongs to whom.',
    parameters: [filter('role_name', 'A part of the role’s name.'), rowLimit(50)],
    statement: `
  SELECT r.rolname AS role_name, r.oid, r.rolconnlimit AS connection_limit, r.rolsuper AS is_superuser,
    r.rolinherit AS inherits_privileges, r.rolcreaterole AS can_create_roles, r.rolcreatedb AS can_create_db,
    r.rolcanlogin AS can_login, r.rolreplication AS is_replication_role, r.rolbypassrls AS bypass_rls,
    r.rolvaliduntil AS valid_until,
    ARRAY(SELECT o.rolname FROM pg_auth_members m JOIN pg_roles o ON o.oid = m.member WHERE m.roleid = r.oid ORDER BY 1) AS direct_members,
    ARRAY(SELECT o.rolname FROM pg_auth_members m JOIN pg_roles o ON o.oid = m.roleid WHERE m.member = r.oid ORDER BY 1) AS member_of
  FROM pg_roles r
  WHERE r.rolname NOT LIKE 'pg\\_%' AND ($1::text = '' OR r.rolname ILIKE '%' || $1::text || '%')
  ORDER BY r.rolname LIMIT $2::int`,
  },
  {
    type: 'postgres-list-available-extensions',
    summary: 'Lists extensions that could be installed, with their default version and description.',
    parameters: [],
    statement: `
  SELECT name, default_version, comment AS description FROM pg_available_extensions ORDER BY name`,
  },
  {
    type: 'postgres-list-installed-extensions',
    summary: 'Lists the extensions of this database with version, schema, owner and description.',
    parameters: [],
    statement: `
  SELECT e.extname AS name, e.extversion AS version, n.nspname AS schema, pg_get_userbyid(e.extowner) AS owner,
    obj_description(e.oid, 'pg_extension') AS description
  FROM pg_extension e LEFT JOIN pg_namespace n ON n.oid = e.extnamespace
  ORDER BY e.extname`,
  },
  {
    type: 'postgres-list-tablespaces',
    summary: 'Lists tablespaces with owner, size where the role may see it, grants and options.',
    parameters: [filter('tablespace_name', 'A part of the tablespace’s name.'), rowLimit(50)],
    statement: `
  SELECT spcname AS tablespace_name, pg_get_userbyid(spcowner) AS owner_name,
    CASE WHEN has_tablespace_privilege(oid, 'CREATE') THEN pg_tablespace_size(oid) END AS size_in_bytes,
    oid, spcacl::text[] AS spcacl, spcoptions
  FROM pg_tablespace
  WHERE $1::text = '' OR spcname ILIKE '%' || $1::text || '%'
  ORDER BY spcname LIMIT $2::int`,
  },
  {
    type: 'postgres-replication-stats',
    summary: 'Lists replicas: their state, and how far behind they are in sending, writing, flushing and replaying.',
    parameters: [],
    statement: `
  SELECT pid, usename, application_name, backend_xmin, client_addr, state, sync_state,
    pg_size_pretty(pg_wal_lsn_diff(w.lsn, sent_lsn)) AS sent_lag,
    pg_size_pretty(pg_wal_lsn_diff(sent_lsn, write_lsn)) AS write_lag,
    pg_size_pretty(pg_wal_lsn_diff(write_lsn, flush_lsn)) AS flush_lag,
    pg_size_pretty(pg_wal_lsn_diff(flush_lsn, replay_lsn)) AS replay_lag,
    pg_size_pretty(pg_wal_lsn_diff(w.lsn, replay_lsn)) AS total_lag
  FROM pg_stat_replication,
    (SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END AS lsn) AS w
  ORDER BY application_name, pid`,
  },
  {
    type: 'postgres-list-publication-tables',
    summary: 'Lists the tables of publications, and which changes each publication sends.',
    parameters: [
      filter('table_names', 'Names of tables, separated by commas.'),
      filter('publication_names', 'Names of publications, separated by commas.'),
      filter('schema_names', 'Names of schemas, separated by commas.'),
      rowLimit(50),
    ],
    statement: `
  SELECT t.pubname AS publication_name, t.schemaname AS schema_name, t.tablename AS table_name,
    p.puballtables AS publishes_all_tables, p.pubinsert AS publishes_inserts, p.pubupdate AS publishes_updates,
    p.pubdelete AS publishes_deletes, p.pubtruncate AS publishes_truncates, pg_get_userbyid(p.pubowner) AS publication_owner
  FROM pg_publication_tables t JOIN pg_publication p ON p.pubname = t.pubname
  WHERE ${['t.tablename', 't.pubname', 't.schemaname']
    .map((column, index) => {
      const wanted = `trim($${index + 1}::text)`;
      return `(${wanted} = '' OR ${column} = ANY (regexp_split_to_array(${wanted}, '\\s*,\\s*')))`;
    })
    .join(' AND ')}
  ORDER BY t.pubname, t.schemaname, t.tablename LIMIT $4::int`,
  },
];
