/**
 * servers: the MCP servers behind us, whose tools we federate.
 *
 * Owns connections to them (`connections/`). Does not own: how requests to them are authorized (outgoing-auth), who
 * may call their tools (gateway).
 */
export {
  connect,
  DEFAULT_LIMITS,
  encodeHeaderValue,
  RestartPace,
  ServerError,
  type ConnectionContext,
  type ConnectOptions,
  type HttpTarget,
  type KnownServer,
  type ProcessPlan,
  type RequestOptions,
  type ResourceLimits,
  type ServerConnection,
  type ServerTarget,
  type StdioTarget,
  type WireLimits,
} from './connections/index.ts';
