/** Applies the children of an object, and takes away those that it does not stand for any more. */
import { hasCode, ownerOf } from '../cluster/index.ts';
import type { KubernetesObject } from '../kubernetes-object.ts';
import type { Plan, PlanResult } from '../plan/index.ts';
import { isNot, isSo, type Finding } from './conditions.ts';
import type { ControllerParts } from './controller.ts';
import { controllerError } from './errors.ts';
import { unpinnedImages } from './images.ts';
import { OPTIONAL_RESOURCES } from './kinds.ts';
import type { World } from './world.ts';

/**
 * In their order. One that is refused holds up none of the others; the first refusal is thrown after them, and nothing
 * is taken away then: what is not there yet may have to take the place of it.
 */
export async function deploy(
  live: KubernetesObject,
  objects: readonly KubernetesObject[],
  { world, applier }: Pick<ControllerParts, 'world' | 'applier'>,
  signal: AbortSignal,
  { isAll = true }: { readonly isAll?: boolean } = {},
): Promise<void> {
  const owner = ownerOf(live);
  const failures: unknown[] = [];
  for (const object of objects) {
    signal.throwIfAborted();
    if (isMissing(object, world)) {
      failures.push(missing(object));
      continue;
    }
    const observed = world.isWatched(object)
      ? (wanted: KubernetesObject) => world.get(wanted, wanted.metadata)
      : undefined;
    try {
      await applier.apply(object, { owner, observed, signal });
    } catch (error) {
      // Whatever is the matter with the API server is the matter with the next object as well.
      if (
        !hasCode(
          error,
          'CLUSTER_OBJECT_TAKEN',
          'CLUSTER_INVALID',
          'CLUSTER_FORBIDDEN',
          'CLUSTER_CONFLICT',
          'CLUSTER_NOT_FOUND',
        )
      )
        throw error;
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  if (!isAll) return;
  const candidates = world.childrenOf(owner.uid).filter(({ kind }) => !NEVER_PRUNED.has(kind));
  await applier.prune(candidates, { owner, desired: objects, signal });
}

/** An object has the same ones for as long as it is there; the operator has no right to delete any. */
const NEVER_PRUNED: ReadonlySet<string> = new Set(['ConfigMap', 'PersistentVolumeClaim']);

/** Kinds that come with something else are watched once they are there. */
const isMissing = (object: KubernetesObject, world: World): boolean =>
  OPTIONAL_RESOURCES.some(({ apiVersion, kind }) => apiVersion === object.apiVersion && kind === object.kind) &&
  !world.isWatched(object);

const missing = ({ apiVersion, kind }: KubernetesObject): Error =>
  controllerError(
    'API_MISSING',
    `this cluster has no \`${kind}\` of \`${apiVersion}\`: install what brings it, or leave out what asks for it`,
  );

export const printFaults = (faults: readonly { readonly path: string; readonly message: string }[]): string =>
  faults.map(({ path, message }) => `${path}: ${message}`).join('; ');

/** What a plan says of the object, and what of it is made: nothing where it is not possible, or not allowed here. */
export function judged(
  plan: PlanResult,
  { operator, requireDigests }: Pick<ControllerParts, 'operator' | 'requireDigests'>,
): { readonly valid: Finding; readonly made: Plan | undefined } {
  if (!plan.ok) return { valid: isNot('Valid', 'NotPossible', printFaults(plan.error)), made: undefined };
  const unpinned = requireDigests ? unpinnedImages(plan.value.objects, operator.image) : [];
  if (unpinned.length === 0) return { valid: isSo('Valid', 'Understood', 'it can be what it says'), made: plan.value };
  const message = `this operator was told to require digests (\`…@sha256:…\`): ${unpinned.join(', ')}`;
  return { valid: isNot('Valid', 'ImageNotPinned', message), made: undefined };
}
