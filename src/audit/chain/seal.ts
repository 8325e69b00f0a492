import { hash } from 'node:crypto';
import type { EncodedRecord } from '../record/encode-record.ts';
import { HASH_DIGITS, type Head } from './chain.ts';

/** Records with their places in a chain, as the lines that are stored. */
export interface SealedBatch {
  /** The head that the batch continues. */
  readonly after: Head;
  /** The head when the batch is stored. */
  readonly head: Head;
  /** One line a record, each ended by `\n`. Valid until the next batch is sealed. */
  readonly lines: Buffer;
}

const PREFIX = HASH_DIGITS + 1;
const RAW_HASH = 32;
const LINE_FEED = 0x0a;
const SPACE = 0x20;

/** Seals batches of one writer, one at a time, in memory that is used again. */
export class Sealer {
  #bytes = Buffer.allocUnsafe(64 * 1024);

  /** Gives the records the numbers after `after` and chains them. */
  seal(records: readonly EncodedRecord[], after: Head): SealedBatch {
    let { seq } = after;
    let previous = after.hash;
    let end = 0;
    for (const { beforeSeq, afterSeq } of records) {
      const canonical = `${beforeSeq}${++seq}${afterSeq}`;
      // Three bytes is the most that a UTF-16 unit takes in UTF-8.
      this.#reserve(end, PREFIX + canonical.length * 3 + 1);
      const start = end + PREFIX;
      const length = this.#bytes.write(canonical, start, 'utf8');
      // The hash is over the previous hash and the text: the place of the line's own hash holds the
      // previous one just before the text, until the line's own is known. So nothing is copied.
      this.#bytes.write(previous, start - RAW_HASH, RAW_HASH, 'hex');
      previous = hash('sha256', this.#bytes.subarray(start - RAW_HASH, start + length), 'hex');
      this.#bytes.write(previous, end, 'latin1');
      this.#bytes[start - 1] = SPACE;
      this.#bytes[start + length] = LINE_FEED;
      end = start + length + 1;
    }
    return { after, head: { seq, hash: previous }, lines: this.#bytes.subarray(0, end) };
  }

  #reserve(end: number, more: number): void {
    if (end + more <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, end + more));
    this.#bytes.copy(larger, 0, 0, end);
    this.#bytes = larger;
  }
}
