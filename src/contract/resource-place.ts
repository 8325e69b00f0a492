/**
 * A protected resource of ours (RFC 8707, RFC 9728): a door that tokens are issued for and asked at.
 * The namespace is always named, so that two spellings of one door are one place.
 */
export type ResourcePlace =
  /** `/mcp`, `/mcp/{toolset}`, `/mcp/n/{namespace}[/{toolset}]`. */
  | { readonly kind: 'mcp'; readonly namespace: string; readonly toolset?: string | undefined }
  /** Toolbox's REST: `/api`, `/api/n/{namespace}`. */
  | { readonly kind: 'rest'; readonly namespace: string }
  /** One tool, as vended credentials are for it: `/api/tool/{tool}`, `/api/n/{namespace}/tool/{tool}`. */
  | { readonly kind: 'tool'; readonly namespace: string; readonly tool: string }
  /** One federated server: `/mcp/s/{namespace}/{server}`. */
  | { readonly kind: 'server'; readonly namespace: string; readonly server: string }
  /** The administrative API: `/api/v1`. */
  | { readonly kind: 'api' };

/**
 * The scopes of tokens for the administrative API: what the token may be used for, as `access` of an API key says
 * it. Nothing is executed there, so `execute` is none of them.
 */
export const ADMINISTRATION_SCOPES = ['read', 'admin'] as const;
