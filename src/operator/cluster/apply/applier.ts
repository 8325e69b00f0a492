/** Makes objects what they are planned to be, and writes nothing where they are. */
import { BoundedCache, isRecord } from '#kernel';
import type { KubernetesObject } from '../../kubernetes-object.ts';
import { hasCode, type ApiConnection } from '../connection/index.ts';
import { clusterError } from '../errors.ts';
import { identityOf, keyOf } from '../resource.ts';
import type { ResourceOf } from '../resources.ts';
import { appliedOf, needsApply, type Applied } from './drift.ts';
import { FIELD_MANAGER, MANAGED_BY_LABEL } from './field-manager.ts';
import { asOwned, checkOurs, isOurs, type Owner } from './ownership.ts';

export interface ApplierOptions {
  readonly connection: Pick<ApiConnection, 'apply' | 'delete' | 'find' | 'merge'>;
  readonly resourceOf: ResourceOf;
}

/**
 * The object of a name as it was last observed, from a cache; where none is kept, as of Secrets, it is asked for.
 */
export type ObservedObject = (
  wanted: KubernetesObject,
) => KubernetesObject | undefined | Promise<KubernetesObject | undefined>;

export interface ApplyOptions {
  /** `undefined` for what nobody owns. */
  readonly owner: Owner | undefined;
  /** Asked of the API server where it is not given. */
  readonly observed?: ObservedObject | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ApplyResult {
  readonly object: KubernetesObject;
  readonly outcome: 'created' | 'configured' | 'unchanged';
}

/** How many objects it is known of what their last apply came to; those beyond are applied once more. */
const REMEMBERED = 20_000;

export class Applier {
  readonly #options: ApplierOptions;
  readonly #applied = new BoundedCache<string, Applied>(REMEMBERED);

  constructor(options: ApplierOptions) {
    this.#options = options;
  }

  /**
   * One object, with its owner and our label on it. Throws `CLUSTER_OBJECT_TAKEN` where one is there that is not
   * ours, and `CLUSTER_CONFLICT` where it is being deleted or another took its name meanwhile.
   */
  async apply(object: KubernetesObject, { owner, observed, signal }: ApplyOptions): Promise<ApplyResult> {
    const { connection, resourceOf } = this.#options;
    const resource = resourceOf(object);
    const desired = asOwned(object, owner);
    const live = await (observed ?? ((wanted) => connection.find(resource, wanted.metadata, { signal })))(desired);
    const identity = identityOf(desired);
    if (live !== undefined) {
      checkOurs(live, owner);
      if (!needsApply(desired, live, this.#applied.get(identity))) return { object: live, outcome: 'unchanged' };
      if (live.metadata.deletionTimestamp !== undefined)
        throw clusterError('CLUSTER_CONFLICT', `\`${identity}\` is being deleted, and is made anew after that`);
    }
    // What nobody has seen yet is applied without force: if somebody makes it meanwhile, it stays theirs.
    const uid = live === undefined ? {} : { uid: live.metadata.uid };
    const sent = { ...desired, metadata: { ...desired.metadata, ...uid } };
    const call = { fieldManager: FIELD_MANAGER, force: live !== undefined, signal };
    const apply = () => connection.apply(resource, sent, call);
    const now = await apply().catch(async (error: unknown) => {
      const lists = live === undefined || !hasCode(error, 'CLUSTER_INVALID') ? undefined : listsOf(desired['spec']);
      if (lists === undefined) throw error;
      // An item that somebody put beside ours stays theirs, and may be what makes the whole invalid: two ports of one name.
      const { uid, resourceVersion } = (live as KubernetesObject).metadata;
      const patch = { metadata: { uid, resourceVersion }, spec: lists };
      await connection.merge(resource, desired.metadata, patch, { fieldManager: FIELD_MANAGER, signal });
      return apply();
    });
    this.#applied.set(identity, appliedOf(desired, now));
    return { object: now, outcome: live === undefined ? 'created' : 'configured' };
  }

  /**
   * Deletes what an owner has of `candidates` and does not want any more. What is not its own, or has changed since it
   * was seen, stays. Gives what was deleted.
   */
  async prune(
    candidates: readonly KubernetesObject[],
    {
      owner,
      desired,
      signal,
    }: { readonly owner: Owner; readonly desired: readonly KubernetesObject[]; readonly signal?: AbortSignal },
  ): Promise<readonly KubernetesObject[]> {
    const { connection, resourceOf } = this.#options;
    const deleted: KubernetesObject[] = [];
    for (const object of surplus(candidates, owner, desired)) {
      const { uid, resourceVersion } = object.metadata;
      try {
        await connection.delete(resourceOf(object), object.metadata, { uid, resourceVersion, signal });
        deleted.push(object);
      } catch (error) {
        if (!hasCode(error, 'CLUSTER_NOT_FOUND')) throw error;
      }
    }
    return deleted;
  }
}

/** Its lists, where they are; a merge patch replaces each as a whole. */
function listsOf(value: unknown): unknown {
  if (Array.isArray(value)) return value;
  if (!isRecord(value)) return undefined;
  const lists = Object.entries(value).flatMap(([name, member]) => {
    const below = listsOf(member);
    return below === undefined ? [] : [[name, below] as const];
  });
  return lists.length === 0 ? undefined : Object.fromEntries(lists);
}

/** What is the owner's by reference, made by us by its label, and not among what is desired. Pure. */
export function surplus(
  candidates: readonly KubernetesObject[],
  owner: Owner,
  desired: readonly KubernetesObject[],
): readonly KubernetesObject[] {
  const wanted = new Set(desired.map(nameWithoutVersion));
  return candidates.filter(
    (object) =>
      object.metadata.labels?.[MANAGED_BY_LABEL] === FIELD_MANAGER &&
      object.metadata.deletionTimestamp === undefined &&
      (object.metadata.ownerReferences ?? []).some(({ uid }) => uid === owner.uid) &&
      isOurs(object, owner) &&
      !wanted.has(nameWithoutVersion(object)),
  );
}

/** An object is the same in every version of its group. */
function nameWithoutVersion({ apiVersion, kind, metadata }: KubernetesObject): string {
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : '';
  return `${group} ${kind} ${keyOf(metadata)}`;
}
