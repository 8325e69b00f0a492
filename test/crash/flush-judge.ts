/**
 * Reads what strace recorded of a server: whether the outcome of each call was on the disk before the
 * first byte of its answer.
 *
 * A flush counts for what was written when it began, through the same descriptor. What is written through
 * a descriptor opened with O_DSYNC is flushed when the write returns (open(2)).
 */

/** What strace is to record, with strings long enough for a batch of records. */
export const TRACED = ['-s', '16384', '-e', 'trace=pwrite64,write,writev,fdatasync,fsync,sendto,sendmsg'];

export interface Traced {
  readonly trace: string;
  /** The W3C trace ids of the calls, in their order; each was made when the one before was answered. */
  readonly calls: readonly string[];
  /** Descriptors opened with O_DSYNC. */
  readonly synced: ReadonlySet<number>;
}

export interface Flushes {
  readonly answers: number;
  /** What is wrong with an answer, for each of which something is. */
  readonly early: readonly string[];
}

export function judgeFlushes({ trace, calls, synced }: Traced): Flushes {
  const early: string[] = [];
  const outcomes = new Map<string, Written>();
  let answers = 0;
  for (const event of eventsOf(trace)) {
    if (event.kind === 'answer') {
      const call = calls[answers++];
      const outcome = call === undefined ? undefined : outcomes.get(call);
      if (outcome === undefined) early.push(`${call ?? 'nobody'} was answered without an outcome on record`);
      else if (!outcome.flushed) early.push(`${call} was answered before its outcome was flushed`);
    } else if (event.kind === 'write') {
      for (const call of calls) {
        if (!event.records.some((record) => isOutcome(record, call))) continue;
        outcomes.set(call, { fd: event.fd, at: event.ended, flushed: synced.has(event.fd) });
      }
    } else {
      for (const written of outcomes.values()) {
        if (written.fd === event.fd && written.at < event.begun) written.flushed = true;
      }
    }
  }
  return { answers, early };
}

interface Written {
  readonly fd: number;
  /** The line of the trace in which the write returned. */
  readonly at: number;
  flushed: boolean;
}

/** strace shows the quotes of a record escaped. */
const isOutcome = (record: string, call: string): boolean =>
  ['"type":"tool.call"', '"outcome":"success"', `"traceId":"${call}"`].every((field) =>
    record.includes(field.replaceAll('"', String.raw`\"`)),
  );

type Event =
  | { readonly kind: 'answer' }
  | { readonly kind: 'write'; readonly fd: number; readonly ended: number; readonly records: readonly string[] }
  | { readonly kind: 'flush'; readonly fd: number; readonly begun: number };

/** An answer when it begins; a write of whole records and a flush when they returned, if they succeeded. */
function* eventsOf(trace: string): Generator<Event> {
  const begun = new Map<string, { readonly call: string; readonly line: number }>();
  for (const [line, text] of trace.split('\n').entries()) {
    const [, thread = '', said = ''] = /^(\d+) +(.*)$/.exec(text) ?? [];
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(said);
    const unfinished = said.endsWith(UNFINISHED);
    const before = resumed === null ? undefined : begun.get(thread);
    const call = before === undefined ? said : `${before.call}${resumed?.[1]}`;
    if (before === undefined && ANSWER.test(call)) yield { kind: 'answer' };
    if (unfinished) begun.set(thread, { call: said.slice(0, -UNFINISHED.length), line });
    else yield* returned(call, before?.line ?? line, line);
  }
}

const UNFINISHED = ' <unfinished ...>';
const ANSWER = /^(?:write|writev|sendto|sendmsg)\(.*HTTP\/1\.1 200/;

function* returned(call: string, begun: number, ended: number): Generator<Event> {
  const [, flushed] = /^(?:fdatasync|fsync)\((\d+)\)? *\)? += 0$/.exec(call) ?? [];
  if (flushed !== undefined) yield { kind: 'flush', fd: Number(flushed), begun };
  const [, fd, records, asked, written] = /^pwrite64\((\d+), "(.*)", (\d+), \d+\)? *\)? += (\d+)$/.exec(call) ?? [];
  if (fd === undefined || records === undefined || asked !== written) return;
  yield { kind: 'write', fd: Number(fd), ended, records: records.split(String.raw`\n`) };
}
