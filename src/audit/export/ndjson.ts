import { z } from 'zod';
import { auditError } from '../errors.ts';
import { canonicalJson } from '../record/canonical-json.ts';
import { checkpointLine, readCheckpoint, signedCheckpoint } from '../checkpoint/checkpoint.ts';
import type { RecordItem } from '../delivery/feed.ts';
import type { LogItem } from '../verify/log-stream.ts';

/**
 * The lossless export: a log as lines of JSON that can be verified like the log itself, by whoever
 * has the public key. In the order of `logStream`, between a first line that says whose log it is
 * and a last one that shows that nothing was cut off.
 */
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const id = z.string().length(26);

const exportLine = z.union([
  z.strictObject({ format: z.literal('chatelaine-audit-export/1'), installation: id }),
  z.strictObject({ hash, record: z.looseObject({ writer: id }), writer: id }),
  signedCheckpoint,
  z.strictObject({ fault: z.string(), writer: id }),
  z.strictObject({ removed: z.strictObject({ seq: z.int().positive(), hash }), writer: id }),
  z.strictObject({ end: z.strictObject({ items: z.int().nonnegative() }) }),
]);

/** The lines of an export, each without its line end. */
export async function* exportNdjson(
  installation: string,
  items: AsyncIterable<readonly LogItem[]>,
): AsyncGenerator<string, void, undefined> {
  yield canonicalJson({ format: 'chatelaine-audit-export/1', installation });
  let count = 0;
  for await (const group of items) {
    for (const item of group) {
      count++;
      yield encodeItem(item);
    }
  }
  yield canonicalJson({ end: { items: count } });
}

function encodeItem(item: LogItem): string {
  if (item.kind === 'record') return recordText(item.hash, item.canonical, item.writer);
  if (item.kind === 'removed') return canonicalJson({ removed: { ...item.head }, writer: item.writer });
  if (item.kind === 'fault') return canonicalJson({ fault: item.message, writer: item.writer });
  const checkpoint = readCheckpoint(item.line);
  return checkpoint
    ? canonicalJson(checkpoint)
    : canonicalJson({ fault: 'a checkpoint is unreadable', writer: NOBODY });
}

const recordText = (hash: string, canonical: string, writer: string): string =>
  `{"hash":"${hash}","record":${canonical},"writer":"${writer}"}`;

/**
 * A record on its own, as a line of the export. One whose personal fields were opened says so by
 * `opened`; `record` stays what is hashed.
 */
export function encodeRecordLine({ hash, canonical, record }: RecordItem): string {
  const text = recordText(hash, canonical, record.writer);
  const opened = canonicalJson(record);
  return opened === canonical ? text : `${text.slice(0, -1)},"opened":${opened}}`;
}

/** Stands where a fault is no chain's. */
const NOBODY = '0'.repeat(26);

export interface ReadExport {
  /** As the export says; whoever verifies compares it with what he expects. */
  readonly installation: string;
  readonly items: AsyncIterable<readonly LogItem[]>;
}

/**
 * An export, read back. Throws `AUDIT_DAMAGED`, at once or while the items are read, for a line that
 * is not written exactly as we write it, and for an export without its end.
 */
export async function readNdjson(lines: AsyncIterable<string>): Promise<ReadExport> {
  const iterator = lines[Symbol.asyncIterator]();
  const first = await iterator.next();
  const header = first.done === true ? undefined : readLine(first.value, 1);
  if (!header || !('format' in header)) throw auditError('AUDIT_DAMAGED', 'line 1 does not begin an export');
  return { installation: header.installation, items: readItems(iterator) };
}

async function* readItems(lines: AsyncIterator<string>): AsyncGenerator<readonly LogItem[]> {
  let number = 1;
  let ended = false;
  for (let next = await lines.next(); next.done !== true; next = await lines.next()) {
    const line = readLine(next.value, ++number);
    if (ended || 'format' in line) throw auditError('AUDIT_DAMAGED', `line ${number} does not belong there`);
    if ('end' in line) {
      if (line.end.items !== number - 2) {
        throw auditError('AUDIT_DAMAGED', `the export has ${number - 2} lines of the ${line.end.items} it should have`);
      }
      ended = true;
    } else if ('hash' in line) {
      yield [{ kind: 'record', writer: line.writer, hash: line.hash, canonical: canonicalJson(line.record) }];
    } else if ('removed' in line) {
      yield [{ kind: 'removed', writer: line.writer, head: line.removed }];
    } else if ('body' in line) {
      yield [{ kind: 'checkpoint', line: checkpointLine(line) }];
    } else {
      yield [{ kind: 'fault', writer: line.writer, message: line.fault }];
    }
  }
  if (!ended) throw auditError('AUDIT_DAMAGED', `the export breaks off after line ${number}`);
}

function readLine(text: string, number: number): z.infer<typeof exportLine> {
  try {
    const value: unknown = JSON.parse(text);
    const line = exportLine.safeParse(value);
    if (line.success && canonicalJson(value) === text) return line.data;
  } catch {
    // Said below.
  }
  throw auditError('AUDIT_DAMAGED', `line ${number} of the export is not what was written`);
}
