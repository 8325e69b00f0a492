/** What an MCPServer and an MCPGateway lead to: an authorization server, ways of outgoing authorization, upstreams, members. */
import type { MCPExternalAuthConfigSpec } from '#contract/kubernetes';
import type { Known, Snapshot } from './snapshot.ts';

export type Owner = Known<'MCPServer'> | Known<'MCPGateway'>;

export interface Reference {
  readonly path: string;
  readonly name: string;
}

export interface AuthServerPlace {
  readonly namespace: string;
  readonly name: string;
  /** The field that says so, of the owner or of the configuration that it names. */
  readonly path: string;
}

/** MCPServers of the group of a gateway; the group says nothing of them itself. */
export const membersOf = (gateway: Known<'MCPGateway'>, snapshot: Snapshot): readonly Known<'MCPServer'>[] =>
  snapshot
    .list('MCPServer')
    .filter(
      ({ namespace, spec }) => namespace === gateway.namespace && spec.groupRef?.name === gateway.spec.groupRef.name,
    );

/** References to MCPExternalAuthConfigs, as they are written; all are in the namespace of the owner. */
export function configReferences(owner: Owner, snapshot: Snapshot): readonly Reference[] {
  if (owner.kind === 'MCPServer') {
    const { externalAuthConfigRef: ref } = owner.spec;
    return ref === undefined ? [] : [{ path: 'spec.externalAuthConfigRef.name', name: ref.name }];
  }
  const { servers = [] } = owner.spec;
  const said = servers.flatMap(({ externalAuthConfigRef: ref }, at) =>
    ref === undefined ? [] : [{ path: `spec.servers[${at}].externalAuthConfigRef.name`, name: ref.name }],
  );
  const spoken = new Set(servers.flatMap(({ name, externalAuthConfigRef: ref }) => (ref === undefined ? [] : [name])));
  const inherited = membersOf(owner, snapshot).flatMap(({ name, spec: { externalAuthConfigRef: ref } }) =>
    ref === undefined || spoken.has(name) ? [] : [{ path: 'spec.groupRef.name', name: ref.name }],
  );
  return [...said, ...inherited];
}

/** The configurations that are there. */
export const outgoingConfigs = (owner: Owner, snapshot: Snapshot): readonly Known<'MCPExternalAuthConfig'>[] =>
  configReferences(owner, snapshot).flatMap(({ name }) => {
    const config = snapshot.get('MCPExternalAuthConfig', owner.namespace, name);
    return config === undefined ? [] : [config];
  });

export const fromAuthServer = (spec: MCPExternalAuthConfigSpec) =>
  'authServerRef' in spec ? spec.authServerRef : undefined;

/** The upstream that it names; undefined for none, and for what takes no token of an authorization server. */
export const upstreamOf = (spec: MCPExternalAuthConfigSpec): string | undefined =>
  'upstream' in spec ? spec.upstream : undefined;

/** Every authorization server that it leads to: the one whose tokens open it comes first. */
export function authServersOf(owner: Owner, snapshot: Snapshot): readonly AuthServerPlace[] {
  const { authServerRef: own } = owner.spec;
  const ofOwn = own && { namespace: own.namespace ?? owner.namespace, name: own.name, path: 'spec.authServerRef' };
  const ofConfigs = configReferences(owner, snapshot).flatMap(({ path, name }) => {
    const config = snapshot.get('MCPExternalAuthConfig', owner.namespace, name);
    const ref = config && fromAuthServer(config.spec);
    return ref === undefined ? [] : [{ namespace: ref.namespace ?? owner.namespace, name: ref.name, path }];
  });
  return [...(ofOwn === undefined ? [] : [ofOwn]), ...ofConfigs];
}

/** Where its tokens come from; undefined for one that has no MCPAuthServer, or as long as nothing says so. */
export const authServerOf = (owner: Owner, snapshot: Snapshot): AuthServerPlace | undefined =>
  authServersOf(owner, snapshot)[0];

/** Upstreams whose tokens it is to be given, by `upstreams` and by its outgoing authorization. */
export function neededUpstreams(owner: Owner, snapshot: Snapshot): readonly Reference[] {
  const said = (owner.spec.upstreams ?? []).map((name, at) => ({ path: `spec.upstreams[${at}]`, name }));
  const ofConfigs = configReferences(owner, snapshot).flatMap(({ path, name }) => {
    const spec = snapshot.get('MCPExternalAuthConfig', owner.namespace, name)?.spec;
    if (spec === undefined || fromAuthServer(spec) === undefined) return [];
    const upstream = upstreamOf(spec);
    return upstream === undefined ? [] : [{ path, name: upstream }];
  });
  return [...said, ...ofConfigs];
}
