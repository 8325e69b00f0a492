export interface CredentialTables {
  readonly vended_credentials: VendedCredentialsTable;
  readonly access_requests: AccessRequestsTable;
  readonly invitations: InvitationsTable;
}

/** Credentials for one tool. Owner: registry. */
export interface VendedCredentialsTable {
  /** The `jti`. */
  readonly id: string;
  /** SHA-256 of the token. */
  readonly digest: string;
  readonly namespace: string;
  readonly tool: string;
  readonly holder_kind: 'user' | 'agent';
  readonly holder_id: string;
  /** Of an agent its name; of a person nothing. */
  readonly holder_name: string;
  readonly scopes: string;
  /** JSON of the `cnf`; null for a bearer credential. */
  readonly cnf: string | null;
  /** The credential that it was narrowed from. */
  readonly parent: string | null;
  /** What its holder came with: it ends when that does. */
  readonly through_kind: 'api-key' | 'session' | 'token-session' | 'certificate';
  readonly through_id: string;
  readonly policies: string;
  readonly policy_version: string;
  readonly issued_at: number;
  readonly expires_at: number;
  readonly revoked_at: number | null;
}

/** Wishes for access to a tool. Owner: registry. */
export interface AccessRequestsTable {
  readonly id: string;
  readonly namespace: string;
  readonly tool: string;
  readonly subject_kind: 'user' | 'agent';
  readonly subject_id: string;
  /** Of an agent its name; of a person nothing. */
  readonly subject_name: string;
  /** The id of the user or agent who asked. */
  readonly requested_by: string;
  /** The policy that the requester had in mind. */
  readonly policy: string | null;
  readonly justification: string;
  readonly state: 'pending' | 'approved' | 'rejected' | 'cancelled';
  readonly reviewed_by: string | null;
  readonly notes: string | null;
  /** The policy that the approval made. */
  readonly created_policy: string | null;
  readonly access_ends_at: number | null;
  readonly created_at: number;
  readonly decided_at: number | null;
}

/** Invitations to become a user; gone when they are used. Owner: identity. */
export interface InvitationsTable {
  /** SHA-256 of the token. */
  readonly digest: string;
  readonly id: string;
  /** Who answers for it: while they are disabled, it lets nobody in. */
  readonly invited_by: string;
  readonly created_at: number;
  readonly expires_at: number;
}
