import { hash, randomBytes, randomFillSync, timingSafeEqual } from 'node:crypto';

// Crockford's alphabet in lower case: no letter that reads as a digit, safe in URLs and file names.
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

function base32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let buffer = 0;
  for (const byte of bytes) {
    buffer = (buffer << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET[(buffer >>> bits) & 31];
    }
    buffer &= (1 << bits) - 1;
  }
  return bits > 0 ? text + ALPHABET[(buffer << (5 - bits)) & 31] : text;
}

const ID_BYTES = 16;
const TIME_BYTES = 6;
const RANDOM_BYTES = ID_BYTES - TIME_BYTES;

// Drawn for many ids at once: every request has one, and asking the system for ten bytes costs as much
// as asking for thousands. What lies here turns into ids, which are no secrets.
const drawn = Buffer.allocUnsafeSlow(RANDOM_BYTES * 400);
let used = drawn.length;

/**
 * A new identifier: 48 bits of time, then 80 random bits, so that ids of one kind sort by age and
 * cannot be guessed. 26 characters.
 */
export function newId(now: number): string {
  if (used === drawn.length) {
    randomFillSync(drawn);
    used = 0;
  }
  const bytes = Buffer.allocUnsafe(ID_BYTES);
  bytes.writeUIntBE(now, 0, TIME_BYTES);
  drawn.copy(bytes, TIME_BYTES, used, (used += RANDOM_BYTES));
  return base32(bytes);
}

/** `bytes` random bytes (256 bits by default) as URL-safe text, for keys, session ids and states. */
export const randomToken = (bytes = 32): string => randomBytes(bytes).toString('base64url');

export const sha256 = (data: string | Uint8Array): Buffer => hash('sha256', data, 'buffer');
export const sha256Hex = (data: string | Uint8Array): string => hash('sha256', data, 'hex');

/** Equality in time that depends on the lengths alone. */
export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}
