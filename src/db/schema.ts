/**
 * Every table as types, in one place: what a row is when Kysely hands it over.
 *
 * Types that both dialects have and give back alike: text, and whole numbers up to 2^53. A moment is
 * milliseconds since the epoch; what is a list of words (roles, scopes) is one text with spaces
 * between, as OAuth writes scopes; a digest is lower-case hex. `null` is "never" or "not said".
 */
export interface Schema {
  readonly schema_migrations: SchemaMigrationsTable;
  readonly agents: AgentsTable;
  readonly api_keys: ApiKeysTable;
}

/** Which migrations this database has had. Owner: db. */
export interface SchemaMigrationsTable {
  readonly id: string;
  readonly checksum: string;
  readonly applied_at: number;
}

/** Services and bots that call. Owner: identity. */
export interface AgentsTable {
  readonly id: string;
  readonly namespace: string;
  readonly name: string;
  readonly type: 'user' | 'service' | 'bot';
  readonly responsible_user: string | null;
  readonly description: string;
  readonly roles: string;
  readonly disabled_at: number | null;
  readonly created_at: number;
}

/** API keys, as digests. Owner: identity. */
export interface ApiKeysTable {
  readonly id: string;
  readonly agent_id: string;
  readonly namespace: string;
  /** SHA-256 of the secret part of the key. */
  readonly secret_hash: string;
  readonly scopes: string;
  readonly label: string;
  readonly created_at: number;
  readonly expires_at: number | null;
  readonly revoked_at: number | null;
  readonly last_used_at: number | null;
}
