import { expect, test } from 'vitest';
import { judgeFlushes, type Flushes } from './flush-judge.ts';

const CALL = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1';
const NEXT = 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb2';

/** Lines as strace 6.1 wrote them, shortened within records. */
const record = (outcome: 'intent' | 'success', call = CALL): string =>
  String.raw`74e7985b0ce18e7452d87e3ba468880b8e0331759b7d6d82384deb2524d35a23 {\"action\":\"call\",\"class\":\"tool-call\",\"outcome\":\"${outcome}\",\"requestId\":\"mx33tya6-4\",\"seq\":11,\"traceId\":\"${call}\",\"type\":\"tool.call\",\"v\":1}\n`;
const write = (...records: readonly string[]): string => `17159 pwrite64(32, "${records.join('')}", 768, 6265) = 768`;
const begunWrite = (text: string): string => `17159 pwrite64(32, "${text}", 768, 6265 <unfinished ...>`;
const endedWrite = '17159 <... pwrite64 resumed>)           = 768';
const wake = String.raw`17159 write(19, "\1\0\0\0\0\0\0\0", 8)  = 8`;
const flush = '17157 fdatasync(32)                     = 0';
const begunFlush = '17157 fdatasync(32 <unfinished ...>';
const endedFlush = '17157 <... fdatasync resumed>)          = 0';
const answer = String.raw`17109 write(33, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"result\":\"[{\\\"id\\\":2}]\"}", 239) = 239`;
const [begunAnswer, endedAnswer] = [
  String.raw`17109 write(33, "HTTP/1.1 200 OK\r\n\r\n{}", 239 <unfinished ...>`,
  '17109 <... write resumed>)              = 239',
];

const judged = (lines: readonly string[], calls: readonly string[] = [CALL], ...synced: number[]): Flushes =>
  judgeFlushes({ trace: lines.join('\n'), calls, synced: new Set(synced) });

const right = { answers: 1, early: [] };
const without = { answers: 1, early: [`${CALL} was answered without an outcome on record`] };
const unflushed = { answers: 1, early: [`${CALL} was answered before its outcome was flushed`] };

test.each<[string, readonly string[], Flushes]>([
  ['written, flushed, answered', [write(record('success')), wake, flush, wake, answer], right],
  ['in a batch', [write(record('success', NEXT), record('success')), flush, answer], right],
  [
    'through calls that others interrupt',
    [begunWrite(record('success')), wake, endedWrite, begunFlush, wake, endedFlush, begunAnswer, endedAnswer],
    right,
  ],
  ['none recorded', [wake, flush, answer], without],
  ['only the intent recorded', [write(record('intent')), flush, answer], without],
  ['the outcome of another call', [write(record('success', NEXT)), flush, answer], without],
  ['outcome and call in two records', [write(record('intent'), record('success', NEXT)), flush, answer], without],
  [
    'a write that failed',
    [write(record('success')).replace('= 768', '= -1 ENOSPC (No space left on device)'), flush, answer],
    without,
  ],
  ['a part written', [write(record('success')).replace('= 768', '= 500'), flush, answer], without],
  ['not flushed', [write(record('success')), wake, answer], unflushed],
  ['flushed elsewhere', [write(record('success')), flush.replace('32', '31'), answer], unflushed],
  [
    'a flush that failed',
    [write(record('success')), flush.replace('= 0', '= -1 EIO (Input/output error)'), answer],
    unflushed,
  ],
  ['flushed before it was written', [flush, write(record('success')), answer], unflushed],
  [
    'a flush that began before the write had ended',
    [begunWrite(record('success')), begunFlush, endedWrite, endedFlush, answer],
    unflushed,
  ],
  ['a flush that had not ended', [write(record('success')), begunFlush, answer, endedFlush], unflushed],
  ['answered early', [answer, write(record('success')), flush], without],
  ['an answer that began early', [begunAnswer, write(record('success')), flush, endedAnswer], without],
])('the judge of flushes sees: %s', (_, lines, expected) => {
  expect(judged(lines)).toEqual(expected);
});

test('a write through a descriptor with O_DSYNC is flushed when it returns, and not through another', () => {
  const lines = [write(record('success')), answer];
  expect(judged(lines, [CALL], 32)).toEqual(right);
  expect(judged(lines, [CALL], 31)).toEqual(unflushed);
  expect(judged([begunWrite(record('success')), answer, endedWrite], [CALL], 32)).toEqual(without);
});

test('an answer has its own outcome, not that of the one before', () => {
  const one = [write(record('success')), flush, answer];
  expect(judged([...one, write(record('success', NEXT)), flush, answer], [CALL, NEXT])).toEqual({
    answers: 2,
    early: [],
  });
  expect(judged([...one, answer], [CALL, NEXT])).toEqual({
    answers: 2,
    early: [`${NEXT} was answered without an outcome on record`],
  });
});

test('an answer to nobody is counted', () => {
  expect(judged([write(record('success')), flush, answer, answer])).toMatchObject({ answers: 2 });
});
