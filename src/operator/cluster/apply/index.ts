/**
 * operator/cluster/apply: from planned objects to those in the cluster.
 *
 * `applier` applies (server-side, under the one `field-manager`) what `drift` says has to be, and prunes. `drift` holds
 * what is desired against what stands in our fields (`owned-fields`); `ownership` says whose an object is, and refuses
 * to take over any. `merges` writes finalizers and status, each over the version that was seen.
 */
export {
  Applier,
  surplus,
  type ApplierOptions,
  type ApplyOptions,
  type ApplyResult,
  type ObservedObject,
} from './applier.ts';
export { canonicalJson, digestOf } from './canonical.ts';
export { FIELD_MANAGER, MANAGED_BY, MANAGED_BY_LABEL } from './field-manager.ts';
export { addFinalizer, removeFinalizer, writeStatus } from './merges.ts';
export { ownFields } from './owned-fields.ts';
export { isOurs, ownerOf, type Owner } from './ownership.ts';
