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
  readonly data_keys: DataKeysTable;
  readonly secrets: SecretsTable;
  readonly secret_versions: SecretVersionsTable;
  readonly vault_leases: VaultLeasesTable;
  readonly audit_installation: AuditInstallationTable;
  readonly audit_writers: AuditWritersTable;
  readonly audit_records: AuditRecordsTable;
  readonly audit_subjects: AuditSubjectsTable;
  readonly audit_checkpoints: AuditCheckpointsTable;
  readonly delivery_cursors: DeliveryCursorsTable;
  readonly idempotency_keys: IdempotencyKeysTable;
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

/** Keys that encrypt columns, wrapped. Owner: vault. */
export interface DataKeysTable {
  readonly id: string;
  readonly scope_kind: 'namespace' | 'subject';
  readonly scope_id: string;
  /** Null once destroyed: the row stays, the key is gone. */
  readonly wrapped_key: string | null;
  readonly wrapper: string;
  readonly wrapper_version: string;
  /** How many messages the key has encrypted. */
  readonly messages: number;
  readonly created_at: number;
  /** From when on it only decrypts. */
  readonly retired_at: number | null;
  readonly destroyed_at: number | null;
}

/** What the vault keeps for tools, sources and servers, without the values. Owner: vault. */
export interface SecretsTable {
  readonly id: string;
  readonly namespace: string;
  readonly name: string;
  readonly kind: 'api-key' | 'basic' | 'bearer' | 'oauth-client' | 'mtls' | 'password';
  readonly description: string;
  readonly state: 'active' | 'disabled' | 'deleted';
  /** Counts the changes of the secret, for ever upwards. */
  readonly generation: number;
  readonly key_id: string | null;
  /** Sealed: what the columns here and of the versions must say. Null once deleted. */
  readonly manifest: string | null;
  readonly created_at: number;
  readonly changed_at: number;
}

/** The values, sealed. Owner: vault. */
export interface SecretVersionsTable {
  readonly id: string;
  readonly secret_id: string;
  readonly version: number;
  readonly key_id: string | null;
  /** Sealed; null once shredded. */
  readonly value: string | null;
  readonly created_at: number;
  readonly expires_at: number | null;
  /** The end of the overlap with the version after it; null while it is the latest. */
  readonly ends_at: number | null;
  readonly shredded_at: number | null;
}

/** Who does work that only one may do at a time, and until when it is theirs. Owner: vault. */
export interface VaultLeasesTable {
  readonly name: string;
  readonly holder: string;
  readonly held_until: number;
}

/** Whose log this is: one row. Owner: audit, as of all that follow. */
export interface AuditInstallationTable {
  readonly one: number;
  readonly id: string;
}

/** The chains. */
export interface AuditWritersTable {
  readonly id: string;
  readonly created_at: number;
}

/** The records. `hash` and `canonical` are the record; the rest is what can be asked for, with U+0000 replaced. */
export interface AuditRecordsTable {
  readonly writer: string;
  readonly seq: number;
  readonly hash: string;
  readonly canonical: string;
  readonly id: string;
  readonly time: string;
  readonly actor: string;
  readonly issuer: string;
  readonly class: string;
  readonly type: string;
  readonly action: string;
  readonly object_kind: string | null;
  readonly namespace: string | null;
  readonly object: string | null;
  readonly object_id: string | null;
  readonly outcome: string;
  readonly request_id: string | null;
  readonly arguments_digest: string | null;
}

/** People a record is about beside its actor. */
export interface AuditSubjectsTable {
  readonly subject: string;
  readonly writer: string;
  readonly seq: number;
}

/** The checkpoints, in order. */
export interface AuditCheckpointsTable {
  readonly place: number;
  readonly line: string;
}

/** How far each receiver of the audit log has got. */
export interface DeliveryCursorsTable {
  readonly receiver: string;
  readonly state: string;
}

/** What was answered to a request that may be sent again. Owner: http. */
export interface IdempotencyKeysTable {
  /** Issuer and subject. */
  readonly principal: string;
  readonly idempotency_key: string;
  /** Keyed digest of method, path and body. */
  readonly request_digest: string;
  readonly started_at: number;
  /** Null until the request is answered. */
  readonly status: number | null;
  /** JSON. */
  readonly headers: string | null;
  readonly body: string | null;
}
