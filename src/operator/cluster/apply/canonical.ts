/** JSON in which equal values are equal texts. */
import { sha256Hex } from '#kernel';

export const canonicalJson = (value: unknown): string =>
  JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).toSorted(([left], [right]) => (left < right ? -1 : 1)))
      : member,
  );

export const digestOf = (value: unknown): string => sha256Hex(canonicalJson(value) ?? '');
