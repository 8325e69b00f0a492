/** Why an applied object does not fit the schema, in the words of server-side apply. */
import { goKind, isObject, type Json } from './json.ts';
import { fits } from './decoding.ts';
import { fieldSchema, itemKey, itemSchema, type Schema, shapeOf, shownKey } from './schema.ts';

const expected: Readonly<Record<string, string>> = {
  string: 'string',
  integer: 'numeric (int or float)',
  number: 'numeric (int or float)',
  boolean: 'boolean',
  object: 'map',
  array: 'list',
};
const kinds: Readonly<Record<string, string>> = { array: 'list', object: 'map', bool: 'boolean' };

export function typedFaults(value: Json, schema: Schema, path = ''): string[] {
  if (value === null || schema['x-kubernetes-int-or-string'] === true) return [];
  if (schema.type !== undefined && !fits(value, schema.type)) {
    const given = goKind(value);
    return [`${path}: expected ${expected[schema.type] ?? schema.type}, got ${kinds[given] ?? given}`];
  }
  if (Array.isArray(value)) return listFaults(value, schema, path);
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, one]) => {
    const below = fieldSchema(schema, name);
    if (below === undefined) return [`${path}.${name}: field not declared in schema`];
    return one === undefined ? [] : typedFaults(one, below, `${path}.${name}`);
  });
}

function listFaults(value: Json[], schema: Schema, path: string): string[] {
  const shape = shapeOf(schema, value);
  const seen = new Set<string>();
  return value.flatMap((item, at) => {
    const key =
      shape === 'list' ? shownKey(itemKey(schema, item)) : shape === 'set' ? `[=${JSON.stringify(item)}]` : '';
    if (key !== '' && seen.has(key)) return [`${path}: duplicate entries for key ${key}`];
    seen.add(key);
    return typedFaults(item, itemSchema(schema), path + (key === '' ? `[${at}]` : key));
  });
}
