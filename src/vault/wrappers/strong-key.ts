import { reveal, sha256Hex, type Secret } from '#kernel';
import { vaultError } from '../errors.ts';
import { DATA_KEY_BYTES } from './key-wrapper.ts';

/** Of 32 random bytes, about 30 differ; fewer than 16 never happens to chance (below 2^-60). */
const FEWEST_DISTINCT_BYTES = 16;

/** Words whose SHA-256 people take for a key. The digest of a guessable word is as guessable. */
const WORDS = [
  '',
  'admin',
  'changeme',
  'chatelaine',
  'default',
  'key',
  'master',
  'password',
  'secret',
  'test',
  'vault',
];

/**
 * The 32 bytes that a text of base64 or base64url stands for. `where` names the place in the message.
 *
 * Throws `KEY_WEAK` for another length, for a second spelling of the same bytes, and for bytes that
 * no generator made: repeated ones, sequences, a passphrase, a digest of a common word. A wrapping
 * key that can be guessed makes the database readable to whoever has a backup of it.
 */
export function parseStrongKey(text: Secret, where: string): Buffer {
  const written = reveal(text).trim();
  const bytes = Buffer.from(written, 'base64');
  const spellings = [
    bytes.toString('base64'),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
  ];
  if (!spellings.includes(written) || bytes.length !== DATA_KEY_BYTES) {
    throw vaultError('KEY_WEAK', `${where} is not the base64 of 32 bytes`);
  }
  const weakness = weaknessOf(bytes);
  if (weakness !== undefined) {
    bytes.fill(0);
    throw vaultError('KEY_WEAK', `${where} is no random key: ${weakness}`);
  }
  return bytes;
}

/** Why nobody generated these bytes; undefined for random ones. */
function weaknessOf(bytes: Buffer): string | undefined {
  const half = bytes.length / 2;
  if (new Set(bytes).size === 1) return 'one byte, repeated';
  if (bytes.subarray(0, half).equals(bytes.subarray(half))) return 'its halves are the same';
  const steps = new Set(bytes.subarray(1).map((byte, index) => byte - (bytes[index] as number)));
  if (steps.size === 1) return 'a sequence';
  if (bytes.every((byte) => byte >= 0x20 && byte < 0x7f)) return 'it is text';
  if (new Set(bytes).size < FEWEST_DISTINCT_BYTES) return 'too few different bytes';
  const hex = bytes.toString('hex');
  if (WORDS.some((word) => sha256Hex(word) === hex)) return 'the digest of a common word';
  return undefined;
}
