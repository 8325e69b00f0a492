/**
 * authserver: the OAuth 2.1 and OpenID Connect authorization server.
 *
 * Owns the keys that tokens are signed with (`keys/`) and who may ask for tokens (`clients/`): each opens with
 * its own guide. Does not own people, sign-in and sessions (identity), sealing (vault), what a token lets
 * somebody do (gateway, policy).
 * Tables: `signing_keys`, `oauth_clients`, queried in `store/` alone.
 */
import type { signingKeyRoutes } from './keys/routes.ts';

export * from './keys/index.ts';
export * from './clients/index.ts';
export { signingKeyColumn } from './store/signing-keys-store.ts';
export { authserverAfterRestore } from './store/after-restore.ts';

/** Loaded when used: a server that only serves tools needs no routes. */
export const loadSigningKeyRoutes = async (
  ...parts: Parameters<typeof signingKeyRoutes>
): Promise<ReturnType<typeof signingKeyRoutes>> => (await import('./keys/routes.ts')).signingKeyRoutes(...parts);
