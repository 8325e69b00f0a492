/** What is written by merge patch, over the version that was seen and no other: finalizers and status. */
import { isRecord } from '#kernel';
import type { KubernetesObject } from '../../kubernetes-object.ts';
import { hasCode, type ApiConnection } from '../connection/index.ts';
import type { Resource } from '../resource.ts';
import { FIELD_MANAGER } from './field-manager.ts';
import { mergePatch } from './merge-patch.ts';

type Merger = Pick<ApiConnection, 'merge'>;

/** What must be as it was seen for a patch to count. */
const seen = ({ metadata }: KubernetesObject): { readonly uid?: string; readonly resourceVersion?: string } => {
  const { uid, resourceVersion } = metadata;
  return { ...(uid === undefined ? {} : { uid }), ...(resourceVersion === undefined ? {} : { resourceVersion }) };
};

/** Gives the object with it. Throws `CLUSTER_CONFLICT` where the object has changed since. */
export async function addFinalizer(
  connection: Merger,
  resource: Resource,
  object: KubernetesObject,
  finalizer: string,
  signal?: AbortSignal,
): Promise<KubernetesObject> {
  const finalizers = object.metadata.finalizers ?? [];
  if (finalizers.includes(finalizer)) return object;
  const patch = { metadata: { ...seen(object), finalizers: [...finalizers, finalizer] } };
  return connection.merge(resource, object.metadata, patch, { fieldManager: FIELD_MANAGER, signal });
}

/** Gives the object without it; one that is gone already is without it too. Throws as `addFinalizer`. */
export async function removeFinalizer(
  connection: Merger,
  resource: Resource,
  object: KubernetesObject,
  finalizer: string,
  signal?: AbortSignal,
): Promise<KubernetesObject> {
  const finalizers = object.metadata.finalizers ?? [];
  if (!finalizers.includes(finalizer)) return object;
  const patch = { metadata: { ...seen(object), finalizers: finalizers.filter((one) => one !== finalizer) } };
  try {
    return await connection.merge(resource, object.metadata, patch, { fieldManager: FIELD_MANAGER, signal });
  } catch (error) {
    if (!hasCode(error, 'CLUSTER_NOT_FOUND')) throw error;
    return { ...object, metadata: { ...object.metadata, finalizers: patch.metadata.finalizers } };
  }
}

/**
 * The `status` of an object, as a whole: what it does not say is taken off. Writes nothing where it is so already.
 * Throws `CLUSTER_CONFLICT` where the object has changed since it was seen.
 */
export async function writeStatus(
  connection: Merger,
  resource: Resource,
  object: KubernetesObject,
  status: Readonly<Record<string, unknown>>,
  signal?: AbortSignal,
): Promise<KubernetesObject> {
  const before = isRecord(object['status']) ? object['status'] : {};
  // As it is sent: what is undefined is not there.
  const after = JSON.parse(JSON.stringify(status)) as Record<string, unknown>;
  const change = mergePatch(before, after);
  if (change === undefined) return object;
  const call = { fieldManager: FIELD_MANAGER, subresource: 'status', signal };
  return connection.merge(resource, object.metadata, { metadata: seen(object), status: change }, call);
}
