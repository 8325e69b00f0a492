import { formatSecretReference, type SecretReference } from '#contract';
import { isRecord, Secret, type JsonValue } from '#kernel';

/**
 * Parsed fields as plain JSON, for digests and for people: of a secret there is only that it is one, since a
 * digest over a password would let anybody try passwords against it; a reference is its text.
 */
export function plainFields(value: unknown): JsonValue {
  if (value instanceof Secret) return '[secret]';
  if (Array.isArray(value)) return value.map(plainFields);
  if (isReference(value)) return formatSecretReference(value);
  if (isRecord(value)) {
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, member]) => (member === undefined ? [] : [[key, plainFields(member)]])),
    );
  }
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

const isReference = (value: unknown): value is SecretReference =>
  isRecord(value) &&
  typeof value['namespace'] === 'string' &&
  typeof value['name'] === 'string' &&
  Object.keys(value).every((key) => key === 'namespace' || key === 'name' || key === 'version');
