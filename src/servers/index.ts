/**
 * servers: the MCP servers behind us, whose tools we federate.
 *
 * Owns connections to them (`connections/`). Does not own: how requests to them are authorized (outgoing-auth), who
 * may call their tools (gateway).
 */
export { ServerError } from './connections/server-connection.ts';
export type { RequestOptions, ServerConnection } from './connections/server-connection.ts';
