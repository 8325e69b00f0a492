import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';
import { canonicalJson } from './canonical-json.ts';

/**
 * Digests of values that must not be read in the log and yet be found there: equal values give equal
 * digests, and without the installation's key nobody can try out guesses (an argument is often one
 * of few: a name, an account, `true`).
 */
export class KeyedDigest {
  readonly #key: KeyObject;
  readonly #prefix: string;

  /** `key`: 32 random bytes. Its id, in every digest, tells digests under different keys apart. */
  constructor(key: Uint8Array) {
    this.#key = createSecretKey(key);
    const keyId = hash('sha256', Buffer.concat([Buffer.from('chatelaine audit digest key id\0'), key]), 'hex');
    this.#prefix = `hs256:${keyId.slice(0, 8)}:`;
  }

  /**
   * HMAC-SHA-256 over the canonical text of a JSON value: the order of members does not matter,
   * types do (`1` is not `"1"`). Throws a `TypeError` for what is not JSON.
   */
  of(value: unknown): string {
    const text = canonicalJson(value, { loneSurrogates: 'escape' });
    return this.#prefix + createHmac('sha256', this.#key).update(text).digest('base64url');
  }
}
