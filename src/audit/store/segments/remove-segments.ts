import { unlinkSync } from 'node:fs';
import type { AuditRecord } from '#contract';
import { parseRecordLine, type Head } from '../../chain/chain.ts';
import { listSegments, paths } from './layout.ts';
import { readEnd } from './read-lines.ts';

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
    const time = stored && timeOf(stored.canonical, seq);
    if (stored === undefined || time === undefined || time >= before) break;
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

function timeOf(canonical: string, seq: number): number | undefined {
  try {
    const record = JSON.parse(canonical) as AuditRecord;
    return record.seq === seq ? Date.parse(record.time) : undefined;
  } catch {
    return undefined;
  }
}
