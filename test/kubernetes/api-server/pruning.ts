/** Fields a schema does not know are dropped and named; defaults are filled in. */
import { clone, isObject, type Json, type JsonObject } from './json.ts';
import { fieldSchema, itemSchema, type Schema } from './schema.ts';

/** Drops in place, and returns the paths of what was dropped. */
export function prune(value: Json, schema: Schema, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((item, at) => prune(item, itemSchema(schema), `${path}[${at}]`));
  if (!isObject(value)) return [];
  return Object.keys(value)
    .toSorted()
    .flatMap((name) => {
      const place = path === '' ? name : `${path}.${name}`;
      const below = fieldSchema(schema, name);
      if (below !== undefined) return prune(value[name] ?? null, below, place);
      if (schema['x-kubernetes-embedded-resource'] === true && ['apiVersion', 'kind', 'metadata'].includes(name))
        return [];
      delete value[name];
      return [place];
    });
}

/** Fills in place. `null` where null is not allowed counts as absent if there is a default. */
export function fillDefaults(value: Json, schema: Schema): void {
  if (Array.isArray(value)) {
    for (const item of value) fillDefaults(item, itemSchema(schema));
    return;
  }
  if (!isObject(value)) return;
  for (const [name, below] of Object.entries(schema.properties ?? {})) {
    const there = value[name];
    const missing = there === undefined || (there === null && below.nullable !== true);
    if (missing && below.default !== undefined) value[name] = clone(below.default);
  }
  for (const [name, one] of Object.entries(value)) {
    const below = fieldSchema(schema, name);
    if (below !== undefined && one !== undefined) fillDefaults(one, below);
  }
}

/** What an empty object of a built-in type already holds: its structs that are not pointers. */
export function zero({ properties = {} }: Schema): JsonObject {
  return Object.fromEntries(
    Object.entries(properties)
      .filter(([, below]) => below.always === true && below.properties !== undefined)
      .map(([name, below]) => [name, zero(below)]),
  );
}

/** Go leaves out what is null or empty when it writes a built-in type. */
export function dropEmpty(value: Json, schema: Schema): void {
  if (Array.isArray(value)) {
    for (const item of value) dropEmpty(item, itemSchema(schema));
    return;
  }
  if (!isObject(value)) return;
  for (const [name, one] of Object.entries(value)) {
    const below = fieldSchema(schema, name);
    if (below === undefined || one === undefined) continue;
    dropEmpty(one, below);
    const bare = one === null || (Array.isArray(one) && one.length === 0);
    const emptyMap = isObject(one) && Object.keys(one).length === 0 && isObject(below.additionalProperties);
    if (bare || emptyMap) delete value[name];
  }
}
