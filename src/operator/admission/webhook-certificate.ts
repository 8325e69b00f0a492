/** The certificate of the webhook, by an authority of its own: decided like every other one. */
import { reveal } from '#kernel';
import type { AuthorityWish, KeptSecret, LeafWish } from '../certificates/index.ts';
import { BUNDLE_KEY, OWN_ROOTS_KEY } from '../certificates/index.ts';
import type { KubernetesObject } from '../kubernetes-object.ts';
import type { ShownCertificate } from './server.ts';

const DAY_MS = 86_400_000;
const LEAF_MS = 30 * DAY_MS;

export interface WebhookWishes {
  readonly authority: AuthorityWish;
  readonly leaf: LeafWish;
}

/**
 * `namespace` is that of the operator, `service` its Service, and `ownerUid` of the Deployment of the operator, with which
 * both Secrets go.
 */
export function webhookWishes(place: {
  readonly namespace: string;
  readonly service: string;
  readonly ownerUid: string;
}): WebhookWishes {
  const { namespace, service, ownerUid } = place;
  // The API server asks for this name and no other.
  const dnsNames = [`${service}.${namespace}.svc`];
  return {
    authority: {
      ...{ name: `${service}-ca`, namespace, ownerUid },
      source: {
        kind: 'own',
        request: { name: 'webhook', curve: 'P-256', lifetimeMs: 365 * DAY_MS, permittedDnsNames: dnsNames },
        rotateBeforeMs: 120 * DAY_MS,
      },
      // API servers watch the configuration, and processes of the operator the Secret: several, since some may be standing by.
      ...{ settleMs: 2 * 60_000, patienceMs: DAY_MS, longestLeafMs: LEAF_MS },
    },
    leaf: {
      ...{ name: `${service}-cert`, namespace, ownerUid, dnsNames, purposes: ['server'] },
      ...{ durationMs: LEAF_MS, renewBeforeMs: 10 * DAY_MS },
    },
  };
}

/** What API servers trust by a ValidatingWebhookConfiguration, as `decideAuthority` takes it. */
export function bundlesOf(
  configuration: KubernetesObject | undefined,
): readonly (Readonly<Record<string, string>> | undefined)[] {
  const webhooks = (configuration?.['webhooks'] ?? []) as readonly { clientConfig?: { caBundle?: string } }[];
  if (webhooks.length === 0) return [undefined];
  return webhooks.map(({ clientConfig }) => {
    if (clientConfig?.caBundle === undefined || clientConfig.caBundle === '') return undefined;
    const pem = Buffer.from(clientConfig.caBundle, 'base64').toString('utf8');
    return { [BUNDLE_KEY]: pem, [OWN_ROOTS_KEY]: pem };
  });
}

/** What the server shows of a Secret; undefined as long as there is nothing. */
export function certificateOf(kept: KeptSecret | undefined): ShownCertificate | undefined {
  const { 'tls.crt': chain, 'tls.key': key } = kept?.data ?? {};
  return chain === undefined || key === undefined ? undefined : { chain: reveal(chain), key };
}
