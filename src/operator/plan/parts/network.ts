/** NetworkPolicies: what is not named here, nobody reaches and no pod of ours reaches. */
import { isIP } from 'node:net';
import type {
  V1NetworkPolicyEgressRule,
  V1NetworkPolicyIngressRule as ClientIngressRule,
  V1NetworkPolicyPeer,
  V1NetworkPolicyPort,
} from '@kubernetes/client-node';
import type { MCPAuthServerSpec } from '#contract/kubernetes';
import type { KubernetesObject } from '../../kubernetes-object.ts';
import { planned, selectorOf, type Component, type Family, type OwningKind } from './metadata.ts';

export type Network = MCPAuthServerSpec['network'];

/** In JSON it is `from`; the client has another name for it, since Python has `from` as a word. */
export type IngressRule = Omit<ClientIngressRule, '_from'> & { readonly from?: readonly V1NetworkPolicyPeer[] };

const NAMESPACE_NAME = 'kubernetes.io/metadata.name';
/** Whoever scrapes says so on its namespace: `/metrics` asks nobody who they are. */
export const SCRAPES = 'chatelaine.dev/scrapes';

const tcp = (...ports: readonly number[]): V1NetworkPolicyPort[] => ports.map((port) => ({ protocol: 'TCP', port }));
export const inNamespace = (name: string): V1NetworkPolicyPeer => ({
  namespaceSelector: { matchLabels: { [NAMESPACE_NAME]: name } },
});

/** Addresses that no other network has behind it: private, shared, link-local and loopback ones. */
const NOT_PUBLIC_4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
  ...['192.168.0.0/16', '224.0.0.0/4', '240.0.0.0/4'],
];
const NOT_PUBLIC_6 = ['::1/128', 'fc00::/7', 'fe80::/10', 'ff00::/8'];
/** Where clouds hand out credentials of the machine: nothing of ours has to ask there. */
const LINK_LOCAL_4 = ['169.254.0.0/16'];
const LINK_LOCAL_6 = ['fe80::/10'];

const addresses = (except4: string[], except6: string[]): V1NetworkPolicyPeer[] => [
  { ipBlock: { cidr: '0.0.0.0/0', except: except4 } },
  { ipBlock: { cidr: '::/0', except: except6 } },
];
const PUBLIC = addresses(NOT_PUBLIC_4, NOT_PUBLIC_6);
const ANYWHERE = addresses(LINK_LOCAL_4, LINK_LOCAL_6);

/** Resolvers are pods, and on some clusters one of the node at an address of its own. */
export const DNS: V1NetworkPolicyEgressRule = {
  to: [{ namespaceSelector: {} }, { ipBlock: { cidr: '169.254.20.10/32' } }],
  ports: [53, 5353].flatMap((port) => [
    { protocol: 'UDP', port },
    { protocol: 'TCP', port },
  ]),
};

/** Pods of one resource, wherever it is. */
export const podsOf = (
  kind: OwningKind,
  namespace: string,
  name: string,
  component: Component,
): V1NetworkPolicyPeer => ({
  namespaceSelector: inNamespace(namespace).namespaceSelector,
  podSelector: { matchLabels: selectorOf(kind, name, component) },
});

export const toPods = (peer: V1NetworkPolicyPeer, port: number): V1NetworkPolicyEgressRule => ({
  to: [peer],
  ports: tcp(port),
});

/** A host of a configuration: its address, the namespace of its Service, or any address where only DNS knows. */
export function toHost(host: string, port: number, namespace: string): V1NetworkPolicyEgressRule {
  const bare = host.replace(/^\[|\]$/g, '');
  const version = isIP(bare);
  if (version !== 0) return { to: [{ ipBlock: { cidr: `${bare}/${version === 4 ? 32 : 128}` } }], ports: tcp(port) };
  const [, ofService] = /^[^.]+\.([^.]+)\.svc(?:\.|$)/.exec(bare) ?? [];
  const of = bare.includes('.') ? ofService : namespace;
  // Of a Service the port of its pods is what counts, which its name does not say.
  if (of !== undefined) return { to: [inNamespace(of)] };
  return { to: [{ namespaceSelector: {} }, ...ANYWHERE], ports: tcp(port) };
}

/** Where the pods may go by `network.allowEgressTo`; to public addresses at the ports of the URLs, 443 at least, else. */
export function toOutside(network: Network, urls: readonly string[] = []): readonly V1NetworkPolicyEgressRule[] {
  if (network.allowEgressTo !== undefined)
    return network.allowEgressTo.map(({ cidr, ports }) => ({
      to: [{ ipBlock: { cidr } }],
      ...(ports !== undefined && { ports: tcp(...ports) }),
    }));
  const ports = new Set([443, ...urls.map(portOf)]);
  return [{ to: PUBLIC, ports: tcp(...[...ports].toSorted((one, other) => one - other)) }];
}

export function portOf(text: string): number {
  const { port, protocol } = new URL(text);
  return port === '' ? (protocol === 'http:' ? 80 : 443) : Number(port);
}

/** Who comes to the public port: everybody, or pods of the namespaces that are named. */
export function fromPublic(network: Network, port: number, more: readonly V1NetworkPolicyPeer[] = []): IngressRule {
  if (network.allowIngressFrom === undefined) return { ports: tcp(port) };
  return { from: [...network.allowIngressFrom.map(inNamespace), ...more], ports: tcp(port) };
}

export const fromScrapers = (port: number): IngressRule => ({
  from: [{ namespaceSelector: { matchLabels: { [SCRAPES]: 'true' } } }],
  ports: tcp(port),
});

/** Nothing where there are no peers: a rule without `from` would let in everybody. */
export const fromPeers = (peers: readonly V1NetworkPolicyPeer[], port: number): readonly IngressRule[] =>
  peers.length === 0 ? [] : [{ from: [...peers], ports: tcp(port) }];

export function networkPolicy(
  family: Family,
  name: string,
  component: Component,
  rules: {
    readonly ingress: readonly IngressRule[];
    readonly egress: readonly V1NetworkPolicyEgressRule[];
  },
): KubernetesObject {
  const object = {
    ...{ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: family.metadata(name, component) },
    spec: {
      podSelector: { matchLabels: family.selector(component) },
      policyTypes: ['Ingress', 'Egress'],
      ...{ ingress: [...rules.ingress], egress: [...rules.egress] },
    },
  };
  return planned(object);
}
