import { open, stat } from 'node:fs/promises';
import { isUtf8 } from 'node:buffer';

/** A line without its end, as it lies in a file. Read once and seldom as text, so that is made when asked for. */
export class RawLine {
  readonly bytes: Buffer;
  /** Offset of the first byte. */
  readonly offset: number;
  /** False for what follows the last line end. */
  readonly complete: boolean;

  constructor(bytes: Buffer, offset: number, complete: boolean) {
    this.bytes = bytes;
    this.offset = offset;
    this.complete = complete;
  }

  get length(): number {
    return this.bytes.length;
  }

  /** Undefined when the bytes are not UTF-8. */
  get text(): string | undefined {
    return isUtf8(this.bytes) ? this.bytes.toString('utf8') : undefined;
  }
}

const CHUNK = 256 * 1024;
/** No line of ours is longer; what is, is no line, and is not collected in memory. */
export const LONGEST_LINE = 1024 * 1024;
const LINE_FEED = 0x0a;
const NO_TEXT = Buffer.from([0xff]);

/**
 * The lines of a file from `offset` to `end` (its size now, when absent), in groups as they are read.
 * A line that is longer than any of ours comes as unreadable and ends the reading. Zeros at the end
 * are no line.
 */
export async function* readLines(path: string, offset = 0, end?: number): AsyncGenerator<readonly RawLine[]> {
  const file = await open(path, 'r');
  try {
    const stop = end ?? (await file.stat()).size;
    let rest = Buffer.alloc(0);
    for (let at = offset; at < stop;) {
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK, stop - at));
      const { bytesRead } = await file.read(chunk, 0, chunk.length, at);
      if (bytesRead === 0) break;
      const start = at - rest.length;
      at += bytesRead;
      const bytes = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
      const { lines, used } = splitLines(bytes, start);
      rest = bytes.subarray(used);
      if (rest.length > LONGEST_LINE) {
        yield [...lines, new RawLine(NO_TEXT, start + used, true)];
        return;
      }
      if (lines.length > 0) yield lines;
      const unfinished = at >= stop ? beforeZeros(rest) : 0;
      if (unfinished > 0) yield [new RawLine(rest.subarray(0, unfinished), at - rest.length, false)];
    }
  } finally {
    await file.close();
  }
}

/** How many bytes there are before the zeros at the end: a segment is laid out before it is written. */
export function beforeZeros(bytes: Buffer): number {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return end;
}

/** The complete lines of some bytes, and how many bytes they take. */
export function splitLines(bytes: Buffer, start: number): { lines: RawLine[]; used: number } {
  const lines: RawLine[] = [];
  let used = 0;
  for (let at = bytes.indexOf(LINE_FEED); at !== -1; at = bytes.indexOf(LINE_FEED, used)) {
    lines.push(new RawLine(bytes.subarray(used, at), start + used, true));
    used = at + 1;
  }
  return { lines, used };
}

/**
 * The last complete line of a file, and how many bytes end with it; undefined where there is no file.
 * Reads the end of the file alone.
 */
export async function readEnd(path: string): Promise<{ line: string | undefined; bytes: number } | undefined> {
  let size: number;
  try {
    ({ size } = await stat(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const end = { line: undefined as string | undefined, bytes: 0 };
  for await (const lines of readLines(path, Math.max(0, size - 2 * LONGEST_LINE), size)) {
    const last = lines.findLast(({ complete }) => complete);
    if (last) Object.assign(end, { line: last.text, bytes: last.offset + last.length + 1 });
  }
  return end;
}
