import { createHash } from 'node:crypto';
import { backupError } from '../errors.ts';

/** A file of a backup, as it comes and goes: nobody holds a whole one in memory. */
export interface Part {
  /** A relative path with `/`. */
  readonly name: string;
  readonly data: AsyncIterable<Uint8Array>;
}

/** What was written or read of a part. */
export interface Entry {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

// name: u16 length, UTF-8. data: blocks of u32 length, ended by an empty one. A name of no length ends it all.
const LONGEST_BLOCK = 4 * 1024 * 1024;

/** Writes one part; gives what it was. */
export async function writePart(part: Part, write: (bytes: Uint8Array) => Promise<void>): Promise<Entry> {
  const name = Buffer.from(part.name);
  await write(Buffer.concat([u16(name.length), name]));
  const digest = createHash('sha256');
  let bytes = 0;
  for await (const data of part.data) {
    for (let at = 0; at < data.length; at += LONGEST_BLOCK) {
      const block = data.subarray(at, at + LONGEST_BLOCK);
      digest.update(block);
      bytes += block.length;
      await write(u32(block.length));
      await write(block);
    }
  }
  await write(u32(0));
  return { name: part.name, bytes, sha256: digest.digest('hex') };
}

export const END_OF_PARTS = Buffer.alloc(2);

/**
 * Reads all parts in their order; `take` must read each to its end. Gives what they were. Throws
 * `BACKUP_UNREADABLE` where the framing does not hold.
 */
export async function readParts(
  chunks: AsyncIterable<Buffer>,
  take: (part: Part) => Promise<void>,
): Promise<readonly Entry[]> {
  const bytes = new ByteReader(chunks);
  const entries: Entry[] = [];
  for (;;) {
    const length = (await bytes.read(2)).readUInt16BE();
    if (length === 0) break;
    const name = (await bytes.read(length)).toString('utf8');
    checkName(name);
    const digest = createHash('sha256');
    let size = 0;
    let ended = false;
    const data = async function* (): AsyncGenerator<Buffer> {
      for (;;) {
        const length = (await bytes.read(4)).readUInt32BE();
        if (length > LONGEST_BLOCK) throw unreadable('a block is too long');
        if (length === 0) break;
        const block = await bytes.read(length);
        digest.update(block);
        size += block.length;
        yield block;
      }
      ended = true;
    };
    await take({ name, data: data() });
    if (!ended) throw unreadable(`\`${name}\` was not read to its end`);
    entries.push({ name, bytes: size, sha256: digest.digest('hex') });
  }
  await bytes.expectEnd();
  return entries;
}

/** Whoever made the file does not get to write outside the folder it is restored into. */
function checkName(name: string): void {
  if (/^[A-Za-z0-9_-][A-Za-z0-9_.-]*(\/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*$/.test(name)) return;
  throw unreadable('a part has a name that none of ours has');
}

class ByteReader {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  async read(length: number): Promise<Buffer> {
    const pieces = [this.#rest];
    let have = this.#rest.length;
    while (have < length) {
      const next = await this.#chunks.next();
      if (next.done === true) throw unreadable('the backup ends too early');
      pieces.push(next.value);
      have += next.value.length;
    }
    const all = pieces.length === 1 ? this.#rest : Buffer.concat(pieces);
    this.#rest = all.subarray(length);
    return all.subarray(0, length);
  }

  async expectEnd(): Promise<void> {
    const next = await this.#chunks.next();
    if (this.#rest.length > 0 || next.done !== true) throw unreadable('something follows the end of the backup');
  }
}

const unreadable = (what: string): Error => backupError('BACKUP_UNREADABLE', what);

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
