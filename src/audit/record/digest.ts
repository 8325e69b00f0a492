import { hash } from 'node:crypto';
import { canonicalJson } from './canonical-json.ts';

/**
 * Digests of values that must not be read in the log and yet be found there: equal values give equal
 * digests, and without the installation's key nobody can try out guesses (an argument is often one
 * of few: a name, an account, `true`).
 *
 * HMAC (RFC 2104) spelled out as its two hashes: every call has a digest, and `createHmac` makes an
 * object that the garbage collector has to take down again, which costs several times the hashing.
 */
export class KeyedDigest {
  readonly #prefix: string;
  /** What is hashed: the key's inner pad, then the text. Grows to the longest text, and is used again. */
  #inner: Buffer;
  /** The key's outer pad, then the inner hash. */
  readonly #outer: Buffer;
  /** Tells keys apart; in every digest. */
  readonly id: string;

  /** `key`: 32 random bytes. Its id, in every digest, tells digests under different keys apart. */
  constructor(key: Uint8Array) {
    const keyId = hash('sha256', Buffer.concat([Buffer.from('chatelaine audit digest key id\0'), key]), 'hex');
    this.#inner = Buffer.concat([pad(key, 0x36), Buffer.alloc(1024)]);
    this.#outer = Buffer.concat([pad(key, 0x5c), Buffer.alloc(HASH_BYTES)]);
    this.id = keyId.slice(0, 8);
    this.#prefix = `hs256:${this.id}:`;
  }

  /**
   * HMAC-SHA-256 over the canonical text of a JSON value: the order of members does not matter,
   * types do (`1` is not `"1"`). Throws a `TypeError` for what is not JSON.
   */
  of(value: unknown): string {
    const text = canonicalJson(value, { loneSurrogates: 'escape' });
    // Three bytes is the most that a UTF-16 unit takes in UTF-8.
    const most = BLOCK_BYTES + text.length * 3;
    if (most > LONGEST_KEPT)
      return this.#finish(Buffer.concat([this.#inner.subarray(0, BLOCK_BYTES), Buffer.from(text)]));
    if (most > this.#inner.length) this.#inner = Buffer.concat([this.#inner, Buffer.alloc(most)]);
    const length = this.#inner.write(text, BLOCK_BYTES, 'utf8');
    return this.#finish(this.#inner.subarray(0, BLOCK_BYTES + length));
  }

  #finish(keyed: Buffer): string {
    this.#outer.write(hash('sha256', keyed, 'hex'), BLOCK_BYTES, 'hex');
    return this.#prefix + hash('sha256', this.#outer, 'base64url');
  }
}

/** SHA-256's block and its result, in bytes (FIPS 180-4). */
const BLOCK_BYTES = 64;
const HASH_BYTES = 32;
const LONGEST_KEPT = 64 * 1024;

/** A key no longer than a block, filled up with zeros and mixed with a byte (RFC 2104, section 2). */
function pad(key: Uint8Array, byte: number): Buffer {
  if (key.length > BLOCK_BYTES) throw new RangeError(`a key of ${key.length} bytes is longer than a block`);
  const padded = Buffer.alloc(BLOCK_BYTES, byte);
  for (const [at, bits] of key.entries()) padded[at] = bits ^ byte;
  return padded;
}
