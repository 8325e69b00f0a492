/** A patched object as a refusal quotes it. */
import { child, type JsonObject, sorted } from './json.ts';

export const shownPatched = (object: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.keys(object)
      .toSorted()
      .map((key) => [key, key === 'metadata' ? goMetadata(child(object, key)) : sorted(object[key] ?? null)]),
  );

/** Metadata in the order of its Go struct, which built-in types keep. */
function goMetadata(metadata: JsonObject): JsonObject {
  const order = ['name', 'generateName', 'namespace', 'uid', 'resourceVersion', 'generation', 'creationTimestamp'];
  const known = order.filter((key) => metadata[key] !== undefined);
  const rest = Object.keys(metadata).filter((key) => !order.includes(key) && key !== 'managedFields');
  return Object.fromEntries([...known, ...rest, 'managedFields'].map((key) => [key, metadata[key]]));
}
