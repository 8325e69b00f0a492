/**
 * servers: authorization servers that MCP servers name, and we as their client.
 *
 * Owns discovery (`discovery.ts`: the challenge, RFC 9728, RFC 8414 and OpenID Connect Discovery, servers of before
 * them), who we are there (`client-identity.ts`: a client of the document, our metadata document, RFC 7591 once for
 * all processes), what is asked for (`scopes.ts`), and every exchange (`server-provider.ts`).
 * Does not own: the legs of browsers (`../legs.ts`), keeping tokens (`../../grants`), what an MCP server is told with
 * them (outgoing-auth).
 *
 *   GET /oauth/client-metadata/{upstream}    `clientDocument`
 *
 * Tables: `upstream_clients`. MCP authorization 2026-07-28, 2025-11-25 and 2025-03-26; RFC 7591, RFC 8414, RFC 8707,
 * RFC 9207, RFC 9728, Client ID Metadata Document. Everything that is read was written by others (SUP-004): it is
 * bounded, goes over `#egress`, and is refused with the document and the reason.
 */
export { clientDocument, upstreamOfDocument } from './client-document.ts';
export { RegisteredClients } from './registered-clients.ts';
export { ServerProvider, type ServerProviderParts } from './server-provider.ts';
