/**
 * token-exchange: the way to grants from beside the authorization server (RFC 8693 over mutual TLS).
 *
 * Owns the adapter of `GrantSource` that asks the internal listener (`exchange-client.ts`), what its answers mean
 * (`exchange-reply.ts`), and the cache in front of any source (`cached-grants.ts`). Does not own: certificates and who
 * the server is (`openMutualTls` of tls), what is exchanged for whom (`src/authserver/internal`), when a token is asked
 * for (who runs tools).
 *
 * It fails closed: whatever is the matter, there is no token, and no other way is tried. Refusals about the caller are
 * answers of the port; everything else is an error that says which side it is on.
 */
export { openExchangeClient, type ExchangeClient, type ExchangeClientOptions } from './exchange-client.ts';
export { ACCESS_TOKEN, EXCHANGE_PATH, TOKEN_EXCHANGE } from './wire.ts';
export { CachedGrants, CACHE_CEILING_MS, type CachedGrantsOptions } from './cached-grants.ts';
