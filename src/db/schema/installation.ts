/** The installation itself: its migrations, the keys that its hosts share, the ledgers of its revocations. */
export interface InstallationTables {
  readonly schema_migrations: SchemaMigrationsTable;
  readonly host_keys: HostKeysTable;
  readonly revocation_ledgers: RevocationLedgersTable;
}

/** Which migrations this database has had. Owner: db. */
export interface SchemaMigrationsTable {
  readonly id: string;
  readonly checksum: string;
  readonly applied_at: number;
}

/** Which keys the hosts of one PostgreSQL have in their files; empty on SQLite. Owner: db. */
export interface HostKeysTable {
  readonly name: string;
  readonly fingerprint: string;
  readonly recorded_at: number;
}

/** The ledgers of revocations that belong to this state. Owner: backup. */
export interface RevocationLedgersTable {
  readonly ledger: string;
  readonly known_since: number;
}
