/** Whether an object has to be applied: what is desired against what was last observed. Pure. */
import type { KubernetesObject } from '../../kubernetes-object.ts';
import { isOlder } from '../cache/version.ts';
import { canonicalJson, digestOf } from './canonical.ts';
import { isCovered, ownFields, valuesOf } from './owned-fields.ts';

/** What an apply came to: which values stood in our fields afterwards. */
export interface Applied {
  readonly uid: string | undefined;
  readonly desired: string;
  readonly values: string;
  readonly resourceVersion: string | undefined;
}

/** What nobody owns: it is the object's name. */
function ownable({ apiVersion: _version, kind: _kind, metadata, ...rest }: KubernetesObject): unknown {
  const { name: _name, namespace: _namespace, ...owned } = metadata;
  // As it is sent: what is undefined is not there.
  return JSON.parse(
    JSON.stringify({ ...rest, ...(Object.keys(owned).length === 0 ? {} : { metadata: owned }) }),
  ) as unknown;
}

export function appliedOf(desired: KubernetesObject, live: KubernetesObject): Applied {
  const { uid, resourceVersion } = live.metadata;
  return { uid, desired: digestOf(desired), values: digestOf(valuesOf(live, ownFields(live) ?? {})), resourceVersion };
}

/**
 * `last` is what the last apply of this process came to. It is asked first: the API server writes some values in its
 * own way (`1000m` of CPU is `1`), and a cache may not have seen yet what was applied just now.
 */
export function needsApply(desired: KubernetesObject, live: KubernetesObject, last: Applied | undefined): boolean {
  const fields = ownFields(live);
  if (last !== undefined && last.uid === live.metadata.uid && last.desired === digestOf(desired)) {
    if (isOlder(live.metadata.resourceVersion, last.resourceVersion)) return false;
    if (fields !== undefined && digestOf(valuesOf(live, fields)) === last.values) return false;
  }
  if (fields === undefined) return true;
  const wanted = ownable(desired);
  if (!isCovered(wanted, fields)) return true;
  return canonicalJson(valuesOf(wanted, fields)) !== canonicalJson(valuesOf(live, fields));
}
