import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { paths } from '../segments/layout.ts';
import { readTerms, Terms } from './terms.ts';

/** Where lines have been taken in, and by what to know the last of them again. */
export interface Place {
  readonly segment: number;
  /** Where the lines end. */
  readonly end: number;
  readonly lastOffset: number;
  /** A line begins with its hash, which stands for all before it; a segment with text that holds its first number. */
  readonly lastMark: string;
}

/** Whole lines of one segment. */
export interface Block extends Place {
  readonly writer: string;
  readonly offset: number;
  /** The earliest and the latest time in it. */
  readonly least: string;
  readonly greatest: string;
}

export interface FinishedBlock extends Block {
  /** In order. */
  readonly terms: Uint32Array;
}

export interface Reading {
  readonly root: string;
  /** Where durable content ends, when that is known. */
  readonly limit: number;
  /** No segment follows: it may still be written to. */
  readonly isLast: boolean;
  readonly blockBytes: number;
}

/** What reading on has come to. */
export interface Step {
  /** `changed`: what was taken in last is not there any more. `more`: there may be more to read. */
  readonly state: 'changed' | 'more' | 'end';
  readonly blocks: readonly FinishedBlock[];
}

const MARK = 64;
const TIME = 24;
export const LINE_FEED = 0x0a;

/** One step reads so much; a look at whether anything has come reads less. */
const STEP = 4 * 1024 * 1024;
const LOOK = 64 * 1024;
const buffer = Buffer.allocUnsafe(STEP);

export const startOf = (segment: number): Place => ({ segment, end: 0, lastOffset: 0, lastMark: '' });

/**
 * The end of a chain that is no block yet, in memory: made from the file by whoever asks, and stored
 * when there is enough of it. Reads on from where it came to; what is left without an end is being
 * written, or is damage, and zero bytes are a segment that was laid out beforehand.
 */
export class ChainEnd implements Block {
  readonly writer: string;
  /** What the index on disk has of the chain. */
  stored: Place | undefined;
  segment: number;
  offset: number;
  end: number;
  lastOffset: number;
  lastMark: string;
  /** Both empty while there is no record in it. */
  least = '';
  greatest = '';
  #terms = new Terms();

  /** Goes on after what is stored, or begins with the segment. */
  constructor(writer: string, stored: Place | undefined, segment: number) {
    this.writer = writer;
    this.stored = stored;
    ({
      segment: this.segment,
      end: this.end,
      lastOffset: this.lastOffset,
      lastMark: this.lastMark,
    } = stored ?? startOf(segment));
    this.offset = this.end;
  }

  /** Whether nothing but what is stored has been taken in. */
  get isFresh(): boolean {
    return this.end === (this.stored?.end ?? 0) && (this.stored === undefined || this.segment === this.stored.segment);
  }

  has(term: number): boolean {
    return this.#terms.has(term);
  }

  /** Goes to the beginning of a segment; what is left of the one before is a block, however small. */
  enter(segment: number): readonly FinishedBlock[] {
    const block = this.#finish();
    Object.assign(this, { ...startOf(segment), offset: 0 });
    return block;
  }

  /** Takes in what its segment has got since, in blocks of about `blockBytes`. */
  readOn({ root, limit, isLast, blockBytes }: Reading): Step {
    const fd = openSegment(paths.segment(root, this.writer, this.segment));
    if (fd === undefined) return { state: 'changed', blocks: [] };
    try {
      const { size } = fstatSync(fd);
      if (size < this.end || !this.#isAsItWas(fd)) return { state: 'changed', blocks: [] };
      const { lines, isFull } = wholeLines(fd, this.end, Math.min(limit, size), isLast);
      return { state: isFull && lines.length > 0 ? 'more' : 'end', blocks: this.#take(lines, blockBytes) };
    } finally {
      closeSync(fd);
    }
  }

  #isAsItWas(fd: number): boolean {
    const { length } = this.lastMark;
    return buffer.toString('latin1', 0, readSync(fd, buffer, 0, length, this.lastOffset)) === this.lastMark;
  }

  #take(lines: Buffer, blockBytes: number): readonly FinishedBlock[] {
    const blocks: FinishedBlock[] = [];
    const start = this.end;
    for (let at = 0; at < lines.length;) {
      const next = lines.indexOf(LINE_FEED, at) + 1;
      if (start + next - this.offset > blockBytes) {
        this.#mark(lines, start);
        blocks.push(...this.#finish());
      }
      const timeAt = readTerms(lines, at, next - 1, this.#terms);
      if (timeAt !== -1) this.#at(lines.toString('latin1', timeAt, timeAt + TIME));
      this.lastOffset = start + at;
      this.end = start + next;
      at = next;
    }
    this.#mark(lines, start);
    return blocks;
  }

  #at(time: string): void {
    if (time < this.least || this.least === '') this.least = time;
    if (time > this.greatest) this.greatest = time;
  }

  /** The mark of the last line, where that is among these. */
  #mark(lines: Buffer, start: number): void {
    if (this.end === start) return;
    const at = this.lastOffset - start;
    this.lastMark = lines.toString('latin1', at, Math.min(at + MARK, this.end - 1 - start));
  }

  /** What has been taken in as a block, unless there is no record in it; the next begins behind it. */
  #finish(): readonly FinishedBlock[] {
    const { writer, segment, offset, end, lastOffset, lastMark, least, greatest } = this;
    const terms = this.#terms.sorted();
    this.#terms = new Terms();
    this.offset = end;
    this.least = this.greatest = '';
    return least === '' ? [] : [{ writer, segment, offset, end, lastOffset, lastMark, least, greatest, terms }];
  }
}

/** The whole lines from `at` on, as much as a step takes; valid until the next are read. */
function wholeLines(fd: number, at: number, limit: number, isLast: boolean): { lines: Buffer; isFull: boolean } {
  const there = Math.max(0, limit - at);
  let length = there === 0 ? 0 : readSync(fd, buffer, 0, Math.min(LOOK, there), at);
  if (length === LOOK && buffer[0] !== 0) length = readSync(fd, buffer, 0, Math.min(STEP, there), at);
  // While it is written to, a zero may be a byte that is being written: nothing behind it counts yet.
  const zero = isLast ? buffer.subarray(0, length).indexOf(0) : -1;
  const bytes = buffer.subarray(0, zero === -1 ? length : zero);
  return { lines: bytes.subarray(0, bytes.lastIndexOf(LINE_FEED) + 1), isFull: length === STEP };
}

/** Undefined where there is no such file. */
export function openSegment(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
