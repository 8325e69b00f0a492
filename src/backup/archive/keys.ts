import { argon2, createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { z } from 'zod';
import { reveal, Secret, sha256Hex } from '#kernel';
import { RECIPIENT_PREFIX } from '#contract';
import { backupError } from '../errors.ts';
import * as hpke from './hpke.ts';

/**
 * For whom a backup is encrypted. A server has the public half of a pair alone: whoever takes it over
 * reads no backup. A passphrase is for people who make backups by hand.
 */
export type Recipient =
  | { readonly type: 'x25519'; readonly publicKey: Buffer }
  | { readonly type: 'passphrase'; readonly passphrase: Secret };

/** What opens a backup. */
export type Opener =
  | { readonly type: 'x25519'; readonly privateKey: Secret }
  | { readonly type: 'passphrase'; readonly passphrase: Secret };

const PRIVATE_PREFIX = 'chb1-private-';
const KEY_BYTES = 32;
const SHORTEST_PASSPHRASE = 16;
const INFO = Buffer.from('chatelaine-backup/1 file key');
const NONE = Buffer.alloc(0);

const base64url = (bytes: number) => z.string().regex(new RegExp(`^[A-Za-z0-9_-]{${Math.ceil((bytes * 4) / 3)}}$`));

/** The file's key, wrapped for its recipient, as the first line of a backup has it. */
export const wrappedKey = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('x25519'),
    recipient: z.string().length(16),
    enc: base64url(KEY_BYTES),
    wrapped: base64url(KEY_BYTES + 16),
  }),
  z.strictObject({
    type: z.literal('passphrase'),
    salt: base64url(16),
    // What a file may ask of who opens it is bounded: it is not authenticated before that is spent.
    memoryKiB: z.int().min(8192).max(1_048_576),
    passes: z.int().min(1).max(16),
    wrapped: base64url(KEY_BYTES + 16),
  }),
]);
export type WrappedFileKey = z.output<typeof wrappedKey>;

/** A new pair: the recipient for the configuration, and the private key for who keeps it elsewhere. */
export function makeKeyPair(): { readonly recipient: string; readonly privateKey: Secret } {
  const bytes = randomBytes(KEY_BYTES);
  const recipient = formatRecipient(hpke.publicKeyOf(bytes));
  return { recipient, privateKey: new Secret(`${PRIVATE_PREFIX}${bytes.toString('base64url')}`) };
}

const formatRecipient = (publicKey: Buffer): string => `${RECIPIENT_PREFIX}${publicKey.toString('base64url')}`;

/** The public key of a recipient as a configuration has it. Throws `BACKUP_KEY_REFUSED`. */
export function parseRecipient(text: string): Recipient {
  const publicKey = Buffer.from(text.slice(RECIPIENT_PREFIX.length), 'base64url');
  if (publicKey.length === KEY_BYTES && formatRecipient(publicKey) === text) return { type: 'x25519', publicKey };
  throw backupError('BACKUP_KEY_REFUSED', `a recipient begins with \`${RECIPIENT_PREFIX}\` and has 47 characters`);
}

/** The opener of a private key's text. Throws `BACKUP_KEY_REFUSED`. */
export function parsePrivateKey(text: Secret): Opener {
  const trimmed = reveal(text).trim();
  const bytes = Buffer.from(trimmed.slice(PRIVATE_PREFIX.length), 'base64url');
  if (trimmed.startsWith(PRIVATE_PREFIX) && bytes.length === KEY_BYTES) {
    return { type: 'x25519', privateKey: new Secret(trimmed) };
  }
  throw backupError('BACKUP_KEY_REFUSED', `the private key of a backup begins with \`${PRIVATE_PREFIX}\``);
}

/** Throws `BACKUP_KEY_REFUSED` for one that is too short to hold against guessing. */
export function parsePassphrase(text: Secret): Recipient & Opener {
  const trimmed = reveal(text).replace(/\r?\n$/, '');
  if (trimmed.length >= SHORTEST_PASSPHRASE) return { type: 'passphrase', passphrase: new Secret(trimmed) };
  throw backupError('BACKUP_KEY_REFUSED', `a passphrase has at least ${SHORTEST_PASSPHRASE} characters`);
}

/** Which key a backup was made for, to tell people. */
const nameOf = (publicKey: Buffer): string => sha256Hex(publicKey).slice(0, 16);

export async function wrapFileKey(fileKey: Buffer, recipient: Recipient): Promise<WrappedFileKey> {
  if (recipient.type === 'x25519') {
    const message = { info: INFO, aad: NONE, plaintext: fileKey };
    const { enc, ciphertext } = hpke.seal(recipient.publicKey, randomBytes(KEY_BYTES), message);
    return {
      type: 'x25519',
      recipient: nameOf(recipient.publicKey),
      enc: enc.toString('base64url'),
      wrapped: ciphertext.toString('base64url'),
    };
  }
  const salt = randomBytes(16);
  // RFC 9106 §4, the second recommended option.
  const cost = { memoryKiB: 65_536, passes: 3 };
  const key = await stretch(recipient.passphrase, salt, cost);
  // The key is of this salt alone, so one nonce does.
  const cipher = createCipheriv('aes-256-gcm', key, Buffer.alloc(12), { authTagLength: 16 });
  const wrapped = Buffer.concat([cipher.update(fileKey), cipher.final(), cipher.getAuthTag()]);
  return {
    type: 'passphrase',
    salt: salt.toString('base64url'),
    ...cost,
    wrapped: wrapped.toString('base64url'),
  };
}

/** The file's key. Throws `BACKUP_KEY_WRONG`. */
export async function unwrapFileKey(wrapped: WrappedFileKey, opener: Opener): Promise<Buffer> {
  const key = await tryUnwrap(wrapped, opener);
  if (key !== undefined) return key;
  const made =
    wrapped.type === 'x25519' ? `was made for the recipient \`${wrapped.recipient}\`` : 'was made with a passphrase';
  const has =
    opener.type === 'x25519'
      ? `this key is that of \`${nameOf(hpke.publicKeyOf(privateBytes(opener.privateKey)))}\``
      : 'this passphrase is not that of it';
  throw backupError('BACKUP_KEY_WRONG', `the backup ${made}; ${has}`);
}

async function tryUnwrap(wrapped: WrappedFileKey, opener: Opener): Promise<Buffer | undefined> {
  const ciphertext = Buffer.from(wrapped.wrapped, 'base64url');
  if (wrapped.type === 'x25519') {
    if (opener.type !== 'x25519') return undefined;
    const enc = Buffer.from(wrapped.enc, 'base64url');
    return hpke.open(privateBytes(opener.privateKey), { enc, ciphertext }, { info: INFO, aad: NONE });
  }
  if (opener.type !== 'passphrase') return undefined;
  const key = await stretch(opener.passphrase, Buffer.from(wrapped.salt, 'base64url'), wrapped);
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.alloc(12), { authTagLength: 16 });
  decipher.setAuthTag(ciphertext.subarray(-16));
  try {
    return Buffer.concat([decipher.update(ciphertext.subarray(0, -16)), decipher.final()]);
  } catch {
    return undefined;
  }
}

const privateBytes = (text: Secret): Buffer => Buffer.from(reveal(text).slice(PRIVATE_PREFIX.length), 'base64url');

const derive = promisify(argon2);

async function stretch(
  passphrase: Secret,
  salt: Buffer,
  cost: { readonly memoryKiB: number; readonly passes: number },
): Promise<Buffer> {
  return await derive('argon2id', {
    message: Buffer.from(reveal(passphrase).normalize('NFC')),
    nonce: salt,
    parallelism: 4,
    tagLength: KEY_BYTES,
    memory: cost.memoryKiB,
    passes: cost.passes,
  });
}
