import type { JsonObject, JsonValue } from '#kernel';

/**
 * The scopes of a token: `scope` as RFC 8693 §4.2 and RFC 7662 §2.2 have it, a text with spaces, and `scp`
 * as some providers write it; either may be a list. Undefined for what is neither: a claim that cannot be
 * read must not be taken for one that is not there.
 */
export function scopesOf({ scope, scp }: JsonObject): ReadonlySet<string> | undefined {
  const [first, second] = [wordsOf(scope), wordsOf(scp)];
  return first === undefined || second === undefined ? undefined : new Set([...first, ...second]);
}

function wordsOf(value: JsonValue | undefined): readonly string[] | undefined {
  if (value === undefined || value === null) return [];
  if (typeof value === 'string') return value.split(' ').filter((word) => word !== '');
  return Array.isArray(value) && value.every((one) => typeof one === 'string') ? value : undefined;
}
