/** The owner map: which resource is whose, and who may exchange tokens of its sessions. */
import type { V1NetworkPolicyPeer } from '@kubernetes/client-node';
import { printOwnerId } from '#contract';
import type { ConfigurationDocument } from '../parts/configuration-text.ts';
import { inNamespace } from '../parts/network.ts';

/** An MCPServer or MCPGateway that refers to the authorization server, and to which nothing stands in the way. */
export interface OwnerFacts {
  readonly kind: 'MCPServer' | 'MCPGateway';
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceUrl: string;
  readonly scopes: readonly string[];
  /** The upstreams whose tokens it may be given: its own list, and those of its outgoing authorization. */
  readonly upstreams: readonly string[];
}

/** The SPIFFE ID of an owner, decided from what it is. */
export const ownerSpiffeId = (
  { kind, namespace, name }: Pick<OwnerFacts, 'kind' | 'namespace' | 'name'>,
  trustDomain: string,
): string => printOwnerId({ trustDomain, namespace, kind: kind === 'MCPServer' ? 'mcpserver' : 'gateway', name });

export const ownerDocuments = (owners: readonly OwnerFacts[], trustDomain: string): readonly ConfigurationDocument[] =>
  sorted(owners).map((owner) => ({
    ...{ kind: 'owner', namespace: owner.namespace, name: owner.name, resource: owner.resourceUrl },
    ...{ scopes: [...owner.scopes], upstreams: [...new Set(owner.upstreams)].toSorted() },
    ...{ spiffeId: ownerSpiffeId(owner, trustDomain), uid: owner.uid },
  }));

/** The proxies of the owners, a peer for each namespace and kind. */
export function ownerPeers(owners: readonly OwnerFacts[]): readonly V1NetworkPolicyPeer[] {
  const groups = Map.groupBy(sorted(owners), ({ namespace, kind }) => `${namespace}/${kind}`);
  return [...groups.values()].map((group): V1NetworkPolicyPeer => {
    const [{ namespace, kind }] = group as [OwnerFacts];
    return {
      namespaceSelector: inNamespace(namespace).namespaceSelector,
      podSelector: {
        matchLabels: { 'chatelaine.dev/kind': kind, 'app.kubernetes.io/component': 'proxy' },
        matchExpressions: [{ key: 'chatelaine.dev/name', operator: 'In', values: group.map(({ name }) => name) }],
      },
    };
  });
}

/** The same owners are the same text, in whatever order they were found. */
const sorted = (owners: readonly OwnerFacts[]): readonly OwnerFacts[] =>
  owners.toSorted((one, other) => compare(idOf(one), idOf(other)));

const idOf = ({ kind, namespace, name }: OwnerFacts): string => `${namespace}/${kind}/${name}`;
const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);
