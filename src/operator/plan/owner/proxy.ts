/** What the proxy of an MCPServer and an MCPGateway have in common: one door, and the documents behind it. */
import type { V1NetworkPolicyEgressRule } from '@kubernetes/client-node';
import type { AuthServerStorage } from '#contract/kubernetes';
import { starterPolicy } from '#proxy';
import {
  configurationText,
  EnvironmentReference,
  type ConfigurationDocument,
  type DocumentValue,
} from '../parts/configuration-text.ts';
import type { Mounts } from '../parts/mounts.ts';
import { DNS, podsOf, toHost, toOutside, toPods, portOf, type Network } from '../parts/network.ts';
import { storageFields } from '../parts/storage.ts';
import type { Access } from './access.ts';
import type { AuthServerFacts, OwnerCertificates } from './facts.ts';
import type { MountedSecret } from './outgoing-auth.ts';

export const PROXY_PORTS = { public: 7420, metrics: 7421 } as const;

/** The pod's own address, which the others of its kind are told. */
export const POD_ADDRESS = 'CHATELAINE_POD_ADDRESS';

interface ProxyServerWish {
  readonly publicUrl: string;
  readonly access: Access;
  readonly mounted: readonly MountedSecret[];
  readonly commands: readonly string[];
  readonly storage: AuthServerStorage;
  readonly replicas: number;
  readonly certificates: OwnerCertificates;
  /** The name in the certificate of the port, and whoever vouches for it. */
  readonly serving?: { readonly name: string; readonly bundle: string } | undefined;
  readonly mounts: Mounts;
}

export function proxyServerDocument(wish: ProxyServerWish): ConfigurationDocument {
  const { access, mounted, commands, certificates, mounts, storage, serving } = wish;
  const { serving: secret } = certificates;
  return {
    kind: 'server',
    ...{ host: '0.0.0.0', port: PROXY_PORTS.public, publicUrl: new URL(wish.publicUrl).origin },
    ...(secret === undefined
      ? { tlsTerminatedBy: 'the ingress of the cluster' }
      : {
          tls: {
            certificate: mounts.ownSecret({ name: secret, key: 'tls.crt' }),
            key: mounts.ownSecret({ name: secret, key: 'tls.key' }),
          },
        }),
    metrics: { host: '0.0.0.0', port: PROXY_PORTS.metrics },
    exchange: access.exchange,
    ...storageFields(storage, mounts, wish.replicas),
    ...(storage.type === 'postgres' && {
      replica: {
        address: new EnvironmentReference(POD_ADDRESS),
        ...(serving !== undefined && { tls: { ca: serving.bundle, serverName: serving.name } }),
      },
    }),
    ...(mounted.length > 0 && { vault: { mounted: [...mounted] } }),
    ...(commands.length > 0 && { mcpServers: { commands: [...commands] } }),
  };
}

/** Variables of a pod that others of its kind reach. */
export const addressVariables = (storage: AuthServerStorage, isTls: boolean) =>
  storage.type === 'sqlite'
    ? []
    : [
        { name: 'CHATELAINE_POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
        { name: POD_ADDRESS, value: `${isTls ? 'https' : 'http'}://$(CHATELAINE_POD_IP):${PROXY_PORTS.public}` },
      ];

/** Whoever has a token of the issuer, at each of the servers: what holds where no policy is named. */
export const policiesOf = (
  named: readonly ConfigurationDocument[],
  { issuer, servers }: { readonly issuer: string; readonly servers: readonly string[] },
): readonly ConfigurationDocument[] =>
  named.length > 0
    ? named
    : servers.map((server) => ({ ...starterPolicy({ issuer, server }), name: `callers-of-${server}` }));

/** Where clouds hand out credentials of the machine no server is, however private networks may be. */
export const IN_CLUSTER: { readonly [field: string]: DocumentValue } = {
  allowPrivateNetworks: true,
  customBlockedIpRanges: ['169.254.0.0/16', 'fe80::/10'],
};

/** The files of the ConfigMap of a proxy. */
export const proxyFiles = (documents: {
  readonly server: ConfigurationDocument;
  readonly access: readonly ConfigurationDocument[];
  readonly policies: readonly ConfigurationDocument[];
}): Readonly<Record<string, string>> => ({
  'server.yaml': configurationText([documents.server]),
  'access.yaml': configurationText(documents.access),
  'policies.yaml': configurationText(documents.policies),
});
export const PROXY_FILES = ['server.yaml', 'access.yaml', 'policies.yaml'];

/** DNS, the pods of the authorization server, servers elsewhere, and what the resource says. */
export function proxyEgress(wish: {
  readonly authServer: AuthServerFacts | undefined;
  readonly network: Network;
  readonly namespace: string;
  /** URLs that are asked for tokens. */
  readonly urls: readonly string[];
  /** URLs of servers elsewhere. */
  readonly servers: readonly string[];
}): readonly V1NetworkPolicyEgressRule[] {
  const { authServer } = wish;
  const pods = authServer && podsOf('MCPAuthServer', authServer.namespace, authServer.name, 'authserver');
  return [
    DNS,
    ...(authServer === undefined || pods === undefined
      ? []
      : [toPods(pods, authServer.ports.internal), toPods(pods, authServer.ports.public)]),
    ...wish.servers.map((url) => toHost(new URL(url).hostname, portOf(url), wish.namespace)),
    ...toOutside(wish.network, wish.urls),
  ];
}
