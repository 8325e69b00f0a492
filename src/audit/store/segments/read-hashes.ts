import { HASH_DIGITS } from '../../chain/chain.ts';
import { auditError } from '../../errors.ts';
import { listSegments, paths } from './layout.ts';
import { readLines } from './read-lines.ts';

/** Where a record ends in the segments of its chain. */
export interface ChainPlace {
  readonly seq: number;
  readonly segment: number;
  readonly offset: number;
}

export interface HashReading {
  readonly root: string;
  readonly writer: string;
  /** The hashes of the records after this one, up to and with that one. */
  readonly after: number;
  readonly upTo: number;
  /** Where record `after` ends, when that is known; else it is looked for from its segment's beginning. */
  readonly known: ChainPlace | undefined;
}

const SPACE = 0x20;

/**
 * The chain hashes of a stretch of records as they are stored, 32 bytes each, without a look at the
 * records themselves: what a checkpoint signs. Returns where the last one ends.
 *
 * Throws `AUDIT_DAMAGED` when there are not as many, or a line is none of ours.
 */
export async function* readHashes(reading: HashReading): AsyncGenerator<readonly Buffer[], ChainPlace | undefined> {
  const { root, writer, after, upTo, known } = reading;
  if (upTo === after) return known;
  const segments = listSegments(root, writer);
  const begin = known?.seq === after ? known.segment : segments.findLast((first) => first <= after + 1);
  for (const segment of segments.filter((first) => begin !== undefined && first >= begin)) {
    const resumed = known?.seq === after && segment === begin;
    // The first line of a segment is no record.
    let seq = resumed ? after : segment - 2;
    for await (const lines of readLines(paths.segment(root, writer, segment), resumed ? known.offset : 0)) {
      const hashes: Buffer[] = [];
      for (const { bytes, offset, complete } of lines) {
        if (++seq <= after) continue;
        if (seq < segment) continue;
        if (!complete || bytes[HASH_DIGITS] !== SPACE) throw damaged(writer, seq);
        const hash = Buffer.from(bytes.toString('latin1', 0, HASH_DIGITS), 'hex');
        if (hash.length !== HASH_DIGITS / 2) throw damaged(writer, seq);
        hashes.push(hash);
        if (seq < upTo) continue;
        yield hashes;
        return { seq, segment, offset: offset + bytes.length + 1 };
      }
      if (hashes.length > 0) yield hashes;
    }
  }
  throw auditError('AUDIT_DAMAGED', `the chain \`${writer}\` has no record ${upTo} any more`);
}

const damaged = (writer: string, seq: number): Error =>
  auditError('AUDIT_DAMAGED', `record ${seq} of the chain \`${writer}\` is not what was written`);
