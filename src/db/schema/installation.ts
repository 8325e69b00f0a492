/** The installation itself: its migrations, the keys that its hosts share, the processes that serve it, the ledgers of its revocations. */
export interface InstallationTables {
  readonly schema_migrations: SchemaMigrationsTable;
  readonly host_keys: HostKeysTable;
  readonly replicas: ReplicasTable;
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

/** The processes that serve from one PostgreSQL now; empty on SQLite. Owner: gateway. */
export interface ReplicasTable {
  readonly id: string;
  /** The origin at which its siblings reach it; null where nobody said. */
  readonly address: string | null;
  /** That it is a process of ours that says so: a digest of both under a key that the processes share. */
  readonly proof: string;
  /** By its own clock: whoever looks goes by whether it moves. */
  readonly seen_at: number;
}

/** The ledgers of revocations that belong to this state. Owner: backup. */
export interface RevocationLedgersTable {
  readonly ledger: string;
  readonly known_since: number;
}
