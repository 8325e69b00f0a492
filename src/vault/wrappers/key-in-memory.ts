import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { vaultError } from '../errors.ts';
import { DATA_KEY_BYTES, type KeyWrapper, type Wrapping } from './key-wrapper.ts';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const VERSION = '1';

/**
 * Wraps with a key that this process holds: AES-256-GCM under a key derived from the given one
 * (HKDF-SHA-256, RFC 5869). The id is derived from it too, under another label, so a wrong key is
 * noticed by its name, before anything is opened or written.
 *
 * Nonces are random: a wrapping key wraps as many data keys as there are namespaces and subjects,
 * far below the 2^32 that NIST SP 800-38D §8.3 allows.
 *
 * Takes `key` over and overwrites it. What was derived stays in memory as long as the process.
 */
export class KeyInMemory implements KeyWrapper {
  readonly id: string;
  readonly #key: Buffer;

  constructor(kind: 'file' | 'given', key: Buffer) {
    this.id = `${kind}:${derive(key, 'name').subarray(0, 8).toString('hex')}`;
    this.#key = derive(key, 'wrap');
    key.fill(0);
  }

  async wrap(dataKey: Uint8Array, context: string): Promise<Wrapping> {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(aad(context));
    const sealed = Buffer.concat([nonce, cipher.update(dataKey), cipher.final(), cipher.getAuthTag()]);
    return { wrapped: sealed.toString('base64url'), version: VERSION };
  }

  async unwrap(wrapped: string, context: string): Promise<Buffer> {
    const bytes = Buffer.from(wrapped, 'base64url');
    const wellFormed =
      bytes.length === NONCE_BYTES + DATA_KEY_BYTES + TAG_BYTES && bytes.toString('base64url') === wrapped;
    if (!wellFormed) throw vaultError('KEY_UNWRAP_FAILED', `a data key is not one that \`${this.id}\` wrapped`);
    const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(aad(context));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    const opened = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
    try {
      decipher.final();
      return opened;
    } catch (cause) {
      opened.fill(0);
      throw vaultError('KEY_UNWRAP_FAILED', `a data key does not open with \`${this.id}\``, { cause });
    }
  }
}

const derive = (key: Buffer, label: string): Buffer =>
  Buffer.from(hkdfSync('sha256', key, '', `chatelaine key wrapper 1 ${label}`, 32));

const aad = (context: string): Buffer => Buffer.from(JSON.stringify(['chatelaine data key', 1, context]));
