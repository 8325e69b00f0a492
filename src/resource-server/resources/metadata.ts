import type { ResourcePlace } from '#contract';
import { resourceUrl } from './resource-url.ts';

/** The metadata of a protected resource (RFC 9728 §2), encoded. */
export function metadataDocument(
  publicUrl: URL,
  place: ResourcePlace,
  facts: { readonly issuers: readonly string[]; readonly scopes: readonly string[] },
): string {
  return JSON.stringify({
    resource: resourceUrl(publicUrl, place),
    authorization_servers: facts.issuers,
    ...(facts.scopes.length > 0 && { scopes_supported: facts.scopes }),
    // Neither in a form nor in the query string (RFC 6750 §2.2, §2.3): both end up in logs.
    bearer_methods_supported: ['header'],
    resource_name: 'Chatelaine',
  });
}
