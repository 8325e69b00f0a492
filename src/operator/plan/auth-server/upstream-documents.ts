/** `upstreams[]` as documents, and where the providers are. */
import type { AuthServerUpstream } from '#contract/kubernetes';
import type { ConfigurationDocument } from '../parts/configuration-text.ts';
import type { Mounts } from '../parts/mounts.ts';

export const upstreamDocuments = (
  upstreams: readonly AuthServerUpstream[],
  mounts: Mounts,
): readonly ConfigurationDocument[] =>
  upstreams.map((upstream, index) => {
    const { clientSecretRef, ...rest } = upstream;
    const { privateKeyRef, ...fields } = { privateKeyRef: undefined, ...rest };
    const at = `spec.upstreams[${index}]`;
    return {
      ...fields,
      kind: 'upstream',
      clientSecret: clientSecretRef && mounts.secretUrl(clientSecretRef, `${at}.clientSecretRef`),
      privateKey: privateKeyRef && mounts.secretUrl(privateKeyRef, `${at}.privateKeyRef`),
    };
  });

/** The URLs that say where it is; of providers that are known everywhere there are none. */
export function urlsOfUpstream(upstream: AuthServerUpstream): readonly string[] {
  const { issuer, realm, url, authorizationEndpoint, tokenEndpoint, userinfoEndpoint, revocationEndpoint } = {
    ...({} as Readonly<Record<string, string | undefined>>),
    ...(upstream as unknown as Readonly<Record<string, string | undefined>>),
  };
  const { emailsEndpoint, organizationsEndpoint } = upstream as unknown as Readonly<Record<string, string | undefined>>;
  return [
    ...[issuer, realm, url, authorizationEndpoint, tokenEndpoint, userinfoEndpoint, revocationEndpoint],
    ...[emailsEndpoint, organizationsEndpoint],
  ].filter((text) => text !== undefined);
}
