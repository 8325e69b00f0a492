/** Where objects of a kind are in the API, and which of them is meant. */
import type { KindOf, KubernetesObject } from '../kubernetes-object.ts';

/** A kind with the name that it has in paths. */
export interface Resource extends KindOf {
  readonly plural: string;
  readonly namespaced: boolean;
}

export interface ObjectName {
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** Which objects of a kind: of all namespaces where none is given. */
export interface Scope {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

const encoded = (...parts: readonly string[]): string => parts.map((part) => `/${encodeURIComponent(part)}`).join('');

/** The path of all objects of a kind, in a namespace where one is given. */
export function collectionPath({ apiVersion, plural, namespaced }: Resource, namespace: string | undefined): string {
  const root = apiVersion.includes('/') ? '/apis' : '/api';
  const within = namespaced && namespace !== undefined ? encoded('namespaces', namespace) : '';
  return `${root}${encoded(...apiVersion.split('/'))}${within}${encoded(plural)}`;
}

export const objectPath = (resource: Resource, { namespace, name }: ObjectName, subresource?: string): string =>
  `${collectionPath(resource, namespace)}${encoded(name)}${subresource === undefined ? '' : encoded(subresource)}`;

/** `plural.group`, as `kubectl` and messages of the API server have it. */
export function resourceTitle({ apiVersion, plural }: Resource): string {
  const [group] = apiVersion.split('/');
  return apiVersion.includes('/') ? `${plural}.${group}` : plural;
}

/** `namespace/name`, or the name alone of what has no namespace: how an object is called in queues and stores. */
export const keyOf = ({ namespace, name }: ObjectName): string => (namespace ? `${namespace}/${name}` : name);

/** The name in a key that `keyOf` made. */
export function nameOfKey(key: string): ObjectName {
  const [first = '', second] = key.split('/');
  return second === undefined ? { name: first } : { namespace: first, name: second };
}

/** An object among all of a cluster, while it has that uid or not. */
export const identityOf = ({
  apiVersion,
  kind,
  metadata,
}: Pick<KubernetesObject, 'apiVersion' | 'kind' | 'metadata'>): string => `${apiVersion} ${kind} ${keyOf(metadata)}`;
