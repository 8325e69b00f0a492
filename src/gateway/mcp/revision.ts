/**
 * The revisions of MCP that one endpoint speaks, in two eras: the stateless one (2026-07-28), where
 * every request says its version and capabilities, and the session ones, which `initialize` opens.
 */
import { isRecord, type JsonObject } from '#kernel';

export type Era = 'stateless' | 'session';

export interface Revision {
  readonly era: Era;
  readonly version: string;
}

const STATELESS = ['2026-07-28'] as const;
const SESSION = ['2025-11-25', '2025-06-18', '2025-03-26'] as const;

/** Newest first, as `server/discover` and version errors list them. */
export const SUPPORTED_VERSIONS: readonly string[] = [...STATELESS, ...SESSION];
export const LATEST_SESSION_VERSION = SESSION[0];
/** What a request without any version is taken for (MCP 2025-11-25, Protocol Version Header). */
export const ASSUMED_VERSION = '2025-03-26';

export const META_VERSION = 'io.modelcontextprotocol/protocolVersion';
export const META_CLIENT_INFO = 'io.modelcontextprotocol/clientInfo';
export const META_CLIENT_CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';
export const META_LOG_LEVEL = 'io.modelcontextprotocol/logLevel';
export const META_SERVER_INFO = 'io.modelcontextprotocol/serverInfo';
export const META_SUBSCRIPTION_ID = 'io.modelcontextprotocol/subscriptionId';

/** MCP Toolbox's extension: the secure channel of `secureArguments`. */
export const TOOLBOX_EXTENSION = 'com.google.cloud/toolbox.v1';

export const isStateless = (version: string): boolean => (STATELESS as readonly string[]).includes(version);
export const isSession = (version: string): boolean => (SESSION as readonly string[]).includes(version);

/** `_meta` of the params, or an empty object. */
export function metaOf(params: JsonObject | undefined): JsonObject {
  const meta = params?.['_meta'];
  return isRecord(meta) ? meta : {};
}

/**
 * Which era a request belongs to: the body's version field decides, then the header. A stateless
 * header over a body without the field is a malformed stateless request, not a session one.
 */
export function eraOf(params: JsonObject | undefined, header: string | undefined): Era {
  if (metaOf(params)[META_VERSION] !== undefined) return 'stateless';
  return header !== undefined && isStateless(header) ? 'stateless' : 'session';
}
