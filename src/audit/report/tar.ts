/** As much of tar (POSIX.1-1988, `ustar`) as a flat folder of regular files takes. */
export const BLOCK = 512;
export const END_OF_TAR: Uint8Array = Buffer.alloc(2 * BLOCK);

/** Eleven octal digits; beyond, the number is binary, as GNU tar and everybody since writes it. */
const LARGEST_OCTAL = 8 ** 11;
const NUMBER_BYTES = 12;

export interface TarFile {
  /** At most 100 bytes. */
  readonly name: string;
  readonly size: number;
}

export const paddingOf = (size: number): number => (BLOCK - (size % BLOCK)) % BLOCK;

/** The header of a file that its owner alone may read. */
export function tarHeader({ name, size, seconds }: TarFile & { readonly seconds: number }): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0, 'utf8');
  block.write('0000600\0', 100);
  block.write('0000000\0', 108);
  block.write('0000000\0', 116);
  writeNumber(block, 124, size);
  writeNumber(block, 136, seconds);
  block.write('0', 156);
  block.write('ustar\x0000', 257);
  block.write(`${checksumOf(block).toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

/** Undefined for what is no header of a regular file. */
export function readTarHeader(block: Buffer): TarFile | undefined {
  const checksum = Number.parseInt(block.toString('latin1', 148, 156), 8);
  if (checksum !== checksumOf(block) || block.toString('latin1', 257, 262) !== 'ustar') return undefined;
  // Links, folders and long names are other types.
  if (block[156] !== 0x30) return undefined;
  const size = readNumber(block, 124);
  if (!Number.isSafeInteger(size) || size < 0) return undefined;
  const end = block.indexOf(0);
  return { name: block.toString('utf8', 0, Math.min(end === -1 ? 100 : end, 100)), size };
}

/** Over the header with spaces in the place of the sum itself. */
function checksumOf(block: Buffer): number {
  let sum = 8 * 0x20;
  for (let at = 0; at < BLOCK; at++) if (at < 148 || at >= 156) sum += block[at] as number;
  return sum;
}

function writeNumber(block: Buffer, at: number, value: number): void {
  if (value < LARGEST_OCTAL) {
    block.write(`${value.toString(8).padStart(NUMBER_BYTES - 1, '0')}\0`, at);
    return;
  }
  block[at] = 0x80;
  block.writeBigUInt64BE(BigInt(value), at + NUMBER_BYTES - 8);
}

const readNumber = (block: Buffer, at: number): number =>
  block[at] === 0x80
    ? Number(block.readBigUInt64BE(at + NUMBER_BYTES - 8))
    : Number.parseInt(block.toString('latin1', at, at + NUMBER_BYTES), 8);

/** Bytes that come in pieces of any length, taken in lengths that one wants. */
export class Bytes {
  readonly #pieces: AsyncIterator<string | Uint8Array>;
  #held: Buffer = Buffer.alloc(0);

  constructor(pieces: AsyncIterable<string | Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** One byte at least and `most` at most; undefined at the end. */
  async some(most: number): Promise<Buffer | undefined> {
    while (this.#held.length === 0) {
      const { value, done } = await this.#pieces.next();
      if (done === true) return undefined;
      this.#held = Buffer.from(value as Uint8Array);
    }
    const taken = this.#held.subarray(0, most);
    this.#held = this.#held.subarray(most);
    return taken;
  }

  /** So many; undefined where there are not. */
  async exactly(length: number): Promise<Buffer | undefined> {
    const parts: Buffer[] = [];
    for (let left = length; left > 0;) {
      const part = await this.some(left);
      if (part === undefined) return undefined;
      parts.push(part);
      left -= part.length;
    }
    return Buffer.concat(parts);
  }
}
