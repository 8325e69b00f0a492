import { newId, randomToken, Secret } from '#kernel';

/** `chk_`, 26 characters of id, `_`, 256 random bits as 43 characters of base64url. */
export const KEY_LENGTH = 74;

// The last character of 43 carries four bits, so only sixteen of them end a key that we made.
const KEY = /^chk_([0-9a-hjkmnp-tv-z]{26})_([A-Za-z0-9_-]{42}[AEIMQUYcgkosw048])$/;

export interface KeyText {
  readonly id: string;
  readonly secret: string;
}

/**
 * The parts of a key, or undefined. The grammar is exact: nothing is trimmed, folded or decoded, so
 * one key has one spelling and every check after this one sees the same text.
 */
export function parseKeyText(presented: string): KeyText | undefined {
  const match = presented.length === KEY_LENGTH ? KEY.exec(presented) : null;
  return match ? { id: match[1] as string, secret: match[2] as string } : undefined;
}

/** A new key: the id sorts by age, the secret cannot be guessed. */
export function newKeyText(now: number): KeyText & { readonly whole: Secret } {
  const id = newId(now);
  const secret = randomToken(32);
  return { id, secret, whole: new Secret(`chk_${id}_${secret}`) };
}
