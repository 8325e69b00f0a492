import { unlinkSync } from 'node:fs';
import type { AuditRecord } from '#contract';
import { parseRecordLine, type Head } from '../../chain/chain.ts';
import { listSegments, paths } from './layout.ts';
import { readEnd, readLines } from './read-lines.ts';

/**
 * The last record of the last segment that can go: finished, all of it older than `before`
 * (milliseconds), none of it behind `limit`. The segment at the end of a chain stays.
 */
export async function removableSegments(
  root: string,
  writer: string,
  before: number,
  limit: number,
): Promise<Head | undefined> {
  const segments = listSegments(root, writer);
  let found: Head | undefined;
  for (const [at, first] of segments.slice(0, -1).entries()) {
    const seq = (segments[at + 1] as number) - 1;
    if (seq > limit) break;
    const line = (await readEnd(paths.segment(root, writer, first)))?.line;
    const stored = line === undefined ? undefined : parseRecordLine(line);
    // What cannot be read is evidence; it stays, and with it what follows.
    if (stored === undefined || !isOld(stored.canonical, seq, before)) break;
    if (!(await areOld(paths.segment(root, writer, first), first, before))) break;
    found = { seq, hash: stored.hash };
  }
  return found;
}

/** Removes the segments that end at this record or before it; true when there were any. */
export function removeSegments(root: string, writer: string, upTo: number): boolean {
  const segments = listSegments(root, writer);
  const gone = segments.filter((_, at) => (segments[at + 1] ?? Infinity) - 1 <= upTo);
  for (const first of gone) unlinkSync(paths.segment(root, writer, first));
  return gone.length > 0;
}

/** One reading of the clock that was wrong must not make what is young old: every record is asked. */
async function areOld(segment: string, first: number, before: number): Promise<boolean> {
  // The first line is no record.
  let seq = first - 2;
  for await (const lines of readLines(segment)) {
    for (const { text } of lines) {
      if (++seq < first) continue;
      const stored = text === undefined ? undefined : parseRecordLine(text);
      if (stored === undefined || !isOld(stored.canonical, seq, before)) return false;
    }
  }
  return true;
}

function isOld(canonical: string, seq: number, before: number): boolean {
  try {
    const record = JSON.parse(canonical) as AuditRecord;
    return record.seq === seq && Date.parse(record.time) < before;
  } catch {
    return false;
  }
}
