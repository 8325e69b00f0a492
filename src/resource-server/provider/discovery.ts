import { isLoopbackHost } from '#contract';
import { err, ok, type JsonObject, type JsonValue, type Result } from '#kernel';
import { FETCH_MS, objectOf, type ProviderClient } from './provider-client.ts';

/** Where an issuer answers. */
export interface Endpoints {
  readonly keys: URL;
  readonly introspection: URL | undefined;
}

/**
 * Reads the OpenID configuration of an issuer. It must call itself as we call it, letter by letter: else
 * somebody else's keys would vouch in its name (OpenID Connect Discovery §4.3, RFC 8414 §3.3).
 */
export async function discover(client: ProviderClient, issuer: string): Promise<Result<Endpoints, string>> {
  const url = new URL(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  const read = objectOf(url, await client.get(url, FETCH_MS));
  return read.ok ? endpointsOf(read.value, issuer) : read;
}

export function endpointsOf(document: JsonObject, issuer: string): Result<Endpoints, string> {
  if (document['issuer'] !== issuer) {
    return err(`the configuration of \`${issuer}\` says that its issuer is \`${shown(document['issuer'])}\``);
  }
  const keys = safeUrl(document['jwks_uri']);
  if (keys === undefined) return err(`\`jwks_uri\` of \`${issuer}\` is missing or no https URL`);
  const endpoint = document['introspection_endpoint'];
  const introspection = endpoint === undefined ? undefined : safeUrl(endpoint);
  if (endpoint !== undefined && introspection === undefined) {
    return err(`\`introspection_endpoint\` of \`${issuer}\` is no https URL`);
  }
  return ok({ keys, introspection });
}

/** As `authorizationServer` itself: plain http for this machine alone. */
function safeUrl(value: JsonValue | undefined): URL | undefined {
  const url = typeof value === 'string' ? URL.parse(value) : null;
  if (url === null || url.username !== '' || url.password !== '') return undefined;
  if (url.protocol === 'https:') return url;
  return url.protocol === 'http:' && isLoopbackHost(url.hostname) ? url : undefined;
}

const shown = (value: JsonValue | undefined): string =>
  typeof value === 'string' ? value.slice(0, 200) : typeof value;
