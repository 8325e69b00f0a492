/**
 * Who we are at authorization servers of MCP servers: the metadata that we publish (Client ID Metadata Document) or
 * register (RFC 7591). One client a server, so that a consent at one is none at another, and a code for one comes
 * back where no other's does (RFC 9700 §4.4.2).
 */
import { isLoopbackHost } from '#contract';

/** Where the documents lie; behind it the name of the upstream. */
export const CLIENT_DOCUMENT = '/oauth/client-metadata/';

export interface OurClient {
  readonly client_name: string;
  /** Where it is https: others take no other. */
  readonly client_uri?: string;
  readonly redirect_uris: readonly [string];
  readonly grant_types: readonly ['authorization_code', 'refresh_token'];
  readonly response_types: readonly ['code'];
  readonly application_type: 'web' | 'native';
}

export const callbackOf = (publicUrl: URL, upstream: string): URL =>
  new URL(`/oauth/callback/${encodeURIComponent(upstream)}`, publicUrl);

export const documentUrlOf = (publicUrl: URL, upstream: string): URL =>
  new URL(`${CLIENT_DOCUMENT}${encodeURIComponent(upstream)}`, publicUrl);

export function ourClient(publicUrl: URL, upstream: string): OurClient {
  // OpenID Connect Dynamic Client Registration §2: a web application has no redirect address on this machine.
  const isLocal = publicUrl.protocol === 'http:' && isLoopbackHost(publicUrl.hostname);
  return {
    client_name: `Chatelaine at ${publicUrl.host}`,
    ...(publicUrl.protocol === 'https:' && { client_uri: publicUrl.origin }),
    redirect_uris: [callbackOf(publicUrl, upstream).href],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    application_type: isLocal ? 'native' : 'web',
  };
}

/** The document at `documentUrlOf`. */
export const clientDocument = (publicUrl: URL, upstream: string): Readonly<Record<string, unknown>> => ({
  client_id: documentUrlOf(publicUrl, upstream).href,
  ...ourClient(publicUrl, upstream),
  token_endpoint_auth_method: 'none',
});

/** The name in the path of such a document; undefined for another path. */
export function upstreamOfDocument(path: string): string | undefined {
  const name = path.startsWith(CLIENT_DOCUMENT) ? path.slice(CLIENT_DOCUMENT.length) : '';
  return /^mcp~[A-Za-z0-9_.-]{1,128}~[A-Za-z0-9_.-]{1,128}$/.test(name) ? name : undefined;
}
