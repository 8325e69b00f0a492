import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { z } from 'zod';
import { sha256 } from '#kernel';
import { backupError } from '../errors.ts';
import { unwrapFileKey, wrapFileKey, wrappedKey, type Opener, type Recipient } from './keys.ts';

/**
 * An encrypted file: a line that says for whom, then chunks of 1 MiB under AES-256-GCM.
 *
 * The nonce of a chunk is its number and whether it is the last, so none can be moved, left out,
 * repeated or cut off (the STREAM construction: Hoang, Reyhanitabar, Rogaway, Vizár 2015). The key
 * of the chunks is derived from the file's random key and the first line: a changed line opens nothing.
 */
const header = z.strictObject({ format: z.literal('chatelaine-backup/1'), key: wrappedKey });

const CHUNK = 1024 * 1024;
const TAG = 16;
const LONGEST_HEADER = 4096;

/** The writing end. */
export class SealedWriter {
  readonly #file: FileHandle;
  readonly #key: Buffer;
  /** To read back what was written, without the private key. */
  readonly fileKey: Buffer;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #number = 0;

  private constructor(file: FileHandle, key: Buffer, fileKey: Buffer) {
    this.#file = file;
    this.#key = key;
    this.fileKey = fileKey;
  }

  /** Begins a file that must not be there yet, 0600. */
  static async create(path: string, recipient: Recipient): Promise<SealedWriter> {
    const fileKey = randomBytes(32);
    const key = await wrapFileKey(fileKey, recipient);
    const line = Buffer.from(`${JSON.stringify({ format: 'chatelaine-backup/1', key })}\n`);
    const file = await open(path, 'wx', 0o600);
    await file.write(line);
    return new SealedWriter(file, payloadKey(fileKey, line), fileKey);
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#waiting.push(Buffer.from(bytes));
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes <= CHUNK) return;
    let all = Buffer.concat(this.#waiting);
    // One byte stays at least: the last chunk is known when the file ends.
    for (; all.length > CHUNK; all = all.subarray(CHUNK)) await this.#chunk(all.subarray(0, CHUNK), false);
    this.#waiting = [all];
    this.#waitingBytes = all.length;
  }

  /** Writes what waits and flushes the file to the disk. */
  async end(): Promise<void> {
    await this.#chunk(Buffer.concat(this.#waiting), true);
    await this.#file.sync();
    await this.#file.close();
  }

  async abandon(): Promise<void> {
    await this.#file.close().catch(() => undefined);
  }

  async #chunk(plaintext: Buffer, last: boolean): Promise<void> {
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonceOf(this.#number++, last), { authTagLength: TAG });
    const body = Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
    for (let at = 0; at < body.length;) at += (await this.#file.write(body, at)).bytesWritten;
  }
}

/**
 * The plaintext of a sealed file, chunk by chunk; each is authentic when it is given, and the file is
 * whole when the last one was. Throws `BACKUP_UNREADABLE`, `BACKUP_KEY_WRONG`, and the system's errors.
 */
export async function* readSealed(path: string, opener: Opener | { readonly fileKey: Buffer }): AsyncGenerator<Buffer> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const begin = Buffer.alloc(Math.min(LONGEST_HEADER, size));
    await file.read(begin, 0, begin.length, 0);
    const used = begin.indexOf(0x0a) + 1;
    const line = begin.subarray(0, used);
    const parsed = parseHeader(line);
    const fileKey = 'fileKey' in opener ? opener.fileKey : await unwrapFileKey(parsed.key, opener);
    const key = payloadKey(fileKey, line);
    const ciphertext = Buffer.alloc(CHUNK + TAG);
    for (let at = used, number = 0, last = false; !last; number++) {
      const length = Math.min(CHUNK + TAG, size - at);
      last = at + length === size;
      if (length < TAG || (await file.read(ciphertext, 0, length, at)).bytesRead !== length) {
        throw backupError('BACKUP_UNREADABLE', `\`${path}\` was cut off`);
      }
      at += length;
      yield openChunk(key, nonceOf(number, last), ciphertext.subarray(0, length), path);
    }
  } finally {
    await file.close();
  }
}

function parseHeader(line: Buffer): z.output<typeof header> {
  try {
    return header.parse(JSON.parse(line.toString('utf8')));
  } catch (cause) {
    throw backupError('BACKUP_UNREADABLE', 'the file does not begin as a backup', { cause });
  }
}

function openChunk(key: Buffer, nonce: Buffer, ciphertext: Buffer, path: string): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG });
  decipher.setAuthTag(ciphertext.subarray(-TAG));
  try {
    return Buffer.concat([decipher.update(ciphertext.subarray(0, -TAG)), decipher.final()]);
  } catch (cause) {
    throw backupError('BACKUP_UNREADABLE', `\`${path}\` was changed or cut off`, { cause });
  }
}

const payloadKey = (fileKey: Buffer, line: Buffer): Buffer =>
  Buffer.from(hkdfSync('sha256', fileKey, sha256(line), 'chatelaine-backup/1 payload', 32));

function nonceOf(number: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUIntBE(number, 5, 6);
  nonce[11] = last ? 1 : 0;
  return nonce;
}
