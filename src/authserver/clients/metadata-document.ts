import { err, isRecord, ok, parseStrictJson, type Result } from '#kernel';
import { readClientMetadata, type MetadataRules } from './client-metadata.ts';
import type { OAuthClient } from './client.ts';
import { DYNAMIC_GRANTS } from './registration-rules.ts';

/** What a metadata document may say beyond that of any client; pure. */
export interface DocumentSettings {
  readonly baselineScopes: readonly string[];
  readonly supportedScopes?: ReadonlySet<string> | undefined;
}

export const LARGEST_DOCUMENT = 10 * 1024;

/**
 * The client that a document describes, or what is wrong with it, for who wrote it. What it says of grants and
 * scopes that are not known here is left out: one document serves many servers.
 */
export function readMetadataDocument(
  url: string,
  contentType: string | undefined,
  body: Buffer,
  settings: DocumentSettings,
): Result<OAuthClient, string> {
  if (!/^application\/(?:[\w.-]+\+)?json(?:\s*;|$)/i.test((contentType ?? '').trim())) {
    return err('the metadata document is not sent as `application/json`');
  }
  const json = parseStrictJson(body, { maxDepth: 16 });
  if (!json.ok) return err(`the metadata document: ${json.error}`);
  const document = json.value;
  if (!isRecord(document) || Array.isArray(document)) return err('the metadata document is no JSON object');
  // Byte for byte (§4.1): otherwise a host that lets people store files vouches for them under other names.
  if (document['client_id'] !== url) return err('its `client_id` is not the URL that it was fetched from');
  if (document['client_secret'] !== undefined || document['client_secret_expires_at'] !== undefined) {
    return err('it holds a `client_secret`, which everybody can read there');
  }
  const read = readClientMetadata(document, rulesOf(settings));
  if (!read.ok) return err(`${read.error.error}: ${read.error.description}`);
  return ok({
    ...read.value,
    clientId: url,
    origin: 'document',
    secretHash: undefined,
    certificate: undefined,
    certificateBoundAccessTokens: false,
    audiences: undefined,
    introspects: [],
    signInOnly: false,
    firstParty: false,
    issuedAt: undefined,
  });
}

const rulesOf = ({ supportedScopes, baselineScopes }: DocumentSettings): MetadataRules => ({
  grants: DYNAMIC_GRANTS,
  // No shared secret can be in a public document (§4.1).
  authMethods: ['none', 'private_key_jwt'],
  ...{ supportedScopes, baselineScopes },
  lenient: true,
  jwksUri: true,
});
