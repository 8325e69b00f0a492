/**
 * A protected resource of ours (RFC 8707, RFC 9728): a door that tokens are issued for and asked at.
 * The namespace is always named, so that two spellings of one door are one place.
 */
export type ResourcePlace =
  /** `/mcp`, `/mcp/{toolset}`, `/mcp/n/{namespace}[/{toolset}]`. */
  | { readonly kind: 'mcp'; readonly namespace: string; readonly toolset?: string | undefined }
  /** Toolbox's REST: `/api`, `/api/n/{namespace}`. */
  | { readonly kind: 'rest'; readonly namespace: string }
  /** One federated server: `/mcp/s/{namespace}/{server}`. */
  | { readonly kind: 'server'; readonly namespace: string; readonly server: string }
  /** The administrative API: `/api/v1`. */
  | { readonly kind: 'api' };
