import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, randomBytes, type KeyObject } from 'node:crypto';

const SALT_BYTES = 16;
const TAG_BYTES = 16;
/** Each message has a key of its own, so one nonce serves all (RFC 5869; NIST SP 800-38D §8). */
const NONCE = Buffer.alloc(12);

/**
 * Encrypts what stands in an artifact: AES-256-GCM under a key derived for that message alone, from one secret
 * of the installation that the vault seals. Bound to model and digest, so that content moved to another row
 * opens nowhere.
 */
export class ContentCipher {
  /** A key object, as the derived ones: handed over as bytes, each costs twice what it is used for. */
  readonly #secret: KeyObject;

  constructor(secret: Buffer) {
    this.#secret = createSecretKey(secret);
  }

  encrypt(model: string, digest: string, content: string): string {
    const salt = randomBytes(SALT_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key(salt), NONCE, { authTagLength: TAG_BYTES });
    cipher.setAAD(placeOf(model, digest));
    const ciphertext = Buffer.concat([cipher.update(content, 'utf8'), cipher.final()]);
    return Buffer.concat([salt, cipher.getAuthTag(), ciphertext]).toString('base64url');
  }

  /** Undefined when anything is not as it was at encryption. */
  decrypt(model: string, digest: string, text: string): string | undefined {
    const bytes = Buffer.from(text, 'base64url');
    if (bytes.length < SALT_BYTES + TAG_BYTES) return undefined;
    const salt = bytes.subarray(0, SALT_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', this.#key(salt), NONCE, { authTagLength: TAG_BYTES });
    decipher.setAAD(placeOf(model, digest));
    decipher.setAuthTag(bytes.subarray(SALT_BYTES, SALT_BYTES + TAG_BYTES));
    const content = decipher.update(bytes.subarray(SALT_BYTES + TAG_BYTES));
    try {
      return Buffer.concat([content, decipher.final()]).toString('utf8');
    } catch {
      return undefined;
    }
  }

  #key(salt: Buffer): KeyObject {
    return createSecretKey(Buffer.from(hkdfSync('sha256', this.#secret, salt, 'chatelaine oauth artifact 1', 32)));
  }
}

const placeOf = (model: string, digest: string): Buffer => Buffer.from(JSON.stringify([model, digest]));
