import { randomInt } from 'node:crypto';
import { reveal, Secret, sha256Hex } from '#kernel';

/** Ten codes of sixteen characters from an alphabet of 32: 80 bits each, read and typed by people. */
export const RECOVERY_CODES = 10;
const LENGTH = 16;
// Crockford's alphabet: no letter that reads as a digit.
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** Ten new codes, in groups of four: `7k2m-x9qd-…`. */
export function newRecoveryCodes(): readonly Secret[] {
  return Array.from({ length: RECOVERY_CODES }, () => {
    const letters = Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
    return new Secret((letters.match(/.{4}/g) as string[]).join('-'));
  });
}

/** A code as it was typed, in the one spelling that is hashed; undefined for what cannot be one. */
export function parseRecoveryCode(text: string): Secret | undefined {
  if (text.length > 100) return undefined;
  const letters = text.toLowerCase().replaceAll(/[\s-]/g, '').replaceAll('o', '0').replaceAll(/[il]/g, '1');
  return /^[0-9a-hjkmnp-tv-z]{16}$/.test(letters)
    ? new Secret((letters.match(/.{4}/g) as string[]).join('-'))
    : undefined;
}

/**
 * The digest under which it is kept, with the person it belongs to. A plain hash is enough: nobody can
 * try 80 random bits.
 */
export const recoveryDigest = (code: Secret, userId: string): string => sha256Hex(`recovery ${userId} ${reveal(code)}`);
