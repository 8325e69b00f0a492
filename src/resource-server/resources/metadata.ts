import type { ResourcePlace } from '#contract';
import { resourceUrl } from './resource-url.ts';

/** The metadata of a protected resource (RFC 9728 §2), encoded. */
export function metadataDocument(
  publicUrl: URL,
  place: ResourcePlace,
  facts: {
    readonly issuers: readonly string[];
    readonly scopes: readonly string[];
    /** What DPoP proofs may be signed with; none where none are taken. */
    readonly proofs: readonly string[];
    /** Whether there is a listener for clients that show certificates. */
    readonly certificates: boolean;
  },
): string {
  return JSON.stringify({
    resource: resourceUrl(publicUrl, place),
    authorization_servers: facts.issuers,
    ...(facts.scopes.length > 0 && { scopes_supported: facts.scopes }),
    // Neither in a form nor in the query string (RFC 6750 §2.2, §2.3): both end up in logs.
    bearer_methods_supported: ['header'],
    ...(facts.proofs.length > 0 && { dpop_signing_alg_values_supported: facts.proofs }),
    ...(facts.certificates && { tls_client_certificate_bound_access_tokens: true }),
    resource_name: 'Chatelaine',
  });
}
