/** Structural schemas, the one language in which custom and built-in types are described. */
import { isObject, type Json, type JsonObject } from './json.ts';

export interface Schema {
  readonly type?: string;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly default?: Json;
  readonly nullable?: boolean;
  readonly enum?: readonly Json[];
  readonly pattern?: string;
  readonly allOf?: readonly Schema[];
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly exclusiveMaximum?: boolean;
  readonly multipleOf?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: string;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-embedded-resource'?: boolean;
  /** A built-in type's field that is never absent, as a Go struct that is not a pointer. */
  readonly always?: boolean;
  /** A built-in type's list that strategic merge patch merges by this key. */
  readonly mergeKey?: string;
}

const deduced: Schema = { 'x-kubernetes-preserve-unknown-fields': true };

export const keepsUnknown = (schema: Schema): boolean => schema['x-kubernetes-preserve-unknown-fields'] === true;

/** The schema of a field, `undefined` where the schema does not know it. */
export function fieldSchema(schema: Schema, name: string): Schema | undefined {
  const declared = schema.properties?.[name];
  if (declared !== undefined) return declared;
  if (isObject(schema.additionalProperties)) return schema.additionalProperties;
  if (schema.additionalProperties === true || keepsUnknown(schema)) return deduced;
  return undefined;
}

export type Shape = 'struct' | 'list' | 'set' | 'leaf';

/** How ownership looks into a value: field by field, item by item, or as one. */
export function shapeOf(schema: Schema, value: Json | undefined): Shape {
  if (schema['x-kubernetes-int-or-string'] === true || schema['x-kubernetes-map-type'] === 'atomic') return 'leaf';
  if (Array.isArray(value)) {
    const kind = schema['x-kubernetes-list-type'];
    if (kind === 'map') return 'list';
    return kind === 'set' ? 'set' : 'leaf';
  }
  return isObject(value) ? 'struct' : 'leaf';
}

/** The key of an item of a list that is a map, with what defaults give its missing keys. */
export function itemKey(schema: Schema, item: Json): JsonObject {
  const key: JsonObject = {};
  for (const name of [...(schema['x-kubernetes-list-map-keys'] ?? [])].toSorted()) {
    const value = (isObject(item) ? item[name] : undefined) ?? schema.items?.properties?.[name]?.default;
    if (value !== undefined) key[name] = value;
  }
  return key;
}

export const itemSchema = (schema: Schema): Schema => schema.items ?? deduced;

/** A key as paths in messages show it: `[name="a"]`. */
export const shownKey = (key: JsonObject): string =>
  `[${Object.entries(key)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(',')}]`;
