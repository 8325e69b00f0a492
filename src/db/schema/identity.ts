/** Who there is, and what they may. */
export interface IdentityTables {
  readonly agents: AgentsTable;
  readonly api_keys: ApiKeysTable;
  readonly users: UsersTable;
  readonly user_claim_groups: UserClaimGroupsTable;
  readonly user_groups: UserGroupsTable;
  readonly group_members: GroupMembersTable;
  readonly role_bindings: RoleBindingsTable;
  readonly shut_namespaces: ShutNamespacesTable;
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
