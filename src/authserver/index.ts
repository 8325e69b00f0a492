/**
 * authserver: the authorization server.
 *
 * Owns federation to identity providers (`upstreams/`) and the keeping of their tokens (`grants/`); each opens
 * with its own guide. Does not own: users and their sessions (identity), sealing (vault), the way out (egress).
 * SQL lives in `store/`. `openid-client` is loaded by the first who needs a provider.
 */
export * from './upstreams/index.ts';
export * from './grants/index.ts';
