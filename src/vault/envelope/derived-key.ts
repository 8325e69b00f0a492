import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  randomBytes,
  randomFillSync,
  type KeyObject,
} from 'node:crypto';
import type { DataKey, Dropped } from './data-key.ts';
import { NONCE_BYTES, TAG_BYTES } from './sealed-text.ts';

/** A ciphertext of the audit log: `a1.KEY-ID.SALT.NONCE.TAG.CIPHERTEXT`, the last four in base64url. */
export interface DerivedText {
  readonly keyId: string;
  readonly salt: Buffer;
  readonly nonce: Buffer;
  readonly tag: Buffer;
  readonly ciphertext: Buffer;
}

const SALT_BYTES = 16;
const COUNTER_BYTES = 6;
/** Messages under one derived key; then another salt is drawn. */
const MESSAGES = 2 ** 32;
const INFO = 'chatelaine audit subject key v1';
const KEY_ID = /^[0-9a-z]{26}$/;

/**
 * A key for what is sealed on every call, where nothing can be counted in the database first. It is
 * derived from a subject's data key with a salt of its own, and lives and dies in one process.
 *
 * No nonce repeats under one key (NIST SP 800-38D §8): the counter, 48 bits of the nonce, only goes
 * up and is never stored, and whatever would set it back (a restart, another process, an evicted
 * cache) begins with a new random salt, hence with another key; two of 2^20 salts of 128 bits are
 * alike with a probability of 2^-89. The other 48 bits are random, for the one case that this does
 * not see: a virtual machine that is resumed twice from one snapshot.
 *
 * It is held as an object of Node's, which a cipher takes in a third of the time of bytes (10 µs of 30), on every
 * call of a person. Node clears its memory as it frees it, which is soon after it was dropped.
 */
export class DerivedKey implements Dropped {
  readonly #dataKey: DataKey;
  readonly #salt = randomBytes(SALT_BYTES);
  #key: KeyObject | undefined;
  #count = 0;

  constructor(dataKey: DataKey) {
    this.#dataKey = dataKey;
    const bytes = dataKey.derive(this.#salt, INFO);
    this.#key = createSecretKey(bytes);
    bytes.fill(0);
    dataKey.endWith(this);
  }

  /** False once its data key was zeroed, or it has had its messages. */
  get usable(): boolean {
    return this.#dataKey.usable && this.#count < MESSAGES;
  }

  drop(): void {
    this.#key = undefined;
  }

  encrypt(subject: string, place: string, text: string): string {
    const key = this.#key;
    if (!this.usable || key === undefined)
      throw new Error(`a key derived from ${this.#dataKey.id} was used after its end`);
    const nonce = Buffer.alloc(NONCE_BYTES);
    nonce.writeUIntBE(this.#count++, 0, COUNTER_BYTES);
    randomFillSync(nonce, COUNTER_BYTES);
    const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(associatedData(this.#dataKey.id, subject, place));
    const ciphertext = cipher.update(text, 'utf8');
    // GCM is a stream: its end has no bytes of its own.
    cipher.final();
    return format({ keyId: this.#dataKey.id, salt: this.#salt, nonce, tag: cipher.getAuthTag(), ciphertext });
  }
}

/** The text again; undefined when anything is not as it was when it was sealed. */
export function decryptDerived(
  dataKey: DataKey,
  subject: string,
  place: string,
  sealed: DerivedText,
): string | undefined {
  const key = dataKey.derive(sealed.salt, INFO);
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(associatedData(dataKey.id, subject, place));
  decipher.setAuthTag(sealed.tag);
  try {
    return Buffer.concat([decipher.update(sealed.ciphertext), decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  } finally {
    key.fill(0);
  }
}

const associatedData = (keyId: string, subject: string, place: string): Buffer =>
  Buffer.from(JSON.stringify(['chatelaine audit sealed', 1, keyId, subject, place]));

const format = ({ keyId, salt, nonce, tag, ciphertext }: DerivedText): string =>
  `a1.${keyId}.${encoded(salt)}.${encoded(nonce)}.${encoded(tag)}.${encoded(ciphertext)}`;

const encoded = (bytes: Buffer): string => bytes.toString('base64url');

/** The parts; undefined for anything that is not written exactly as here. */
export function parseDerivedText(text: string): DerivedText | undefined {
  const [version, keyId, ...parts] = text.split('.');
  if (version !== 'a1' || keyId === undefined || !KEY_ID.test(keyId) || parts.length !== 4) return undefined;
  const [salt, nonce, tag, ciphertext] = parts.map((part) => Buffer.from(part, 'base64url')) as [
    Buffer,
    Buffer,
    Buffer,
    Buffer,
  ];
  if (salt.length !== SALT_BYTES || nonce.length !== NONCE_BYTES || tag.length !== TAG_BYTES) return undefined;
  const sealed = { keyId, salt, nonce, tag, ciphertext };
  return format(sealed) === text ? sealed : undefined;
}
