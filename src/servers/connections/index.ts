/**
 * connections: Chatelaine as a client of the MCP servers behind it, on a wire of our own (ADR 0048).
 *
 *   connect → probe of the era → ServerConnection (port) = conversation of an era × wire of a transport
 *
 * Owns what is said in both eras (`conversation.ts`, `stateless-connection.ts`, `session-connection.ts`,
 * `subscription.ts`), whose an answer is (`running-requests.ts`), and how messages travel: `http/` (Streamable HTTP
 * of both eras, HTTP+SSE of 2024-11-05), `stdio/` (child processes). Follows MCP 2026-07-28, 2025-11-25, 2025-06-18,
 * 2025-03-26, and 2024-11-05 for HTTP+SSE.
 *
 * Does not own: which addresses may be reached (egress), what authorizes requests (outgoing-auth), when connections
 * are opened, shared and closed, what the results mean.
 */
export { connect } from './connect.ts';
export { ServerError } from './server-connection.ts';
export type { RequestOptions, ServerConnection } from './server-connection.ts';
export type {
  ConnectionContext,
  ConnectOptions,
  HttpTarget,
  KnownServer,
  ServerTarget,
  StdioTarget,
} from './target.ts';
export type { ProcessPlan, ResourceLimits } from './stdio/process-plan.ts';
export { RestartPace } from './stdio/restart-pace.ts';
export { encodeHeaderValue } from './http/request-headers.ts';
export { DEFAULT_LIMITS, type WireLimits } from './wire.ts';
export { keepListening, type Subscribable } from './subscription.ts';
