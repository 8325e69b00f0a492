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
  readonly users: UsersTable;
  readonly user_claim_groups: UserClaimGroupsTable;
  readonly user_groups: UserGroupsTable;
  readonly group_members: GroupMembersTable;
  readonly role_bindings: RoleBindingsTable;
  readonly shut_namespaces: ShutNamespacesTable;
  readonly data_keys: DataKeysTable;
  readonly secrets: SecretsTable;
  readonly secret_versions: SecretVersionsTable;
  readonly vault_leases: VaultLeasesTable;
  readonly audit_installation: AuditInstallationTable;
  readonly audit_writers: AuditWritersTable;
  readonly audit_records: AuditRecordsTable;
  readonly audit_subjects: AuditSubjectsTable;
  readonly audit_checkpoint_lines: AuditCheckpointsTable;
  readonly audit_closed_chains: AuditClosedChainsTable;
  readonly delivery_cursors: DeliveryCursorsTable;
  readonly idempotency_keys: IdempotencyKeysTable;
  readonly api_secrets: ApiSecretsTable;
  readonly passwords: PasswordsTable;
  readonly totp_seeds: TotpSeedsTable;
  readonly passkeys: PasskeysTable;
  readonly passkey_challenges: PasskeyChallengesTable;
  readonly recovery_codes: RecoveryCodesTable;
  readonly sessions: SessionsTable;
  readonly known_devices: KnownDevicesTable;
  readonly one_time_links: OneTimeLinksTable;
  readonly device_codes: DeviceCodesTable;
  readonly attempts: AttemptsTable;
  readonly vault_keyring: VaultKeyringTable;
  readonly host_keys: HostKeysTable;
  readonly revocation_ledgers: RevocationLedgersTable;
  readonly oauth_artifacts: OAuthArtifactsTable;
  readonly token_sessions: TokenSessionsTable;
  readonly consents: ConsentsTable;
  readonly signing_keys: SigningKeysTable;
  readonly oauth_clients: OauthClientsTable;
  readonly upstream_logins: UpstreamLoginsTable;
  readonly grants: GrantsTable;
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
  /** The id of a user. */
  readonly responsible_user: string | null;
  readonly description: string;
  /** Those it has in its own namespace. */
  readonly roles: string;
  readonly disabled_at: number | null;
  readonly created_at: number;
  readonly spiffe_id: string | null;
  /** Public keys for `private_key_jwt`, as a JWK Set (RFC 7517 §5), or where one is served. */
  readonly jwks: string | null;
  readonly jwks_uri: string | null;
  readonly deleted_at: number | null;
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
  /** `read`, `execute`, `admin`. */
  readonly access: string;
  /** Exact names; null for every tool. */
  readonly allowed_tools: string | null;
  /** Networks it may be used from, in their one spelling; null for anywhere. */
  readonly allowed_cidrs: string | null;
  /** The key that a rotation made in its place. */
  readonly replaced_by: string | null;
}

/** People. Owner: identity. */
export interface UsersTable {
  readonly id: string;
  /** The login name as it was typed. */
  readonly name: string;
  /** The login name as it is compared. */
  readonly name_key: string;
  /** Who vouches for them: `chatelaine`, or the URL of an identity provider. */
  readonly issuer: string;
  readonly subject: string;
  /** Sealed under the key of the subject. */
  readonly profile: string | null;
  readonly key_id: string | null;
  readonly disabled_at: number | null;
  readonly erased_at: number | null;
  readonly created_at: number;
  readonly changed_at: number;
  /** When the password or a second factor was last replaced or taken away; the ledger has the same moment. */
  readonly credentials_changed_at: number | null;
}

/** The groups that an identity provider named at a user's last sign-in. Owner: identity. */
export interface UserClaimGroupsTable {
  readonly user_id: string;
  readonly issuer: string;
  readonly name: string;
}

/** Groups of our own. Owner: identity. */
export interface UserGroupsTable {
  readonly id: string;
  /** A namespace, or `*`. */
  readonly namespace: string;
  readonly name: string;
  readonly description: string;
  readonly created_at: number;
}

/** Who is in them. Owner: identity. */
export interface GroupMembersTable {
  readonly group_id: string;
  readonly member_kind: 'user' | 'agent';
  readonly member_id: string;
  readonly created_at: number;
}

/** Who holds which role, and where. Owner: identity. */
export interface RoleBindingsTable {
  readonly id: string;
  readonly role: 'admin' | 'tool_publisher' | 'policy_admin' | 'user' | 'auditor';
  /** A namespace, or `*`. */
  readonly namespace: string;
  readonly subject_kind: 'user' | 'agent' | 'group' | 'claim-group';
  /** Of a `claim-group`, else empty: an index on null would take the same binding twice. */
  readonly subject_issuer: string;
  readonly subject_id: string;
  readonly created_at: number;
}

/** Namespaces where nothing is let in. Owner: identity. */
export interface ShutNamespacesTable {
  readonly namespace: string;
  readonly disabled_at: number;
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
  /** Its number. */
  readonly place: number;
  /** SHA-256 of the line; empty in rows of before the column. */
  readonly digest: string;
  readonly line: string;
}

/** Chains that nobody continues, since they came out of a backup. */
export interface AuditClosedChainsTable {
  readonly writer: string;
  readonly closed_at: number;
}

/** How far each receiver of the audit log has got. */
export interface DeliveryCursorsTable {
  readonly receiver: string;
  readonly state: string;
}

/** Secrets of the API that every process on the database shares, sealed under the vault's key of no namespace. Owner: http. */
export interface ApiSecretsTable {
  readonly name: string;
  readonly value: string;
  readonly key_id: string;
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

/** Passwords of people, as PHC strings of argon2id. Owner: identity. */
export interface PasswordsTable {
  readonly user_id: string;
  readonly phc: string;
  readonly changed_at: number;
}

/** Seeds of authenticator apps, sealed under the person's subject key. Owner: identity. */
export interface TotpSeedsTable {
  readonly id: string;
  readonly user_id: string;
  readonly seed: string;
  readonly key_id: string;
  /** The last step whose code was used; only ever grows. */
  readonly last_step: number;
  /** Null until the app has shown that it has the seed. */
  readonly confirmed_at: number | null;
  readonly created_at: number;
  /** The session that sets the app up; null once it is. */
  readonly session_id: string | null;
}

/** WebAuthn credentials, by credential id. Owner: identity. */
export interface PasskeysTable {
  readonly id: string;
  readonly user_id: string;
  /** COSE key, base64url. */
  readonly public_key: string;
  readonly counter: number;
  readonly transports: string;
  readonly label: string;
  /** 1 when the credential may live on several devices. */
  readonly synced: number;
  readonly created_at: number;
  readonly last_used_at: number | null;
}

/** Challenges of WebAuthn ceremonies under way; gone when used. Owner: identity. */
export interface PasskeyChallengesTable {
  readonly challenge: string;
  readonly session_id: string;
  readonly purpose: 'register' | 'authenticate';
  readonly expires_at: number;
}

/** Recovery codes not yet used, as digests. Owner: identity. */
export interface RecoveryCodesTable {
  readonly digest: string;
  readonly user_id: string;
  readonly created_at: number;
}

/** Sessions of people, in browsers and on the command line. Owner: identity. */
export interface SessionsTable {
  readonly id: string;
  /** SHA-256 of the token; replaced whenever the session gains something. */
  readonly digest: string;
  readonly user_id: string;
  readonly kind: 'browser' | 'cli';
  readonly stage: 'second-factor' | 'enrolment' | 'active';
  readonly amr: string;
  readonly auth_time: number;
  readonly created_at: number;
  readonly last_seen_at: number;
  readonly expires_at: number;
  readonly ended_at: number | null;
  readonly address: string;
  readonly device: string;
}

/** Browsers that people signed in with before, as digests. Owner: identity. */
export interface KnownDevicesTable {
  readonly digest: string;
  readonly user_id: string;
  readonly created_at: number;
  readonly last_used_at: number;
}

/** Links for the first administrator and for new passwords, as digests; gone when used. Owner: identity. */
export interface OneTimeLinksTable {
  readonly digest: string;
  readonly purpose: 'setup' | 'password';
  readonly user_id: string | null;
  /** 1 when it was made although there was an administrator. */
  readonly reissued: number;
  readonly created_at: number;
  readonly expires_at: number;
}

/** Programs that wait for a person to confirm a code (RFC 8628). Owner: identity. */
export interface DeviceCodesTable {
  readonly digest: string;
  readonly user_code_digest: string;
  readonly state: 'pending' | 'approved' | 'denied';
  readonly user_id: string | null;
  readonly amr: string;
  readonly auth_time: number;
  readonly client: string;
  readonly address: string;
  readonly created_at: number;
  readonly expires_at: number;
  readonly polled_at: number;
  /** The session in which it was approved. */
  readonly session_id: string | null;
}

/** Counters of attempts to sign in. Owner: identity. */
export interface AttemptsTable {
  readonly key: string;
  /** When all that was counted will be forgiven. */
  readonly clear_at: number;
  /** From when on the next attempt is let through. */
  readonly open_at: number;
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

/** What the authorization server hands out or goes by: codes, tokens, interactions. Owner: authserver. */
export interface OAuthArtifactsTable {
  /** `AuthorizationCode`, `RefreshToken` …, as oidc-provider names its models. */
  readonly model: string;
  /** SHA-256 of what the holder presents. */
  readonly digest: string;
  /** Encrypted JSON. */
  readonly content: string;
  /** The token session, or the grant of a sign-in without one. */
  readonly grant_id: string | null;
  readonly user_id: string | null;
  readonly client_id: string | null;
  readonly uid_digest: string | null;
  readonly user_code_digest: string | null;
  /** Null until it was used up. */
  readonly consumed_at: number | null;
  readonly expires_at: number;
}

/** Sign-ins of users through clients towards owners; the id is the `tsid` of their tokens. Owner: authserver. */
export interface TokenSessionsTable {
  readonly id: string;
  readonly user_id: string;
  readonly client_id: string;
  /** As it called itself at consent: dynamic clients come and go. */
  readonly client_name: string;
  /** `namespace/name`. */
  readonly owner: string;
  readonly resource: string;
  readonly scopes: string;
  readonly created_at: number;
  readonly last_used_at: number;
  readonly expires_at: number;
  readonly ended_at: number | null;
  readonly ended_because: string | null;
}

/** What a user allowed a client to ask for at a resource without being asked again. Owner: authserver. */
export interface ConsentsTable {
  readonly user_id: string;
  readonly client_id: string;
  readonly resource: string;
  /** Of what of the client's metadata matters: with another redirect or name it is another client. */
  readonly client_digest: string;
  readonly scopes: string;
  readonly given_at: number;
}

/** The keys that tokens are signed with, and those that were. Owner: authserver. */
export interface SigningKeysTable {
  /** The JWK thumbprint (RFC 7638) of the public part. */
  readonly kid: string;
  readonly algorithm: string;
  readonly state: 'prepared' | 'active' | 'retired' | 'gone';
  /** 1 of the one key that new tokens are signed with. */
  readonly signs: number;
  /** JSON, without what would be private. */
  readonly public_jwk: string;
  /** PKCS #8, PEM, sealed; null once it is retired. */
  readonly private_key: string | null;
  readonly key_id: string | null;
  /** From when on it is published. */
  readonly prepared_at: number;
  readonly activated_at: number | null;
  /** When another began to sign in its place. */
  readonly stopped_at: number | null;
  readonly retired_at: number | null;
  readonly gone_at: number | null;
}

/** OAuth clients that registered themselves. Owner: authserver. */
export interface OauthClientsTable {
  readonly client_id: string;
  /** JSON of what was accepted of the registration. */
  readonly metadata: string;
  /** SHA-256 of the secret of a confidential client. */
  readonly secret_hash: string | null;
  /** SHA-256 of the token that its registration is changed with (RFC 7592); null once that is over. */
  readonly registration_token_hash: string | null;
  readonly created_at: number;
  readonly changed_at: number;
  /** When it was last given a token; null for never. */
  readonly last_used_at: number | null;
}

/** Sign-ins under way at identity providers; gone when they come back. Owner: authserver. */
export interface UpstreamLoginsTable {
  /** SHA-256 of the state. */
  readonly state_digest: string;
  readonly upstream: string;
  readonly purpose: 'sign-in' | 'link';
  /** SHA-256 of the cookie of the browser that began it. */
  readonly browser_digest: string;
  /** Whom a link is for. */
  readonly user_id: string | null;
  /** `namespace/name` of whom the tokens will be kept for. */
  readonly owner: string | null;
  readonly return_to: string;
  /** Nonce and verifier, sealed under what the browser has and we do not. */
  readonly sealed: string;
  readonly created_at: number;
  readonly expires_at: number;
}

/** Tokens of people at identity providers, by owner. Owner: authserver. */
export interface GrantsTable {
  readonly id: string;
  readonly user_id: string;
  /** `namespace/name`. */
  readonly owner: string;
  readonly upstream: string;
  readonly status: 'active' | 'reauth_required';
  readonly scopes: string;
  /** Sealed under the key of the subject: the tokens, and whom they are of. */
  readonly tokens: string;
  readonly key_id: string;
  /** Of the access token; null where the provider did not say. */
  readonly expires_at: number | null;
  /** Grows with every change of the tokens. */
  readonly version: number;
  /** Who is refreshing them, and until when nobody else does. */
  readonly refresher: string | null;
  readonly refreshing_until: number | null;
  readonly created_at: number;
  readonly changed_at: number;
}
