import { genesis, parseRecordLine, type Head } from '../../chain/chain.ts';
import type { LogEntry } from '../store.ts';
import type { ChainPlace } from './read-hashes.ts';
import { listSegments, paths, segmentHeader } from './layout.ts';
import { readLines, type RawLine } from './read-lines.ts';

export interface ChainReading {
  readonly root: string;
  readonly installation: string;
  readonly writer: string;
  /** What retention has removed, by the word of a checkpoint. */
  readonly removed?: Head | undefined;
  /** Give what comes after this record. */
  readonly after: number;
  /** Where durable content ends, when that is known: the segment, and bytes of it. */
  readonly end?: { readonly segment: number; readonly bytes: number };
  /** Another process is writing: an incomplete end is none of our business. */
  readonly busy: boolean;
  /** Where record `after` may end: then what lies before is not read again, nor checked. */
  readonly known?: ChainPlace | undefined;
  /** Hears where each group that was given ends. */
  readonly reached?: (place: ChainPlace) => void;
}

/**
 * What lies in a chain's segments, in order. Checks only what the files add to the records: that
 * segments follow each other and begin as they must, and that lines are lines. Whether the records
 * are what was written is for `verify` to say, so damage comes as an entry and reading goes on.
 */
export async function* readChain(reading: ChainReading): AsyncGenerator<readonly LogEntry[]> {
  const { root, installation, writer, after, end } = reading;
  const segments = listSegments(root, writer).filter((first) => end === undefined || first <= end.segment);
  const known = reading.known?.seq === after && segments.includes(reading.known.segment) ? reading.known : undefined;
  const begin = known ? segments.indexOf(known.segment) : segments.findLastIndex((first) => first <= after + 1);
  const { removed } = reading;
  const start = removed && segments[0] === removed.seq + 1 ? removed : genesis(installation, writer);
  let head: Head | undefined = begin <= 0 ? start : undefined;
  for (const first of segments.slice(Math.max(begin, 0))) {
    const resumed = known?.segment === first ? known : undefined;
    if (!resumed && head && head.seq + 1 !== first) {
      yield [fault(`the segment that begins with record ${head.seq + 1} is missing`)];
    }
    const expected: string | undefined = head && segmentHeader(installation, writer, head);
    const isLast = first === segments.at(-1);
    let seq = resumed?.seq ?? first - 1;
    let last: string | undefined = resumed ? undefined : head?.hash;
    let headerRead = resumed !== undefined;
    const stop = end?.segment === first ? end.bytes : undefined;
    for await (const lines of readLines(paths.segment(root, writer, first), resumed?.offset ?? 0, stop)) {
      const entries: LogEntry[] = [];
      for (const line of lines) {
        if (!line.complete && isLast && reading.busy) continue;
        if (!headerRead) {
          headerRead = true;
          if (expected !== undefined && (!line.complete || line.text !== expected)) {
            entries.push(fault(`the segment ${first} does not begin as it must`));
          }
          continue;
        }
        seq++;
        const entry = toEntry(line);
        if (entry.kind === 'record') last = entry.hash;
        if (seq > after) entries.push(entry);
      }
      const end = lines.findLast(({ complete }) => complete);
      if (end && seq >= first) reading.reached?.({ seq, segment: first, offset: end.offset + end.length + 1 });
      if (entries.length > 0) yield entries;
    }
    if (!headerRead && !(isLast && reading.busy)) yield [fault(`the segment ${first} is empty`)];
    head = last === undefined ? undefined : { seq, hash: last };
  }
}

const fault = (message: string): LogEntry => ({ kind: 'fault', message });

function toEntry(line: RawLine): LogEntry {
  if (!line.complete) return fault('the last line is incomplete');
  const record = line.text === undefined ? undefined : parseRecordLine(line.text);
  return record ? { kind: 'record', ...record } : fault('the line is no record');
}
