/** A strategic merge (Kubernetes, `patchStrategy` of PodTemplateSpec): lists whose entries have names are merged by them. */
import { isRecord } from '#kernel';

type Fields = Readonly<Record<string, unknown>>;

/** The lists that are merged, by where they stand; every other is replaced. */
const KEYS: Readonly<Record<string, string>> = {
  'spec.containers': 'name',
  'spec.initContainers': 'name',
  'spec.volumes': 'name',
  'spec.imagePullSecrets': 'name',
  'spec.hostAliases': 'ip',
  'spec.topologySpreadConstraints': 'topologyKey',
  'spec.resourceClaims': 'name',
  'spec.schedulingGates': 'name',
  env: 'name',
  ports: 'containerPort',
  volumeMounts: 'mountPath',
  volumeDevices: 'devicePath',
};

const keyOf = (path: string): string | undefined => {
  const [, inContainer] = /^spec\.(?:containers|initContainers)\[\]\.(.+)$/.exec(path) ?? [];
  return inContainer === undefined ? KEYS[path] : path.includes('[]') ? KEYS[inContainer] : undefined;
};

/** `theirs` over `ours`; `null` takes something away. Neither is changed. */
export function strategicMerge(ours: unknown, theirs: unknown, path = ''): unknown {
  if (theirs === undefined) return ours;
  if (Array.isArray(theirs)) {
    const key = keyOf(path);
    return key === undefined || !Array.isArray(ours) ? withoutNulls(theirs) : mergedLists(ours, theirs, key, path);
  }
  if (!isRecord(theirs)) return theirs;
  const merged: Record<string, unknown> = { ...(isRecord(ours) ? ours : {}) };
  for (const [name, value] of Object.entries(theirs)) {
    if (value === null) delete merged[name];
    else
      define(
        merged,
        name,
        strategicMerge(
          Object.hasOwn(merged, name) ? merged[name] : undefined,
          value,
          path === '' ? name : `${path}.${name}`,
        ),
      );
  }
  return merged;
}

function mergedLists(ours: readonly unknown[], theirs: readonly unknown[], key: string, path: string): unknown[] {
  const merged = [...ours];
  for (const entry of theirs) {
    const name = nameOf(entry, key);
    const at = name === undefined ? -1 : merged.findIndex((one) => nameOf(one, key) === name);
    if (at === -1) merged.push(withoutNulls(entry));
    else merged[at] = strategicMerge(merged[at], entry, `${path}[]`);
  }
  return merged;
}

const nameOf = (entry: unknown, key: string): unknown => (isRecord(entry) ? (entry as Fields)[key] : undefined);

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isRecord(value)) return value;
  const kept: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) if (member !== null) define(kept, name, withoutNulls(member));
  return kept;
}

/** Also for `__proto__`, which is a name like another in JSON. */
const define = (fields: Record<string, unknown>, name: string, value: unknown): unknown =>
  Object.defineProperty(fields, name, { value, enumerable: true, configurable: true, writable: true });
