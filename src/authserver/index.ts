/**
 * authserver: OAuth 2.1 and OpenID Connect for MCP clients, on oidc-provider.
 *
 * Owns the keys that tokens are signed with (`keys/`), who may ask for tokens (`clients/`), what the provider is
 * made of (`provider/`), what it keeps (`artifacts/`: codes, tokens, interactions, found by digest, encrypted),
 * token sessions and consents (`token-sessions/`), whose a resource is (`resources/`), the pages of consent
 * (`pages/`), federation to identity providers (`upstreams/`) and the keeping of their tokens (`grants/`). Does not own: people, how they sign in and their sessions (identity), which tool a token may call
 * (gateway), sealing (vault).
 * Tables: `oauth_artifacts`, `token_sessions`, `consents`, `signing_keys`, `oauth_clients`, `upstream_logins`, `grants`, queried in `store/`
 * alone.
 * RFC 6749, RFC 6750, RFC 7009, RFC 7636, RFC 7662, RFC 8414, RFC 8707, RFC 9068, RFC 9126, RFC 9207, RFC 9449,
 * RFC 9700; OpenID Connect Core 1.0; MCP authorization.
 */
import type { signingKeyRoutes } from './keys/routes.ts';

export * from './keys/index.ts';
export * from './clients/index.ts';
export * from './upstreams/index.ts';
export * from './grants/index.ts';
export {
  openAuthorizationServer,
  type Arrival,
  type AuthorizationServer,
  type AuthorizationServerOptions,
} from './authorization-server.ts';
export type { ClientSource } from './clients/client-source.ts';
export { ownerMap, type DeclaredOwner, type Doors, type OwnerMap, type ResourceOwner } from './resources/owner-map.ts';
export { canonicalResource } from './resources/resource-url.ts';
export { LIFETIMES, type Lifetimes } from './provider/settings.ts';
export type { OwnTokenVerifier } from './token-sessions/own-token-verifier.ts';
export { endTokensOfUser } from './token-sessions/end-with-users.ts';
export { authServerAfterRestore } from './store/after-restore.ts';
export type { TokenSessions } from './token-sessions/token-sessions.ts';
export type { TokenSession } from './store/token-sessions-store.ts';
export { signingKeyColumn } from './store/signing-keys-store.ts';

/** Loaded when used: a server that only serves tools needs no routes. */
export const loadSigningKeyRoutes = async (
  ...parts: Parameters<typeof signingKeyRoutes>
): Promise<ReturnType<typeof signingKeyRoutes>> => (await import('./keys/routes.ts')).signingKeyRoutes(...parts);
