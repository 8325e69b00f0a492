/** Who is an owner at an authorization server, and what of it. Pure over what is known. */
import { childName, type OwnerFacts } from '../plan/index.ts';
import {
  authServerOf,
  configReferences,
  faultsOf,
  fromAuthServer,
  isRefusal,
  neededUpstreams,
  type Known,
  type Owner,
  type Snapshot,
} from '../references/index.ts';
import { sameName } from './world.ts';

const allOwners = (snapshot: Snapshot): readonly Owner[] => [
  ...snapshot.list('MCPServer'),
  ...snapshot.list('MCPGateway'),
];

/** Owners whose tokens come from there, whatever stands against them. */
export const ownersLeadingTo = (server: Known<'MCPAuthServer'>, snapshot: Snapshot): readonly Owner[] =>
  allOwners(snapshot).filter((owner) => {
    const place = authServerOf(owner, snapshot);
    return place !== undefined && sameName(place, server);
  });

/** The list of owners: of those that lead there, the ones that are allowed to. */
export const ownerFacts = (server: Known<'MCPAuthServer'>, snapshot: Snapshot): readonly OwnerFacts[] =>
  ownersLeadingTo(server, snapshot)
    .filter((owner) => !faultsOf(owner, snapshot).some(isRefusal))
    .map((owner) => ({
      ...{ kind: owner.kind, namespace: owner.namespace, name: owner.name, uid: owner.uid },
      ...{ resourceUrl: owner.spec.resourceUrl, scopes: owner.spec.scopes ?? [] },
      upstreams: upstreamsOf(owner, server, snapshot),
    }));

/** What it may be given: by name, and the only one there is where its outgoing authorization names none. */
function upstreamsOf(owner: Owner, server: Known<'MCPAuthServer'>, snapshot: Snapshot): readonly string[] {
  const known = server.spec.upstreams.map(({ name }) => name);
  const named = neededUpstreams(owner, snapshot).map(({ name }) => name);
  const takesTheOnlyOne =
    known.length === 1 &&
    configReferences(owner, snapshot).some(({ name }) => {
      const spec = snapshot.get('MCPExternalAuthConfig', owner.namespace, name)?.spec;
      return (
        spec !== undefined && fromAuthServer(spec) !== undefined && 'upstream' in spec && spec.upstream === undefined
      );
    });
  return [...named, ...(takesTheOnlyOne ? known : [])].filter((name) => known.includes(name));
}

/** Names of the Secrets that the operator writes in a namespace: no object may have one of them mounted. */
export function operatorSecrets(namespace: string, snapshot: Snapshot): readonly string[] {
  const words = ['ca', 'server-cert', 'public-cert', 'intermediate', 'host-keys'];
  const servers = snapshot.list('MCPAuthServer').filter((server) => server.namespace === namespace);
  const owners = allOwners(snapshot).filter((owner) => owner.namespace === namespace);
  return [
    ...servers.flatMap(({ name }) => words.map((word) => `${name}-${word}`)),
    ...owners.flatMap(({ name }) => [`${name}-client-cert`, `${name}-host-keys`]),
  ];
}

/** And of the volumes: state of authorization servers, and records of proxies. */
export const operatorClaims = (namespace: string, snapshot: Snapshot): readonly string[] =>
  [...snapshot.list('MCPAuthServer'), ...allOwners(snapshot)]
    .filter((one) => one.namespace === namespace)
    .map(({ name }) => childName.data(name));
