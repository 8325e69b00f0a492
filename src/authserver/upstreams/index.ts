/**
 * upstreams: identity providers, authorization servers of MCP servers, and sign-ins there.
 *
 * Owns what a document of `kind: upstream` means (`describe-upstream.ts`, with the facts of well-known
 * providers), every exchange with a provider (`upstream-provider.ts`, over `#egress` alone), who an account is
 * and whether it may come in (`read-account.ts`, `check-allowed.ts`), and the legs of a browser to a provider
 * and back (`legs.ts`).
 * Authorization servers that MCP servers name are upstreams too (`servers/`, and the port `provider.ts`): described by
 * discovery in the place of a document, and under a name that no document has.
 * Does not own: making users of accounts (identity), keeping tokens (`../grants`), pages and routes.
 *
 *   GET /oauth/callback/{upstream}    `Legs.finish`, for whoever mounts it
 *
 * Tables: `upstream_logins`. RFC 6749 §4.1, RFC 7636, RFC 7523, RFC 7009, RFC 9207, RFC 9700 §2.1 and §4,
 * OpenID Connect Core and Discovery. Nothing that a provider wrote is repeated in an error, and no token.
 */
export { Legs, LEG_MS, type LegCallback } from './legs.ts';
export type { BegunLeg, EndedLeg, FinishedLeg, LegPurpose, LegRefusal, LegRequest, LegUser } from './leg.ts';
export { Upstreams, type DeclaredUpstream, type KnownServers } from './upstreams.ts';
export type { Provider, UpstreamTokens } from './provider.ts';
export { clientDocument, RegisteredClients, upstreamOfDocument } from './servers/index.ts';
export { upstreamClientsColumn } from '../store/upstream-clients-store.ts';
