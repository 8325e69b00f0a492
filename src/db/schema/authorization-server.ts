/** Clients, tokens and grants; and the proofs of possession that were used. */
export interface AuthorizationServerTables {
  readonly oauth_artifacts: OAuthArtifactsTable;
  readonly token_sessions: TokenSessionsTable;
  readonly consents: ConsentsTable;
  readonly signing_keys: SigningKeysTable;
  readonly oauth_clients: OauthClientsTable;
  readonly oauth_client_blocks: OauthClientBlocksTable;
  readonly upstream_logins: UpstreamLoginsTable;
  readonly grants: GrantsTable;
  readonly upstream_clients: UpstreamClientsTable;
  readonly known_client_places: KnownClientPlacesTable;
  readonly used_proofs: UsedProofsTable;
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

/** From where clients with a secret have proved themselves. Owner: authserver. */
export interface KnownClientPlacesTable {
  /** SHA-256 of the client's identifier and the block of addresses. */
  readonly digest: string;
  readonly seen_at: number;
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
  /** Those whose tokens the person allowed. */
  readonly upstreams: string;
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
  readonly upstreams: string;
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

/** OAuth clients that may neither ask for tokens nor use them. Owner: authserver. */
export interface OauthClientBlocksTable {
  readonly client_id: string;
  readonly blocked_at: number;
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

/** What we registered ourselves as at authorization servers of MCP servers. Owner: authserver. */
export interface UpstreamClientsTable {
  /** Never used twice: what is sealed opens for this row alone. */
  readonly id: string;
  readonly upstream: string;
  readonly issuer: string;
  /** Sealed; null until somebody has registered. */
  readonly registration: string | null;
  readonly key_id: string | null;
  /** Whose turn it is to register, and until when, in milliseconds. */
  readonly registrar: string | null;
  readonly registering_until: number | null;
  readonly created_at: number;
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

/** DPoP proofs that were used. Owner: resource-server. */
export interface UsedProofsTable {
  /** SHA-256 of the key and the `jti`. */
  readonly digest: string;
  readonly expires_at: number;
}
