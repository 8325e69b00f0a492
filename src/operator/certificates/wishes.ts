/** Which authorities and certificates our kinds want. The names in them come from who the object is, never from its spec. */
import { parseDuration } from '#kernel';
import { printOwnerId } from '#contract';
import type { MCPAuthServerSpec } from '#contract/kubernetes';
import type { KubernetesObject } from '../kubernetes-object.ts';
import type { AuthorityWish } from './authority-wish.ts';
import type { SigningAuthority } from './authority-state.ts';
import { intermediateCertificate, publicCertificate, serverCertificate } from './cert-manager.ts';
import type { LeafWish } from './leaf.ts';

const DAY_MS = 86_400_000;
const AUTHORITY_LIFETIME_MS = 3650 * DAY_MS;
/** Kubelets sync volumes within two minutes, and processes read files again within seconds. */
const SETTLE_MS = 5 * 60_000;
const PATIENCE_MS = DAY_MS;
/** The longest that the schema lets a certificate of a client live. */
const LONGEST_CLIENT_MS = 365 * DAY_MS;

/** An object's `metadata`, as of one that was read. */
interface Identity {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
}

export interface AuthServerWishes {
  /** Signs clients; without an `issuerRef` the server too. With one, `offered` is what cert-manager gave. */
  readonly authority: AuthorityWish;
  /** Certificates that the operator signs. */
  readonly leaves: readonly LeafWish[];
  /** Objects for cert-manager; none without an `issuerRef`. The Secret of each has its name. */
  readonly certManager: readonly KubernetesObject[];
  /** The Secrets that pods mount. */
  readonly serverSecret: string;
  readonly publicSecret: string;
  /** The Secret where cert-manager puts the intermediate authority. */
  readonly intermediateSecret: string | undefined;
  /** The ConfigMap with whom to trust. */
  readonly bundle: string;
}

/** Names by which the internal Service of an authorization server is reached. */
export const internalNames = (name: string, namespace: string, clusterDomain: string): readonly string[] => {
  const host = `${name}-internal.${namespace}`;
  return [host, `${host}.svc`, `${host}.svc.${clusterDomain}`];
};

/**
 * `madeAfter`: since when an authority has to be (milliseconds since 1970), where somebody asked for a rotation.
 */
export function authServerWishes(
  { name, namespace, uid }: Identity,
  spec: Pick<MCPAuthServerSpec, 'issuer' | 'tls'>,
  more: {
    readonly clusterDomain?: string;
    readonly madeAfter?: number | undefined;
    readonly offered?: SigningAuthority | undefined;
  } = {},
): AuthServerWishes {
  const { serverCert, publicCertRef, clientAuth } = spec.tls;
  const { issuerRef, duration, renewBefore } = serverCert;
  const { trustDomain } = clientAuth;
  const names = internalNames(name, namespace, more.clusterDomain ?? 'cluster.local');
  const publicNames = [new URL(spec.issuer).hostname];
  const lasting = { durationMs: parseDuration(duration) ?? DAY_MS, renewBeforeMs: parseDuration(renewBefore) ?? 0 };
  const leaf = (suffix: string, dnsNames: readonly string[]): LeafWish => ({
    ...{ name: `${name}-${suffix}`, namespace, ownerUid: uid, dnsNames, purposes: ['server'], ...lasting },
  });
  const server = leaf('server-cert', names);
  const ofBrowsers = publicCertRef === undefined ? [leaf('public-cert', publicNames)] : [];
  const asked = (suffix: string) => ({ name: `${name}-${suffix}`, namespace, duration, renewBefore });
  return {
    authority: {
      ...{ name: `${name}-ca`, namespace, ownerUid: uid },
      ...{
        settleMs: SETTLE_MS,
        patienceMs: PATIENCE_MS,
        longestLeafMs: Math.max(LONGEST_CLIENT_MS, lasting.durationMs),
      },
      source:
        issuerRef === undefined
          ? {
              kind: 'own',
              request: {
                // The longest name that an authority has is shorter than ours may be.
                ...{ name: `${namespace} ${name}`.slice(0, 40), trustDomain, curve: 'P-256' },
                lifetimeMs: AUTHORITY_LIFETIME_MS,
                permittedDnsNames: publicCertRef === undefined ? [...names, ...publicNames] : names,
              },
              rotateBeforeMs: AUTHORITY_LIFETIME_MS / 3,
              madeAfter: more.madeAfter,
            }
          : { kind: 'offered', offered: more.offered },
    },
    leaves: issuerRef === undefined ? [server, ...ofBrowsers] : [],
    certManager:
      issuerRef === undefined
        ? []
        : [
            serverCertificate({ ...asked('server-cert'), issuerRef, dnsNames: names }),
            intermediateCertificate({ ...asked('intermediate'), issuerRef, trustDomain }),
            ...ofBrowsers.map(({ dnsNames }) => publicCertificate({ ...asked('public-cert'), issuerRef, dnsNames })),
          ],
    serverSecret: `${name}-server-cert`,
    publicSecret: publicCertRef?.name ?? `${name}-public-cert`,
    intermediateSecret: issuerRef === undefined ? undefined : `${name}-intermediate`,
    bundle: `${name}-trust`,
  };
}

/** The client certificate of an owner, by the authority of its authorization server. */
export function ownerCertificateWish(
  { kind, name, namespace, uid }: Identity & { readonly kind: 'MCPServer' | 'MCPGateway' },
  trustDomain: string,
  clientCert: { readonly duration: string; readonly renewBefore: string },
): LeafWish & { readonly spiffeId: string } {
  return {
    ...{ name: `${name}-client-cert`, namespace, ownerUid: uid, trustDomain, dnsNames: [], purposes: ['client'] },
    spiffeId: printOwnerId({ trustDomain, namespace, kind: kind === 'MCPServer' ? 'mcpserver' : 'gateway', name }),
    durationMs: parseDuration(clientCert.duration) ?? DAY_MS,
    renewBeforeMs: parseDuration(clientCert.renewBefore) ?? 0,
  };
}
