import {
  closeSync,
  fdatasyncSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { sha256Hex } from '#kernel';
import { genesis, nextHash, parseRecordLine, type Head } from '../../chain/chain.ts';
import { auditError } from '../../errors.ts';
import type { StoreNotice } from '../store.ts';
import { FILE_MODE } from './append-file.ts';
import { listSegments, paths, segmentHeader } from './layout.ts';
import { checkOurs } from './private-files.ts';
import { beforeZeros, splitLines, type RawLine } from './read-lines.ts';

/** Where a chain ends. */
export interface Tail {
  readonly head: Head;
  /** The segment to continue, by its first record, and its good bytes; undefined before the first one. */
  readonly segment: { readonly first: number; readonly bytes: number } | undefined;
  /** What follows the good bytes and no crash-free run leaves there; not empty only when there is a segment. */
  readonly torn: Buffer;
  /** Segments, by their first records, of which not even the first line was written: they never began. */
  readonly unbegun: readonly number[];
}

const NOTHING = Buffer.alloc(0);

// A batch is smaller; what a crash can have torn is the last batch at most, since a batch is written
// after the one before is durable.
const MOST_TORN = 2 * 1024 * 1024;
const WINDOW = 4 * 1024 * 1024;

/**
 * Finds the end of a chain that no process holds, without touching it. What a crash left of a batch
 * that was never acknowledged is told from damage by its nature: a last line without its end, or a
 * stretch with zero bytes, which a file has where the system extended it and did not get to write.
 * Complete lines of the last batch count, acknowledged or not: they are records of what was begun.
 *
 * Throws `AUDIT_DAMAGED` for an end that no crash leaves behind, among them one before `covered`, the
 * last record that a checkpoint has signed for. `removed` is the last record that retention has taken,
 * by the word of a checkpoint. Looks at the end alone; the whole is for `verify`.
 */
export function findTail(root: string, installation: string, writer: string, covered = 0, removed?: Head): Tail {
  const segments = [...listSegments(root, writer)];
  const unbegun: number[] = [];
  let window: Window | undefined;
  while (segments.length > 0 && window === undefined) {
    const last = segments.at(-1) as number;
    window = beganWindow(root, writer, last);
    if (window === undefined) unbegun.push(...segments.splice(-1));
  }
  const end = window
    ? endOf(
        {
          root,
          writer,
          start: removed?.seq === (segments[0] ?? 0) - 1 ? removed : genesis(installation, writer),
          installation,
        },
        segments,
        window,
      )
    : { head: genesis(installation, writer), segment: undefined, torn: NOTHING };
  const tail = { ...end, unbegun };
  if (tail.head.seq < covered)
    throw damaged(writer, `the record ${tail.head.seq + 1} is missing or not what was written`);
  return tail;
}

/**
 * Makes the end ready to be continued: removes segments that never began, and cuts off what is torn,
 * after keeping it in a file beside the segment. Gives notice of the latter.
 */
export function repairTail(
  root: string,
  writer: string,
  { head, segment, torn, unbegun }: Tail,
): StoreNotice | undefined {
  for (const first of unbegun) unlinkSync(paths.segment(root, writer, first));
  if (segment === undefined || torn.length === 0) return undefined;
  return cut(paths.segment(root, writer, segment.first), writer, head.seq + 1, segment.bytes, torn);
}

interface Window {
  readonly bytes: Buffer;
  readonly offset: number;
  readonly lines: RawLine[];
  /** Bytes of the window that complete lines take. */
  readonly used: number;
}

function beganWindow(root: string, writer: string, first: number): Window | undefined {
  const path = paths.segment(root, writer, first);
  checkOurs(path, 'file');
  const { bytes, offset } = readWindow(path);
  const { lines, used } = splitLines(bytes, offset);
  if (offset > 0 || lines.length > 0) return { bytes, offset, lines, used };
  if (bytes.length > MOST_TORN) throw damaged(writer, `the segment ${first} has no first line`);
  return undefined;
}

function endOf(
  { root, installation, writer, start }: { root: string; installation: string; writer: string; start: Head },
  segments: readonly number[],
  window: Window,
): Omit<Tail, 'unbegun'> {
  const first = segments.at(-1) as number;
  const { bytes, offset, used } = window;
  const lines = [...window.lines];
  const before = segments.length > 1 ? lastHead(root, writer, segments) : start;
  const header = offset === 0 ? lines.shift() : undefined;
  if (header && header.text !== segmentHeader(installation, writer, before)) {
    throw damaged(writer, `the segment ${first} does not begin as it must`);
  }
  // In a window that begins inside the file, the first line is a piece and the second has nothing to
  // be checked against.
  const known = header ? before : skipToKnown(lines, writer);
  const { good, hash } = checkLines(lines, known.hash);
  const bad = lines[good];
  const tornFrom = bad?.offset ?? offset + used;
  const rest = bytes.subarray(tornFrom - offset);
  // What was laid out and never written is no loss.
  const torn = rest.subarray(0, beforeZeros(rest));
  const head = { seq: lastSeq(lines[good - 1], writer) ?? known.seq, hash };
  if (torn.length > MOST_TORN || (bad !== undefined && !torn.includes(0))) {
    throw damaged(writer, `the record ${head.seq + 1} is not what was written`);
  }
  return { head, segment: { first, bytes: tornFrom }, torn };
}

const damaged = (writer: string, what: string): Error =>
  auditError('AUDIT_DAMAGED', `in the chain \`${writer}\`, ${what}`);

function readWindow(path: string): { bytes: Buffer; offset: number } {
  const fd = openSync(path, 'r');
  try {
    const { size } = statSync(path);
    const offset = Math.max(0, size - WINDOW);
    const bytes = Buffer.alloc(size - offset);
    let read = 0;
    while (read < bytes.length) {
      const more = readSync(fd, bytes, read, bytes.length - read, offset + read);
      if (more === 0) break;
      read += more;
    }
    return { bytes: bytes.subarray(0, read), offset };
  } finally {
    closeSync(fd);
  }
}

/** The head after the last but one segment. */
function lastHead(root: string, writer: string, segments: readonly number[]): Head {
  const window = readWindow(paths.segment(root, writer, segments.at(-2) as number));
  const line = splitLines(window.bytes, window.offset).lines.at(-1);
  const record = line?.text === undefined ? undefined : parseRecordLine(line.text);
  const seq = lastSeq(line, writer);
  if (!record || seq === undefined) throw damaged(writer, `the segment ${segments.at(-2)} does not end with a record`);
  return { seq, hash: record.hash };
}

function skipToKnown(lines: RawLine[], writer: string): Head {
  lines.shift();
  const known = lines.shift();
  const record = known?.text === undefined ? undefined : parseRecordLine(known.text);
  const seq = lastSeq(known, writer);
  if (!record || seq === undefined) throw damaged(writer, 'the end holds no record');
  return { seq, hash: record.hash };
}

/** How many lines continue the chain, and the hash after them. */
function checkLines(lines: readonly RawLine[], from: string): { good: number; hash: string } {
  let hash = from;
  for (const [good, { text }] of lines.entries()) {
    const record = text === undefined ? undefined : parseRecordLine(text);
    if (!record || record.hash !== nextHash(hash, record.canonical)) return { good, hash };
    hash = record.hash;
  }
  return { good: lines.length, hash };
}

/** The number a line gives itself; undefined without a line or a number. */
function lastSeq(line: RawLine | undefined, writer: string): number | undefined {
  const record = line?.text === undefined ? undefined : parseRecordLine(line.text);
  if (!record) return undefined;
  try {
    const { seq } = JSON.parse(record.canonical) as { seq?: unknown };
    if (Number.isSafeInteger(seq)) return seq as number;
  } catch {
    // Said below.
  }
  throw damaged(writer, 'the last line is no record');
}

function cut(path: string, writer: string, seq: number, from: number, torn: Buffer): StoreNotice {
  const sha256 = sha256Hex(torn);
  const aside = openSync(join(dirname(path), `torn-${seq}-${sha256.slice(0, 16)}.bin`), 'w', FILE_MODE);
  try {
    writeSync(aside, torn);
    fsyncSync(aside);
  } finally {
    closeSync(aside);
  }
  const fd = openSync(path, 'r+');
  try {
    ftruncateSync(fd, from);
    fdatasyncSync(fd);
  } finally {
    closeSync(fd);
  }
  return { kind: 'tail-cut', writer, seq, bytes: torn.length, sha256 };
}
