import { sha256Hex, type JsonValue } from '#kernel';

/** A digest of what is said, whatever the order of its members. */
export const digestOf = (value: unknown): string =>
  sha256Hex(JSON.stringify(sorted(JSON.parse(JSON.stringify(value)) as JsonValue))).slice(0, 32);

function sorted(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, member]) => [name, sorted(member)]),
  );
}
