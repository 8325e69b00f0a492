/** Whose an object is. Pure. */
import type { KubernetesObject, OwnerReference } from '../../kubernetes-object.ts';
import { clusterError } from '../errors.ts';
import { identityOf } from '../resource.ts';
import { MANAGED_BY } from './field-manager.ts';
import { ownFields } from './owned-fields.ts';

/** A reference to an object that was read, as the one that controls another. */
export function ownerOf({
  apiVersion,
  kind,
  metadata,
}: KubernetesObject): OwnerReference & { readonly namespace?: string } {
  const { name, namespace, uid } = metadata;
  if (uid === undefined) throw new Error(`\`${kind}/${name}\` was not read from an API server`);
  const owner = { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
  return namespace === undefined ? owner : { ...owner, namespace };
}

export type Owner = ReturnType<typeof ownerOf>;

/**
 * The object with its owner and our label on it. An owner in another namespace would be none to the garbage
 * collector, which deletes what has only such: it throws `CLUSTER_OWNER_ELSEWHERE`.
 */
export function asOwned(object: KubernetesObject, owner: Owner | undefined): KubernetesObject {
  const { metadata } = object;
  const labels = { ...metadata.labels, ...MANAGED_BY };
  if (owner === undefined) return { ...object, metadata: { ...metadata, labels } };
  const { namespace, ...reference } = owner;
  if (namespace !== undefined && namespace !== metadata.namespace)
    throw clusterError(
      'CLUSTER_OWNER_ELSEWHERE',
      `\`${identityOf(object)}\` cannot be owned by ${owner.kind} \`${owner.name}\` in \`${namespace}\``,
    );
  return { ...object, metadata: { ...metadata, labels, ownerReferences: [reference] } };
}

/** Whether a live object was made for this owner, or by us for nobody. */
export function isOurs(live: KubernetesObject, owner: Pick<OwnerReference, 'uid'> | undefined): boolean {
  const references = live.metadata.ownerReferences ?? [];
  if (owner !== undefined && references.some(({ uid }) => uid === owner.uid)) return true;
  return !references.some(({ controller }) => controller === true) && ownFields(live) !== undefined;
}

/** Throws `CLUSTER_OBJECT_TAKEN` for what is somebody else's: it is never taken over. */
export function checkOurs(live: KubernetesObject, owner: Owner | undefined): void {
  if (isOurs(live, owner)) return;
  const controller = (live.metadata.ownerReferences ?? []).find((one) => one.controller === true);
  const whose =
    controller === undefined ? 'was not made by us' : `belongs to ${controller.kind} \`${controller.name}\``;
  throw clusterError('CLUSTER_OBJECT_TAKEN', `\`${identityOf(live)}\` is there and ${whose}`, {
    details: { object: identityOf(live) },
  });
}
