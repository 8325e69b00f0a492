/** Whom a change concerns. Pure; too many is only work, and one too few would stay as it is for ever. */
import { API_VERSION, type CustomResourceKind } from '#contract/kubernetes';
import type { KubernetesObject } from '../kubernetes-object.ts';
import {
  authServersOf,
  membersOf,
  resourceOf,
  issuerOf,
  type Known,
  type KnownObject,
  type Snapshot,
} from '../references/index.ts';
import { isOurKind } from './kinds.ts';

/** An object of ours by its kind and name. */
export interface Concerned {
  readonly kind: CustomResourceKind;
  readonly namespace: string;
  readonly name: string;
}

const it = ({ kind, namespace, name }: Concerned): Concerned => ({ kind, namespace, name });

/** Of a change of one of ours: as it was and as it is, where it was or is there. */
export function related(object: KnownObject, snapshot: Snapshot): readonly Concerned[] {
  const beside = snapshot.with(object);
  switch (object.kind) {
    case 'MCPAuthServer':
      return [it(object), ...users(object, beside), ...beside.issuers(issuerOf(object.spec.issuer)).map(it)];
    case 'MCPServer':
    case 'MCPGateway':
      return [
        it(object),
        ...authServersOf(object, beside).map(
          ({ namespace, name }) => ({ kind: 'MCPAuthServer', namespace, name }) as const,
        ),
        ...configsOf(object),
        ...groupOf(object),
        ...gatewaysOver(object, beside),
        ...beside.owners(resourceOf(object.spec.resourceUrl)).map(it),
      ];
    case 'MCPExternalAuthConfig':
      return [it(object), ...ownersBeside(object, beside), ...authServersBehind(object, beside)];
    case 'MCPGroup':
      return [it(object), ...ownersBeside(object, beside)];
  }
}

/** Of a change of anything else: who it belongs to, and who reads it. */
export function relatedToOther(object: KubernetesObject, snapshot: Snapshot): readonly Concerned[] {
  const { namespace = '', name, ownerReferences = [] } = object.metadata;
  const owners = ownerReferences.flatMap(({ apiVersion, kind, name: owner }): Concerned[] =>
    apiVersion === API_VERSION && isOurKind(kind) ? [{ kind, namespace, name: owner }] : [],
  );
  if (object.kind !== 'ConfigMap') return owners;
  return [
    ...owners,
    // A bundle that an owner trusts: the authorization server waits for it when it rotates its authority.
    ...owners.flatMap((owner) => authServersOfOwner(owner, snapshot)),
    ...readersOf(namespace, name, snapshot),
  ];
}

/** Who refers to a ConfigMap. */
function readersOf(namespace: string, name: string, snapshot: Snapshot): readonly Concerned[] {
  const owners = [...snapshot.list('MCPServer'), ...snapshot.list('MCPGateway')].filter(
    (owner) => owner.namespace === namespace && refersTo(owner.spec, name),
  );
  const others = [...snapshot.list('MCPAuthServer'), ...snapshot.list('MCPExternalAuthConfig')].filter(
    (one) => one.namespace === namespace && refersTo(one.spec, name),
  );
  return [...owners, ...others].map(it);
}

/** Whether a reference of that name is anywhere in it: fields that refer to ConfigMaps end so. */
function refersTo(value: unknown, name: string): boolean {
  if (Array.isArray(value)) return value.some((member) => refersTo(member, name));
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([field, member]) =>
    /(?:caBundleRef|toolsetRef)$/.test(field)
      ? (member as { name?: string } | undefined)?.name === name
      : field === 'policyRefs'
        ? (member as readonly { name: string }[] | undefined)?.some((ref) => ref.name === name) === true
        : refersTo(member, name),
  );
}

type Owner = Known<'MCPServer'> | Known<'MCPGateway'>;

const allOwners = (snapshot: Snapshot): readonly Owner[] => [
  ...snapshot.list('MCPServer'),
  ...snapshot.list('MCPGateway'),
];

function users(server: Known<'MCPAuthServer'>, snapshot: Snapshot): readonly Concerned[] {
  const leadsThere = (places: readonly { readonly namespace: string; readonly name: string }[]): boolean =>
    places.some(({ namespace, name }) => namespace === server.namespace && name === server.name);
  const configs = snapshot.list('MCPExternalAuthConfig').filter((config) => leadsThere(serversNamedBy(config)));
  return [...allOwners(snapshot).filter((owner) => leadsThere(authServersOf(owner, snapshot))), ...configs].map(it);
}

function serversNamedBy({ namespace, spec }: Known<'MCPExternalAuthConfig'>) {
  const ref = 'authServerRef' in spec ? spec.authServerRef : undefined;
  return ref === undefined ? [] : [{ namespace: ref.namespace ?? namespace, name: ref.name }];
}

const configsOf = (owner: Owner): readonly Concerned[] => {
  const names =
    owner.kind === 'MCPServer'
      ? [owner.spec.externalAuthConfigRef?.name]
      : (owner.spec.servers ?? []).map(({ externalAuthConfigRef: ref }) => ref?.name);
  return names.flatMap((name): Concerned[] =>
    name === undefined ? [] : [{ kind: 'MCPExternalAuthConfig', namespace: owner.namespace, name }],
  );
};

const groupOf = ({ namespace, spec }: Owner): readonly Concerned[] =>
  spec.groupRef === undefined ? [] : [{ kind: 'MCPGroup', namespace, name: spec.groupRef.name }];

/** Gateways in front of an MCPServer, and the authorization servers that they are owners at. */
function gatewaysOver(owner: Owner, snapshot: Snapshot): readonly Concerned[] {
  if (owner.kind === 'MCPGateway') return [];
  return snapshot
    .list('MCPGateway')
    .filter((gateway) =>
      membersOf(gateway, snapshot).some(({ name }) => name === owner.name && gateway.namespace === owner.namespace),
    )
    .flatMap((gateway) => [it(gateway), ...authServersOfOwner(it(gateway), snapshot)]);
}

function authServersOfOwner({ kind, namespace, name }: Concerned, snapshot: Snapshot): readonly Concerned[] {
  if (kind !== 'MCPServer' && kind !== 'MCPGateway') return [];
  const owner = snapshot.get(kind, namespace, name) as Owner | undefined;
  return owner === undefined
    ? []
    : authServersOf(owner, snapshot).map((place) => ({
        kind: 'MCPAuthServer',
        namespace: place.namespace,
        name: place.name,
      }));
}

/** Owners that refer to it, and gateways over these. */
function ownersBeside({ kind, namespace, name }: Concerned, snapshot: Snapshot): readonly Concerned[] {
  return allOwners(snapshot)
    .filter((owner) => owner.namespace === namespace)
    .filter((owner) => [...configsOf(owner), ...groupOf(owner)].some((ref) => ref.kind === kind && ref.name === name))
    .flatMap((owner) => [it(owner), ...gatewaysOver(owner, snapshot)]);
}

/** The upstreams that its users may be given are on the list of owners. */
function authServersBehind(config: Known<'MCPExternalAuthConfig'>, snapshot: Snapshot): readonly Concerned[] {
  const named = serversNamedBy(config).map((place) => ({ kind: 'MCPAuthServer', ...place }) as const);
  return [...named, ...ownersBeside(config, snapshot).flatMap((owner) => authServersOfOwner(owner, snapshot))];
}
