import { reveal, Secret } from '#kernel';

/**
 * What of a header or parameter is secret by itself: the value, what stands behind its scheme, and the password of a
 * `Basic` one. An answer that repeats any of them is not passed on.
 */
export function secretParts(value: Secret): readonly Secret[] {
  const text = reveal(value);
  const [, scheme, rest] = /^(\w+) +(\S+)$/.exec(text) ?? [];
  const parts = rest === undefined ? [text] : [text, rest];
  if (scheme?.toLowerCase() === 'basic' && rest !== undefined) {
    const pair = Buffer.from(rest, 'base64').toString();
    parts.push(pair, pair.slice(pair.indexOf(':') + 1));
  }
  return parts.map((part) => new Secret(part));
}
