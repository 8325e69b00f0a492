import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { reveal, Secret } from '#kernel';
import { associatedData, type Place, type Scope } from './place.ts';
import { formatSealedText, NONCE_BYTES, TAG_BYTES, type SealedText } from './sealed-text.ts';

/** What holds a key that was derived from another. */
export interface Dropped {
  /** Forgets it. */
  drop(): void;
}

/**
 * An unwrapped data key. It encrypts and decrypts with AES-256-GCM and never hands out its bytes.
 *
 * Nonces are random. Counters would allow more messages, but their state has to outlive every crash
 * and every restored backup: one step back repeats a nonce, which gives GCM's authentication key away
 * (NIST SP 800-38D §8). Random nonces have no state to lose. What they cost is the bound of 2^32
 * messages a key (§8.3), which the database counts (`data_keys.messages`).
 */
export class DataKey {
  readonly id: string;
  readonly scope: Scope;
  readonly #bytes: Buffer;
  readonly #derived = new Set<WeakRef<Dropped>>();
  #usable = true;

  /** Takes `bytes` over. */
  constructor(id: string, scope: Scope, bytes: Buffer) {
    this.id = id;
    this.scope = scope;
    this.#bytes = bytes;
  }

  /** False once zeroed: ask in the turn of the event loop in which the key is used. */
  get usable(): boolean {
    return this.#usable;
  }

  /** Count the message in the database first. */
  encrypt(place: Place, plaintext: Secret): string {
    this.#mustBeUsable();
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#bytes, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(associatedData(this.id, this.scope, place));
    const bytes = Buffer.from(reveal(plaintext), 'utf8');
    const ciphertext = Buffer.concat([cipher.update(bytes), cipher.final()]);
    bytes.fill(0);
    return formatSealedText({ keyId: this.id, nonce, tag: cipher.getAuthTag(), ciphertext });
  }

  /** The plaintext; undefined when anything is not as it was at encryption. */
  decrypt(place: Place, sealed: SealedText): Secret | undefined {
    this.#mustBeUsable();
    const decipher = createDecipheriv('aes-256-gcm', this.#bytes, sealed.nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(associatedData(this.id, this.scope, place));
    decipher.setAuthTag(sealed.tag);
    const bytes = decipher.update(sealed.ciphertext);
    try {
      decipher.final();
      return new Secret(bytes.toString('utf8'));
    } catch {
      return undefined;
    } finally {
      bytes.fill(0);
    }
  }

  /**
   * A key of 32 bytes for messages that the database does not count (RFC 5869, HKDF-SHA-256). Under
   * each salt it is another one, and none of them tells anything of this key or of each other. For the caller to
   * zero; what is kept of it is to end with this key (`endWith`).
   */
  derive(salt: Buffer, info: string): Buffer {
    this.#mustBeUsable();
    return Buffer.from(hkdfSync('sha256', this.#bytes, salt, info, 32));
  }

  /** What was derived from this key goes when it is zeroed. */
  endWith(derived: Dropped): void {
    this.#mustBeUsable();
    for (const one of this.#derived) if (one.deref() === undefined) this.#derived.delete(one);
    this.#derived.add(new WeakRef(derived));
  }

  zero(): void {
    this.#usable = false;
    this.#bytes.fill(0);
    for (const derived of this.#derived) derived.deref()?.drop();
    this.#derived.clear();
  }

  /** To encrypt with the zeros of an evicted key would publish the plaintext. */
  #mustBeUsable(): void {
    if (!this.#usable) throw new Error(`the data key ${this.id} was used after it was zeroed`);
  }
}
