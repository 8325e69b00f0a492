/** Metadata of an authorization server (RFC 8414, OpenID Connect Discovery), as far as a client of it goes by it. */
import { z } from 'zod';
import { fieldsOf } from './resource-metadata.ts';
import { checkUrl, readDocument, refused, type Reading } from './read-document.ts';

const WHAT = 'the authorization server metadata';

const words = z.array(z.string().max(256)).max(500);
const endpoint = z.string().min(1).max(2048);

const schema = z.object({
  issuer: z.string().max(2048),
  authorization_endpoint: endpoint.optional(),
  token_endpoint: endpoint,
  registration_endpoint: endpoint.optional(),
  revocation_endpoint: endpoint.optional(),
  scopes_supported: words.optional(),
  response_types_supported: words.optional(),
  grant_types_supported: words.optional(),
  token_endpoint_auth_methods_supported: words.optional(),
  code_challenge_methods_supported: words.optional(),
  id_token_signing_alg_values_supported: words.optional(),
  client_id_metadata_document_supported: z.boolean().optional(),
  authorization_response_iss_parameter_supported: z.boolean().optional(),
});

export type ServerMetadata = z.output<typeof schema>;

export interface ReadServerMetadata {
  readonly metadata: ServerMetadata;
  readonly headers: Readonly<Record<string, string>>;
}

/** What is done with it: without a person no code is asked for. */
export type GrantKind = 'authorization_code' | 'client_credentials';

const ENDPOINTS = ['authorization_endpoint', 'token_endpoint', 'registration_endpoint', 'revocation_endpoint'] as const;

/**
 * The metadata of the issuer, at the first place that has any: RFC 8414 with the path inserted, OpenID Connect with
 * the path inserted, OpenID Connect with the path before (MCP authorization, in that order).
 */
export async function readServerMetadata(
  issuer: string,
  grant: GrantKind,
  reading: Reading,
): Promise<ReadServerMetadata | undefined> {
  const url = checkUrl(issuer, 'the authorization server that the protected resource metadata names', reading);
  for (const place of wellKnown(url)) {
    const read = await readDocument(place, WHAT, reading);
    if (read !== undefined)
      return { metadata: check(read.value, issuer, grant, place, reading), headers: read.headers };
  }
  return undefined;
}

/** For a server of before RFC 9728: its own origin is the authorization server, with endpoints where they then were. */
export function assumedMetadata({ origin }: URL): ServerMetadata {
  return {
    issuer: origin,
    authorization_endpoint: `${origin}/authorize`,
    token_endpoint: `${origin}/token`,
    registration_endpoint: `${origin}/register`,
    code_challenge_methods_supported: ['S256'],
  };
}

export function wellKnown(issuer: URL): readonly URL[] {
  const path = issuer.pathname.replace(/\/$/, '');
  const at = (text: string): URL => new URL(text, issuer.origin);
  const [oauth, openid] = ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration'];
  if (path === '') return [at(oauth), at(openid)];
  return [at(oauth + path), at(openid + path), at(path + openid)];
}

function check(value: unknown, issuer: string, grant: GrantKind, url: URL, reading: Reading): ServerMetadata {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw refused(WHAT, url, fieldsOf(parsed.error));
  const metadata = parsed.data;
  // RFC 8414 §3.3, letter by letter: another issuer in it is how one server passes for another.
  if (metadata.issuer !== issuer) throw refused(WHAT, url, `its \`issuer\` is another one than \`${issuer}\``);
  for (const field of ENDPOINTS) {
    const written = metadata[field];
    if (written !== undefined) checkUrl(written, `\`${field}\` of ${WHAT} at \`${url.href}\``, reading);
  }
  if (grant === 'client_credentials') return metadata;
  if (metadata.authorization_endpoint === undefined) throw refused(WHAT, url, 'it has no `authorization_endpoint`');
  // MCP authorization: whoever does not announce it must be taken not to check it, and codes could be stolen.
  if (metadata.code_challenge_methods_supported?.includes('S256') !== true)
    throw refused(WHAT, url, '`code_challenge_methods_supported` does not announce `S256` (PKCE)');
  if (metadata.response_types_supported?.includes('code') === false)
    throw refused(WHAT, url, '`response_types_supported` has no `code`');
  return metadata;
}
