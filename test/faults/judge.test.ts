import { expect, test } from 'vitest';
import {
  counted,
  judgeKept,
  judgeRecovery,
  judgeRefusals,
  judgeRemoval,
  judgeServed,
  judgeTraffic,
  quantile,
  type Sample,
} from './judge.ts';
import type { Verdict } from './trial.ts';

const good = (at: number, ms = 5): Sample => ({
  at,
  ms,
  status: 200,
  code: undefined,
  retryAfter: undefined,
  text: '',
});
const refused = (at: number, fields: Partial<Sample> = {}): Sample => ({
  ...good(at),
  ...{ status: 503, code: 'AWAY', retryAfter: '1' },
  ...fields,
});
const cut = (at: number): Sample => refused(at, { status: 0, code: 'ECONNRESET', retryAfter: undefined });
const many = (count: number, ms: number, from = 0): Sample[] =>
  Array.from({ length: count }, (_, at) => good(from + at, ms));

/** Which of the facts do not hold. */
const failing = (verdicts: readonly Verdict[]): readonly string[] =>
  verdicts.filter(({ passed }) => passed !== true).map(({ what, seen }) => `${what}: ${seen}`);

function expectFailing(verdicts: readonly Verdict[], expected: readonly RegExp[]): void {
  expect(failing(verdicts)).toEqual(expected.map((one) => expect.stringMatching(one) as string));
}

test.each<[string, readonly Sample[], readonly RegExp[]]>([
  ['refusals as they must be', [good(0), refused(1)], []],
  ['a fault that nobody noticed', [good(0), good(1)], [/there was a fault at all: 2 × 200/]],
  ['nobody who asked', [], [/there was a fault at all/, /answered within/]],
  ['a refusal without Retry-After', [refused(0, { retryAfter: undefined })], [/otherwise.*: 1: 503 AWAY/]],
  ['a Retry-After that is no number of seconds', [refused(0, { retryAfter: '0' })], [/otherwise.*: 1/]],
  ['another status', [refused(0, { status: 500 })], [/otherwise.*: 1: 500/]],
  ['a connection that broke', [cut(0), refused(1)], [/otherwise.*: 1: 0 ECONNRESET/]],
  ['a refusal that took too long', [refused(0, { ms: 2001 })], [/within 2000 ms: 2001 ms at most/]],
  ['a success that took too long', [refused(0), good(1, 5000)], [/within 2000 ms: 5000 ms at most/]],
])('the judge of refusals sees %s', (_, samples, expected) => {
  expectFailing(judgeRefusals('calls', samples, 2000), expected);
});

test('a wish is said and fails nothing; the bound beside it does', () => {
  const passed = (ms: number) => judgeRefusals('calls', [refused(0, { ms })], 3000, 2000).map((one) => one.passed);
  expect(passed(1500)).toEqual([true, true, true, true]);
  expect(passed(2500)).toEqual([true, true, true, 'goal']);
  expect(passed(3500)).toEqual([true, true, false, 'goal']);
});

test.each<[string, readonly Sample[], readonly RegExp[]]>([
  ['everybody served at once', [refused(0), good(100), good(200)], []],
  ['a last failure in time', [refused(150), good(1000)], []],
  ['a failure that comes too late', [good(100), refused(5200), good(5300)], [/after 5105 ms/]],
  ['one that was sent in time and failed too late', [refused(200, { ms: 6000 }), good(7000)], [/after 6100 ms/]],
  ['nobody served since', [refused(150), refused(300)], [/0 answers since/]],
  ['nobody who asked', [], [/0 answers since/]],
])('the judge of a recovery at 100 sees %s', (_, samples, expected) => {
  expectFailing(judgeRecovery('calls', samples, 100, 5000), expected);
});

const tolerance = { factor: 1.2, leastMs: 50 };

test.each<[string, readonly Sample[], readonly Sample[], readonly RegExp[]]>([
  ['nothing that changed', many(100, 10), many(100, 12), []],
  ['a few that a machine held up', many(100, 10), [...many(97, 10), ...many(3, 500)], []],
  ['more of them than that', many(100, 10), [...many(96, 10), ...many(4, 500)], [/slower than 60 ms.*: 4;/]],
  ['all a little slower than may be', many(100, 100), many(100, 151), [/slower than 150 ms.*: 100;/]],
  ['a failure meanwhile', many(100, 10), [...many(99, 10), refused(5)], [/failed.*: 1: 503/]],
  ['a failure before', [...many(99, 10), cut(5)], many(100, 10), [/failed.*: 1: 0/]],
  ['nothing to compare with', [], many(100, 10), [/slower than/]],
  ['nobody who asked meanwhile', many(100, 10), [], [/slower than/]],
])('the judge of others sees %s', (_, before, during, expected) => {
  expectFailing(judgeKept('calls', { before, during }, tolerance), expected);
});

test('callers whom the machine held up are known by those of a neighbour, who were held up as well', () => {
  const calls = { before: many(100, 10), during: [...many(90, 10), ...many(10, 500)] };
  const quiet = { before: many(100, 5), during: many(100, 5) };
  const busy = { before: many(100, 5), during: [...many(97, 5), ...many(3, 300)] };
  expectFailing(judgeKept('calls', calls, tolerance), [/at most 3 of 100: 10;/]);
  expectFailing(judgeKept('calls', calls, tolerance, quiet), [/at most 3 of 100: 10;/]);
  expectFailing(judgeKept('calls', calls, tolerance, busy), []);
  const failing = { ...calls, during: [...calls.during.slice(1), refused(5)] };
  expectFailing(judgeKept('calls', failing, tolerance, busy), [/failed.*: 1: 503/]);
});

test.each<[string, readonly Sample[], readonly RegExp[]]>([
  ['a refusal soon after', [good(0), good(110), refused(200)], []],
  ['what was on its way', [good(0), cut(99), refused(200)], []],
  ['a failure before', [good(0), cut(50), refused(200)], [/before it is removed: failed.*1: 0/]],
  ['nobody who is refused', [good(0), good(110)], [/0 of 1 times/]],
  ['somebody who is served too long', [good(0), refused(150), good(2_200)], [/after 2105 ms at most/]],
  ['nobody who asked before', [refused(200)], [/nobody asked/]],
])('the judge of a removal at 100 sees %s', (_, samples, expected) => {
  expectFailing(judgeRemoval('calls', [{ removedAt: 100, samples }], 2_000), expected);
});

test('who is not served is named, and nobody served is no success', () => {
  expect(judgeServed('calls', [good(0), good(1)]).passed).toBe(true);
  expect(judgeServed('calls', [good(0), cut(1)])).toMatchObject({ passed: false, seen: '1: 0 ECONNRESET after 5 ms' });
  expect(judgeServed('calls', [])).toMatchObject({ passed: false });
});

test.each([
  ['as much', 10, 10, true],
  ['twice as much', 10, 20, true],
  ['more than twice', 10, 21, false],
  ['nothing, of which nothing is twice', 0, 0, false],
])('traffic of %s', (_, before, during, passed) => {
  expect(judgeTraffic('bytes', before, during, 2).passed).toBe(passed);
});

test('answers are counted by status and reason, the most frequent first', () => {
  expect(counted([good(0), refused(1), refused(2), cut(3)])).toBe('2 × 503 AWAY, 1 × 200, 1 × 0 ECONNRESET');
  expect(counted([])).toBe('nothing');
});

test.each([
  [[], 0.5, Number.NaN],
  [[3], 0.99, 3],
  [[4, 1, 3, 2], 0.5, 3],
  [Array.from({ length: 100 }, (_, at) => at), 0.99, 99],
])('quantile of %j at %d', (values, share, expected) => {
  expect(quantile(values, share)).toBe(expected);
});
