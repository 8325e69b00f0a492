/** Everything that stands against an object because of the others. */
import { didYouMean } from '#kernel';
import { isSame, issuerHolder, resourceHolder } from './claims.ts';
import type { ReferenceFault } from './fault.ts';
import {
  authServerOf,
  authServersOf,
  configReferences,
  fromAuthServer,
  membersOf,
  neededUpstreams,
  upstreamOf,
  type AuthServerPlace,
  type Owner,
} from './owner-references.ts';
import type { Known, KnownObject, Snapshot } from './snapshot.ts';

/**
 * The faults of `object`, which need not be in the snapshot yet. Nothing is said of objects in other namespaces that its author could
 * not learn otherwise: who holds a resource or issuer there is not named.
 */
export function faultsOf(object: KnownObject, before: Snapshot): readonly ReferenceFault[] {
  const snapshot = before.with(object);
  switch (object.kind) {
    case 'MCPAuthServer':
      return issuerFaults(object, snapshot);
    case 'MCPServer':
    case 'MCPGateway':
      return [
        ...claimFaults(object, snapshot),
        ...besideFaults(object, snapshot),
        ...authServerFaults(object, snapshot),
      ];
    case 'MCPExternalAuthConfig': {
      const ref = fromAuthServer(object.spec);
      if (ref === undefined) return [];
      const place = { namespace: ref.namespace ?? object.namespace, name: ref.name, path: 'spec.authServerRef' };
      const [fault, server] = reach(object, place, snapshot);
      if (fault !== undefined) return [fault];
      const named = upstreamOf(object.spec);
      return server === undefined || named === undefined
        ? []
        : unknownUpstreams(server, [{ path: 'spec.upstream', name: named }]);
    }
    case 'MCPGroup':
      return [];
  }
}

function issuerFaults(object: Known<'MCPAuthServer'>, snapshot: Snapshot): readonly ReferenceFault[] {
  const holder = issuerHolder(snapshot, object.spec.issuer);
  if (holder === undefined || isSame(holder, object)) return [];
  return [
    {
      reason: 'IssuerTaken',
      path: 'spec.issuer',
      message: `another MCPAuthServer${besides(holder, object)} is the issuer \`${object.spec.issuer}\`: its tokens and those of this one could not be told apart; give this one a host of its own`,
    },
  ];
}

function claimFaults(object: Owner, snapshot: Snapshot): readonly ReferenceFault[] {
  const { resourceUrl } = object.spec;
  const holder = resourceHolder(snapshot, resourceUrl);
  if (holder === undefined || isSame(holder, object)) return [];
  return [
    {
      reason: 'ResourceUrlTaken',
      path: 'spec.resourceUrl',
      message: `another object${besides(holder, object)} has \`${resourceUrl}\` already, and the older one keeps it; give this one a URL of its own`,
    },
  ];
}

/** Names the holder to who may read it anyhow. */
const besides = (holder: Known, object: Known): string =>
  holder.namespace === object.namespace ? `, \`${holder.kind}/${holder.name}\`,` : ' in another namespace';

function besideFaults(object: Owner, snapshot: Snapshot): readonly ReferenceFault[] {
  const faults = configReferences(object, snapshot).flatMap(({ path, name }) =>
    snapshot.get('MCPExternalAuthConfig', object.namespace, name) === undefined
      ? [
          notFound(
            path,
            'MCPExternalAuthConfig',
            object.namespace,
            name,
            namesBeside(snapshot, 'MCPExternalAuthConfig', object),
          ),
        ]
      : [],
  );
  const group = object.spec.groupRef?.name;
  if (group !== undefined && snapshot.get('MCPGroup', object.namespace, group) === undefined)
    faults.push(
      notFound('spec.groupRef.name', 'MCPGroup', object.namespace, group, namesBeside(snapshot, 'MCPGroup', object)),
    );
  if (object.kind === 'MCPGateway') faults.push(...memberFaults(object, snapshot));
  return faults;
}

function memberFaults(gateway: Known<'MCPGateway'>, snapshot: Snapshot): readonly ReferenceFault[] {
  const members = new Set(membersOf(gateway, snapshot).map(({ name }) => name));
  return (gateway.spec.servers ?? []).flatMap(({ name }, at): readonly ReferenceFault[] => {
    if (members.has(name)) return [];
    const path = `spec.servers[${at}].name`;
    if (snapshot.get('MCPServer', gateway.namespace, name) === undefined)
      return [notFound(path, 'MCPServer', gateway.namespace, name, [...members])];
    const group = gateway.spec.groupRef.name;
    return [
      {
        reason: 'NotInGroup',
        path,
        message: `\`MCPServer/${name}\` is not of the group \`${group}\`, so it is not behind this gateway; give it \`groupRef: {name: ${group}}\``,
      },
    ];
  });
}

function authServerFaults(object: Owner, snapshot: Snapshot): readonly ReferenceFault[] {
  const places = authServersOf(object, snapshot);
  const opening = authServerOf(object, snapshot);
  if (opening === undefined) return [];
  const [fault, server] = reach(object, opening, snapshot);
  const other = places.find(({ namespace, name }) => namespace !== opening.namespace || name !== opening.name);
  const faults: ReferenceFault[] = fault === undefined ? [] : [fault];
  if (other !== undefined)
    faults.push({
      reason: 'AuthServerAmbiguous',
      path: other.path,
      message: `it is opened by tokens of \`${opening.namespace}/${opening.name}\`, and would exchange them at \`${other.namespace}/${other.name}\`, which does not know them; name one MCPAuthServer in both places`,
    });
  if (server === undefined) return faults;
  faults.push(...notAllowed(object, server), ...unknownUpstreams(server, neededUpstreams(object, snapshot)));
  const open = configReferences(object, snapshot).find(({ name }) => {
    const spec = snapshot.get('MCPExternalAuthConfig', object.namespace, name)?.spec;
    return spec !== undefined && fromAuthServer(spec) !== undefined && upstreamOf(spec) === undefined;
  });
  if (open !== undefined && server.spec.upstreams.length > 1)
    faults.push({
      reason: 'UpstreamAmbiguous',
      path: open.path,
      message: `\`MCPExternalAuthConfig/${open.name}\` names no \`upstream\`, and \`${server.name}\` has several: ${server.spec.upstreams.map(({ name }) => `\`${name}\``).join(', ')}`,
    });
  return faults;
}

/** The authorization server at a place, or why `object` does not come to it. */
function reach(
  object: KnownObject,
  { namespace, name, path }: AuthServerPlace,
  snapshot: Snapshot,
): [ReferenceFault | undefined, Known<'MCPAuthServer'>?] {
  const server = snapshot.get('MCPAuthServer', namespace, name);
  const isOther = namespace !== object.namespace;
  if (server === undefined)
    return isOther
      ? // In a namespace that is not one's own, what is not there and what one may not have look the same.
        [notFound(path, 'MCPAuthServer', namespace, name, [])]
      : [notFound(path, 'MCPAuthServer', namespace, name, namesBeside(snapshot, 'MCPAuthServer', object))];
  const { namespaces, names } = server.spec.tls.clientAuth;
  const isOwner = object.kind === 'MCPServer' || object.kind === 'MCPGateway';
  const isNamespaceIn = namespaces?.includes(object.namespace) ?? true;
  const isNameIn = !isOwner || (names?.includes(object.name) ?? true);
  if (isNamespaceIn && isNameIn) return [undefined, server];
  const list = isNamespaceIn ? 'names' : 'namespaces';
  return [
    {
      reason: 'RefNotPermitted',
      path,
      message: `\`MCPAuthServer/${namespace}/${name}\` does not let ${isNamespaceIn ? `\`${object.name}\`` : `the namespace \`${object.namespace}\``} in; whoever runs it can add it to \`spec.tls.clientAuth.${list}\``,
    },
  ];
}

function notAllowed(object: Owner, server: Known<'MCPAuthServer'>): readonly ReferenceFault[] {
  const { allowedResources } = server.spec;
  if (allowedResources === undefined) return [];
  const { hostname } = new URL(object.spec.resourceUrl);
  const hosts = allowedResources.find(({ namespace }) => namespace === object.namespace)?.hosts;
  if (hosts?.includes(hostname) === true) return [];
  return [
    {
      reason: 'ResourceUrlNotAllowed',
      path: 'spec.resourceUrl',
      message:
        hosts === undefined
          ? `objects of the namespace \`${object.namespace}\` claim no resources at \`${server.name}\`; whoever runs it can add the namespace to \`spec.allowedResources\``
          : `objects of the namespace \`${object.namespace}\` claim resources at ${hosts.map((host) => `\`${host}\``).join(', ')} alone, and this is at \`${hostname}\``,
    },
  ];
}

function unknownUpstreams(
  server: Known<'MCPAuthServer'>,
  needed: readonly { readonly path: string; readonly name: string }[],
): readonly ReferenceFault[] {
  const known = server.spec.upstreams.map(({ name }) => name);
  return needed
    .filter(({ name }) => !known.includes(name))
    .map(({ path, name }) => ({
      reason: 'UpstreamUnknown',
      path,
      message: `\`${server.name}\` has no upstream \`${name}\`${didYouMean(name, known)}`,
    }));
}

const namesBeside = (snapshot: Snapshot, kind: KnownObject['kind'], { namespace }: Known): readonly string[] =>
  snapshot
    .list(kind)
    .filter((one) => one.namespace === namespace)
    .map(({ name }) => name);

const notFound = (
  path: string,
  kind: string,
  namespace: string,
  name: string,
  known: readonly string[],
): ReferenceFault => ({
  reason: 'RefNotFound',
  path,
  message: `there is no ${kind} \`${name}\` in the namespace \`${namespace}\`${didYouMean(name, known)}`,
});
