/** Objects of our kinds, as small as the schemas let them be. */
import { CUSTOM_RESOURCES, type CustomResourceKind } from '#contract/kubernetes';
import type { KnownObject } from '../index.ts';

type Spec = Readonly<Record<string, unknown>>;

const upstream = (name: string) => ({
  ...{ name, type: 'oidc', issuer: `https://${name}.example`, clientId: 'chatelaine' },
  clientSecretRef: { name, key: 'secret' },
});

export const SPECS = {
  MCPAuthServer: (more: Spec = {}): Spec => ({
    issuer: 'https://login.example.com',
    upstreams: [upstream('acme')],
    tls: { clientAuth: { trustDomain: 'td.test' } },
    storage: { type: 'sqlite' },
    ...more,
  }),
  MCPServer: (more: Spec = {}): Spec => ({
    ...{ image: 'ghcr.io/acme/github:1', resourceUrl: 'https://tools.example.com/github' },
    authServerRef: { name: 'login', namespace: 'auth' },
    ...more,
  }),
  MCPExternalAuthConfig: (more: Spec = {}): Spec => ({
    ...{ type: 'authServer', authServerRef: { name: 'login', namespace: 'auth' }, upstream: 'acme' },
    ...more,
  }),
  MCPGroup: (more: Spec = {}): Spec => more,
  MCPGateway: (more: Spec = {}): Spec => ({
    ...{ resourceUrl: 'https://tools.example.com/all', groupRef: { name: 'all' } },
    authServerRef: { name: 'login', namespace: 'auth' },
    ...more,
  }),
} as const satisfies Record<CustomResourceKind, (more?: Spec) => Spec>;

export const upstreams = (...names: readonly string[]) => ({ upstreams: names.map(upstream) });

/** An object as the API server has it. */
export const written = (kind: CustomResourceKind, place: string, more: Spec = {}, metadata: Spec = {}) => {
  const [namespace = '', name = ''] = place.split('/');
  return {
    ...{ apiVersion: 'chatelaine.dev/v1alpha1', kind },
    metadata: { ...{ name, namespace, uid: `uid-${place}`, creationTimestamp: '2026-12-01T10:00:00Z' }, ...metadata },
    // As JSON has it: what is undefined here is left out.
    spec: JSON.parse(JSON.stringify(SPECS[kind](more))) as Spec,
  };
};

/** The same, parsed: for a snapshot. `age` is the minute in which it was made. */
export function known(kind: CustomResourceKind, place: string, more: Spec = {}, age = 0): KnownObject {
  const { metadata, spec } = written(kind, place, more);
  return {
    ...{ kind, namespace: metadata.namespace, name: metadata.name, uid: metadata.uid, isGoing: false },
    creationTimestamp: `2026-12-01T10:${String(age).padStart(2, '0')}:00Z`,
    spec: CUSTOM_RESOURCES[kind].spec.parse(spec),
  } as KnownObject;
}
