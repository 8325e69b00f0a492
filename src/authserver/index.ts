/**
 * authserver: OAuth 2.1 and OpenID Connect for MCP clients, on oidc-provider.
 *
 * Owns what it answers where (`doors/`), the keys that tokens are signed with (`keys/`), who may ask for tokens (`clients/`), what the provider is
 * made of (`provider/`), what it keeps (`artifacts/`: codes, tokens, interactions, found by digest, encrypted),
 * how much strangers may ask (`limits/`), token sessions and consents (`token-sessions/`), whose a resource is
 * (`resources/`), the pages of consent (`pages/`), grants beside the code (`grant-types/`: agents, delegation,
 * assertions of others), exchanges with identity providers (`upstreams/`), the keeping of their tokens (`grants/`) and
 * both at the doors (`federation/`), exchanges by certificate (`internal/`), and what administrators see and end of it all (`administration/`).
 * Does not own: people, how they sign in and their sessions (identity), which tool a token may call
 * (gateway), sealing (vault).
 * Tables: `oauth_artifacts`, `token_sessions`, `consents`, `signing_keys`, `oauth_clients`, `oauth_client_blocks`,
 * `upstream_logins`, `upstream_clients`, `grants`, `known_client_places`, queried in `store/`
 * alone.
 * RFC 6749, RFC 6750, RFC 7009, RFC 7523, RFC 7636, RFC 7662, RFC 8414, RFC 8693, RFC 8707, RFC 9068, RFC 9126,
 * RFC 9207, RFC 9449, RFC 9700; OpenID Connect Core 1.0, RP-Initiated Logout 1.0; MCP authorization.
 */
import type { authorizationRoutes } from './administration/index.ts';
import type { signingKeyRoutes } from './keys/routes.ts';

export * from './keys/index.ts';
export * from './clients/index.ts';
export * from './upstreams/index.ts';
export * from './grants/index.ts';
export { linkUrl, type AccountLink } from './federation/link.ts';
export { openAuthorizationServer, type AuthorizationServer } from './authorization-server.ts';
export type { AuthorizationServerOptions, FederationParts, InternalExchanges } from './authorization-server-options.ts';
export type { Arrival } from './doors/doors.ts';
export type { ClientSource } from './clients/client-source.ts';
export { ownerMap, type DeclaredOwner, type Doors, type OwnerMap, type ResourceOwner } from './resources/owner-map.ts';
export { LIFETIMES, type Lifetimes } from './provider/settings.ts';
export type { OpeningLimits } from './limits/index.ts';
export type { OwnTokenVerifier } from './token-sessions/own-token-verifier.ts';
export { withBuiltIn } from './clients/built-in.ts';
export { endTokensOfUser } from './token-sessions/end-with-users.ts';
export { authServerAfterRestore } from './store/after-restore.ts';
export type { TokenSessions } from './token-sessions/token-sessions.ts';
export type { TokenSession } from './store/token-sessions-store.ts';
export { signingKeyColumn } from './store/signing-keys-store.ts';

/** Loaded when used: a server that only serves tools needs no routes. */
export const loadSigningKeyRoutes = async (
  ...parts: Parameters<typeof signingKeyRoutes>
): Promise<ReturnType<typeof signingKeyRoutes>> => (await import('./keys/routes.ts')).signingKeyRoutes(...parts);

/** Likewise. */
export const loadAuthorizationRoutes = async (
  ...parts: Parameters<typeof authorizationRoutes>
): Promise<ReturnType<typeof authorizationRoutes>> =>
  (await import('./administration/index.ts')).authorizationRoutes(...parts);
