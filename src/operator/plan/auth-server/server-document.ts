/** `kind: server` of an MCPAuthServer: what its process reads once. */
import type { AuthServerStorage, MCPAuthServerSpec } from '#contract/kubernetes';
import type { ConfigMapKey, Planned } from '../plan.ts';
import type { ConfigurationDocument, DocumentValue } from '../parts/configuration-text.ts';
import type { Mounts } from '../parts/mounts.ts';
import { storageFields } from '../parts/storage.ts';

/** Where the certificates of its pods are; the operator keeps them, but for a public one that the resource names. */
export interface AuthServerCertificates {
  /** A Secret of the type `kubernetes.io/tls` for the internal port. */
  readonly server: string;
  /** The same for the public port where `tls.publicCertRef` names none; that of the internal one without it. */
  readonly public?: string;
  /** The authorities that vouch for owners, `tls.clientAuth.caBundleRef` among them: it is the caller who joins them. */
  readonly clientBundle: ConfigMapKey;
}

export function authServerDocument(
  { spec }: Planned<MCPAuthServerSpec>,
  certificates: AuthServerCertificates,
  mounts: Mounts,
): ConfigurationDocument {
  const { issuer, ports, tls } = spec;
  return {
    kind: 'server',
    ...{ host: '0.0.0.0', port: ports.public, publicUrl: issuer },
    tls: publicCertificate(tls.publicCertRef?.name, certificates, mounts),
    internalListener: {
      ...{ host: '0.0.0.0', port: ports.internal, ...pair(mounts, certificates.server) },
      clientCa: mounts.configMap(certificates.clientBundle),
      trustDomain: tls.clientAuth.trustDomain,
      ...{ namespaces: tls.clientAuth.namespaces, names: tls.clientAuth.names },
    },
    metrics: { host: '0.0.0.0', port: ports.metrics },
    ...storageFields(spec.storage, mounts, replicasOf(spec)),
    authorizationServer: {
      lifetimes: { ...spec.lifetimes },
      baselineScopes: spec.baselineScopes,
      signingKeys: spec.signingKeys?.map(({ secretRef, algorithm }, index) => ({
        file: mounts.secret(secretRef, `spec.signingKeys[${index}].secretRef`),
        algorithm,
      })),
    },
  };
}

/** How many processes there may be at once. */
export const replicasOf = (spec: {
  readonly replicas: number;
  readonly autoscaling?: { readonly maxReplicas: number } | undefined;
  readonly storage: AuthServerStorage;
}): number => spec.autoscaling?.maxReplicas ?? spec.replicas;

function publicCertificate(
  named: string | undefined,
  certificates: AuthServerCertificates,
  mounts: Mounts,
): DocumentValue {
  if (named === undefined) return pair(mounts, certificates.public ?? certificates.server);
  return {
    certificate: mounts.secret({ name: named, key: 'tls.crt' }, 'spec.tls.publicCertRef'),
    key: mounts.secret({ name: named, key: 'tls.key' }, 'spec.tls.publicCertRef'),
  };
}

const pair = (mounts: Mounts, name: string) => ({
  certificate: mounts.ownSecret({ name, key: 'tls.crt' }),
  key: mounts.ownSecret({ name, key: 'tls.key' }),
});
