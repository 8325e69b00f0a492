/** Secrets that the operator makes, as they were read and as they are to be written. */
import { reveal, Secret } from '#kernel';
import type { KubernetesObject, ObjectMetadata } from '../kubernetes-object.ts';

/** A Secret as it was read by its name. */
export interface KeptSecret {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** The object that it belongs to; undefined for one that nobody's controller made. */
  readonly controllerUid: string | undefined;
  readonly data: Readonly<Record<string, Secret>>;
}

/**
 * What must still be so when it is written. Whoever finds it otherwise reads again and decides anew: nobody overwrites a
 * key that was not seen (OPR-007).
 */
export type Precondition =
  | { readonly kind: 'absent' }
  | { readonly kind: 'unchanged'; readonly uid: string; readonly resourceVersion: string };

export interface SecretWrite {
  readonly name: string;
  readonly namespace: string;
  readonly type: 'Opaque' | 'kubernetes.io/tls';
  /** All of it: what is not among it is gone afterwards. */
  readonly data: Readonly<Record<string, Secret>>;
  readonly precondition: Precondition;
}

/** Throws for what lacks what the API server always writes. */
export function keptSecret(object: KubernetesObject): KeptSecret {
  const { name, namespace, uid, resourceVersion, ownerReferences = [] } = object.metadata;
  if (namespace === undefined || uid === undefined || resourceVersion === undefined)
    throw new Error(`the Secret \`${name}\` was not read from an API server`);
  const data = (object['data'] ?? {}) as Readonly<Record<string, string>>;
  return {
    ...{ name, namespace, uid, resourceVersion },
    controllerUid: ownerReferences.find(({ controller }) => controller === true)?.uid,
    data: Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, new Secret(Buffer.from(value, 'base64').toString('utf8'))]),
    ),
  };
}

export const preconditionOf = (kept: KeptSecret | undefined): Precondition =>
  kept === undefined ? { kind: 'absent' } : { kind: 'unchanged', uid: kept.uid, resourceVersion: kept.resourceVersion };

/** The object for the API server: from here on its keys can be read. */
export function secretObject(
  { name, namespace, type, data, precondition }: SecretWrite,
  more: Pick<ObjectMetadata, 'labels' | 'annotations' | 'ownerReferences'>,
): KubernetesObject {
  const { uid, resourceVersion } = precondition.kind === 'unchanged' ? precondition : {};
  return {
    ...{ apiVersion: 'v1', kind: 'Secret', type },
    metadata: {
      ...{ name, namespace, ...more },
      ...(uid !== undefined && { uid }),
      ...(resourceVersion !== undefined && { resourceVersion }),
    },
    data: Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, Buffer.from(reveal(value)).toString('base64')]),
    ),
  };
}

/** What of the API server is needed. Both say `stale` for 409, and `replace` for 404; for all else they throw. */
export interface SecretWriter {
  /** POST: never replaces anything. */
  create(object: KubernetesObject): Promise<'written' | 'stale'>;
  /** PUT, with the `uid` and `resourceVersion` in the object's metadata as preconditions. */
  replace(object: KubernetesObject): Promise<'written' | 'stale'>;
}

/** Writes on its precondition. After `stale` the Secret is read again, and it is decided anew. */
export const writeSecret = (
  writer: SecretWriter,
  write: SecretWrite,
  more: Pick<ObjectMetadata, 'labels' | 'annotations' | 'ownerReferences'>,
): Promise<'written' | 'stale'> =>
  write.precondition.kind === 'absent'
    ? writer.create(secretObject(write, more))
    : writer.replace(secretObject(write, more));
