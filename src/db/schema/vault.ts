/** Data keys, and what is sealed by them. */
export interface VaultTables {
  readonly data_keys: DataKeysTable;
  readonly secrets: SecretsTable;
  readonly secret_versions: SecretVersionsTable;
  readonly vault_leases: VaultLeasesTable;
  readonly vault_keyring: VaultKeyringTable;
}

/** Keys that encrypt columns, wrapped. Owner: vault. */
export interface DataKeysTable {
  readonly id: string;
  readonly scope_kind: 'namespace' | 'subject';
  readonly scope_id: string;
  /** Null once destroyed: the row stays, the key is gone. Of a subject's key the word `keyring`: it lies there. */
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

/**
 * The wrapped keys of data subjects, in no backup. On SQLite in a file of its own, beside the others in
 * name alone: nothing there can refer to a row here. Owner: vault.
 */
export interface VaultKeyringTable {
  readonly key_id: string;
  readonly subject: string;
  /** Null once destroyed. */
  readonly wrapped_key: string | null;
  readonly wrapper: string;
  readonly wrapper_version: string;
  readonly destroyed_at: number | null;
}
