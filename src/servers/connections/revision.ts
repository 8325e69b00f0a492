/** The revisions of MCP that we speak to servers, in two eras, and the members of `_meta` that the newer one reads. */
export type Era = 'stateless' | 'session';

export const STATELESS_VERSION = '2026-07-28';
/** Newest first: the first is asked for, the others are taken. */
export const SESSION_VERSIONS = ['2025-11-25', '2025-06-18', '2025-03-26'] as const;
/** What servers of HTTP+SSE speak, who know nothing newer. */
export const SSE_VERSION = '2024-11-05';

export const META_VERSION = 'io.modelcontextprotocol/protocolVersion';
export const META_CLIENT_INFO = 'io.modelcontextprotocol/clientInfo';
export const META_CLIENT_CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';
export const META_SERVER_INFO = 'io.modelcontextprotocol/serverInfo';
export const META_SUBSCRIPTION_ID = 'io.modelcontextprotocol/subscriptionId';

export const METHOD_NOT_FOUND = -32601;
export const INTERNAL_ERROR = -32603;
export const HEADER_MISMATCH = -32020;
export const MISSING_CLIENT_CAPABILITY = -32021;
export const UNSUPPORTED_PROTOCOL_VERSION = -32022;
