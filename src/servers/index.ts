/**
 * servers: the MCP servers behind us, whose tools, prompts and resources stand among ours.
 *
 * Owns connections to them (`connections/`), what each offers (`catalogue/`, `entries/`), over which connection a call
 * goes (`pool/`) and how the two eras of MCP meet in it (`bridge/`); `connector.ts` is the way to one server, `server.ts`
 * the server, `open-servers.ts` all of a process. Does not own: how requests to them are authorized (outgoing-auth,
 * which `authorization.ts` opens), who may call their tools (gateway), where they stand among other tools (toolbox).
 */
export { openServers, type CallerChange, type OpenServers, type WantedTool } from './open-servers.ts';
export type { ConnectorParts } from './connector.ts';
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
