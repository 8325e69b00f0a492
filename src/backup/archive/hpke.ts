import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
} from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/**
 * HPKE (RFC 9180) in base mode with DHKEM(X25519, HKDF-SHA256) and HKDF-SHA256: what is sealed for a
 * public key opens with the private key alone. One message a context, so the sequence number is 0.
 */
export interface Aead {
  /** RFC 9180 §7.3. */
  readonly id: number;
  readonly name: 'aes-128-gcm' | 'aes-256-gcm';
  readonly keyBytes: number;
}

export const AES_256_GCM: Aead = { id: 0x0002, name: 'aes-256-gcm', keyBytes: 32 };

export interface Sealed {
  /** The encapsulated key: the sender's ephemeral public key. */
  readonly enc: Buffer;
  readonly ciphertext: Buffer;
}

const KEM = Buffer.concat([Buffer.from('KEM'), u16(0x0020)]);
const KEY_BYTES = 32;
const TAG_BYTES = 16;
const NONCE_BYTES = 12;
const NOTHING = Buffer.alloc(0);

// The fixed beginnings of X25519 keys in PKCS #8 and SPKI (RFC 8410 §7, §4).
const PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex');
const SPKI = Buffer.from('302a300506032b656e032100', 'hex');

/** The public key of a private one, both of 32 bytes. */
export function publicKeyOf(privateKey: Buffer): Buffer {
  return rawPublic(createPublicKey(toPrivate(privateKey)));
}

/** Seals for `recipient`, a public key; `ephemeral` is 32 fresh random bytes (a private key). */
export function seal(
  recipient: Buffer,
  ephemeral: Buffer,
  message: { readonly info: Buffer; readonly aad: Buffer; readonly plaintext: Buffer },
  aead: Aead = AES_256_GCM,
): Sealed {
  const enc = publicKeyOf(ephemeral);
  const shared = sharedSecret(agree(ephemeral, recipient), Buffer.concat([enc, recipient]));
  const { key, nonce } = keySchedule(shared, message.info, aead);
  const cipher = createCipheriv(aead.name, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(message.aad);
  const body = Buffer.concat([cipher.update(message.plaintext), cipher.final()]);
  return { enc, ciphertext: Buffer.concat([body, cipher.getAuthTag()]) };
}

/** The plaintext; undefined when it was not sealed for this private key, or is not what was sealed. */
export function open(
  privateKey: Buffer,
  sealed: Sealed,
  message: { readonly info: Buffer; readonly aad: Buffer },
  aead: Aead = AES_256_GCM,
): Buffer | undefined {
  if (sealed.enc.length !== KEY_BYTES || sealed.ciphertext.length < TAG_BYTES) return undefined;
  try {
    const context = Buffer.concat([sealed.enc, publicKeyOf(privateKey)]);
    const { key, nonce } = keySchedule(sharedSecret(agree(privateKey, sealed.enc), context), message.info, aead);
    const decipher = createDecipheriv(aead.name, key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(message.aad);
    decipher.setAuthTag(sealed.ciphertext.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(sealed.ciphertext.subarray(0, -TAG_BYTES)), decipher.final()]);
  } catch {
    return undefined;
  }
}

/** X25519 (RFC 7748); OpenSSL refuses the all-zero result of a public key of small order. */
function agree(privateKey: Buffer, publicKey: Buffer): Buffer {
  return diffieHellman({ privateKey: toPrivate(privateKey), publicKey: toPublic(publicKey) });
}

/** ExtractAndExpand, §4.1. */
function sharedSecret(dh: Buffer, context: Buffer): Buffer {
  const prk = labeledExtract(KEM, NOTHING, 'eae_prk', dh);
  return labeledExpand(KEM, prk, 'shared_secret', context, KEY_BYTES);
}

/** KeySchedule in base mode, §5.1. */
function keySchedule(shared: Buffer, info: Buffer, aead: Aead): { key: Buffer; nonce: Buffer } {
  const suite = Buffer.concat([Buffer.from('HPKE'), u16(0x0020), u16(0x0001), u16(aead.id)]);
  const context = Buffer.concat([
    Buffer.from([0]),
    labeledExtract(suite, NOTHING, 'psk_id_hash', NOTHING),
    labeledExtract(suite, NOTHING, 'info_hash', info),
  ]);
  const secret = labeledExtract(suite, shared, 'secret', NOTHING);
  return {
    key: labeledExpand(suite, secret, 'key', context, aead.keyBytes),
    nonce: labeledExpand(suite, secret, 'base_nonce', context, NONCE_BYTES),
  };
}

function labeledExtract(suite: Buffer, salt: Buffer, label: string, ikm: Buffer): Buffer {
  return hmac(salt, Buffer.concat([Buffer.from('HPKE-v1'), suite, Buffer.from(label), ikm]));
}

/** At most one block, since nothing here is longer than a digest. */
function labeledExpand(suite: Buffer, prk: Buffer, label: string, info: Buffer, length: number): Buffer {
  const labeled = Buffer.concat([u16(length), Buffer.from('HPKE-v1'), suite, Buffer.from(label), info]);
  return hmac(prk, Buffer.concat([labeled, Buffer.from([1])])).subarray(0, length);
}

const hmac = (key: Buffer, data: Buffer): Buffer => createHmac('sha256', key).update(data).digest();

function u16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff]);
}

const toPrivate = (raw: Buffer): KeyObject =>
  createPrivateKey({ key: Buffer.concat([PKCS8, raw]), format: 'der', type: 'pkcs8' });

const toPublic = (raw: Buffer): KeyObject =>
  createPublicKey({ key: Buffer.concat([SPKI, raw]), format: 'der', type: 'spki' });

const rawPublic = (key: KeyObject): Buffer => key.export({ format: 'der', type: 'spki' }).subarray(-KEY_BYTES);
