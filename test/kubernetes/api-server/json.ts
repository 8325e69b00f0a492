/** JSON as the API carries it, and the shapes every object shares. */
import { isDeepStrictEqual } from 'node:util';

export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json | undefined;
}

export interface ManagedFieldsEntry extends JsonObject {
  manager: string;
  operation: string;
  apiVersion: string;
  time: string;
  fieldsType: string;
  fieldsV1: JsonObject;
  subresource?: string;
}

export interface ObjectMeta extends JsonObject {
  name?: string;
  generateName?: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  managedFields?: ManagedFieldsEntry[];
}

export interface ApiObject extends JsonObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const clone = <T>(value: T): T => structuredClone(value);

export const equal = (left: unknown, right: unknown): boolean => isDeepStrictEqual(left, right);

/** The object under a key, or an empty one to read from. */
export const child = (parent: Json | undefined, key: string): JsonObject => {
  const value = isObject(parent) ? parent[key] : undefined;
  return isObject(value) ? value : {};
};

export const listAt = (parent: Json | undefined, key: string): Json[] => {
  const value = isObject(parent) ? parent[key] : undefined;
  return Array.isArray(value) ? value : [];
};

export const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '');

/** A value in a text: strings as they are, all else as JSON. */
export const plain = (value: Json | undefined): string =>
  value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);

export function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  const keys = Object.keys(value).toSorted();
  return Object.fromEntries(keys.map((key) => [key, sorted(value[key] ?? null)]));
}

/** JSON as Go writes it: these three characters are always escaped. */
export const goJson = (value: Json): string =>
  JSON.stringify(value).replace(/[<>&]/g, (char) => `\\u00${char.charCodeAt(0).toString(16)}`);

/** The type of a value in the words of Go's JSON decoder. */
export function goKind(value: Json): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}
