/** Objects of our kinds, parsed. The API server has looked at them already; it may be of another version than we are. */
import type { z } from 'zod';
import { err, ok, type Result } from '#kernel';
import { CUSTOM_RESOURCES, type CustomResourceKind } from '#contract/kubernetes';
import type { KubernetesObject } from '../kubernetes-object.ts';
import type { KnownObject } from '../references/index.ts';

export interface SpecFault {
  readonly path: string;
  readonly message: string;
}

const parsed = new WeakMap<KubernetesObject, Result<KnownObject, readonly SpecFault[]>>();

/** What an object says, or why it cannot be read. Objects of the caches do not change, so each is read once. */
export function knownObject(
  kind: CustomResourceKind,
  object: KubernetesObject,
): Result<KnownObject, readonly SpecFault[]> {
  const before = parsed.get(object);
  if (before !== undefined) return before;
  const now = read(kind, object);
  parsed.set(object, now);
  return now;
}

function read(kind: CustomResourceKind, object: KubernetesObject): Result<KnownObject, readonly SpecFault[]> {
  const { name, namespace = '', uid = '', creationTimestamp = '', deletionTimestamp } = object.metadata;
  const schema: z.ZodType = CUSTOM_RESOURCES[kind].spec;
  const spec = schema.safeParse(object['spec']);
  if (!spec.success)
    return err(spec.error.issues.map(({ path, message }) => ({ path: pathOf(['spec', ...path]), message })));
  const isGoing = deletionTimestamp !== undefined;
  return ok({ kind, name, namespace, uid, creationTimestamp, isGoing, spec: spec.data } as KnownObject);
}

const pathOf = (path: readonly PropertyKey[]): string =>
  path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : `${text}${text && '.'}${String(step)}`),
    '',
  );
