import { describe, expect, it } from 'vitest';
import { failedTests, missingFrom, verdicts, type AbuseList } from '../abuse/verdicts.ts';

const list: AbuseList = {
  areas: { vault: { covered: true }, as: { covered: false, comes: 'later on' } },
  entries: { 'VLT-001': ['vault', 'one'], 'VLT-002': ['vault', 'two'], 'AS-001': ['as', 'three'] },
};
const outcome = (tests: Parameters<typeof verdicts>[1]) =>
  verdicts(list, tests).map(({ id, verdict, isFailure }) => `${id} ${verdict}${isFailure ? '!' : ''}`);

describe('the verdict on an attack', () => {
  it('is that of the tests whose title, or whose suite’s, begins with its id or has it in parentheses', () => {
    const tests = [
      { titles: ['a suite', 'VLT-001: holds'], status: 'passed' },
      { titles: ['VLT-002: a suite', 'holds'], status: 'passed' },
      { titles: ['a suite', 'holds for a row (AS-001)'], status: 'passed' },
      { titles: ['a suite', 'holds as VLT-001 says'], status: 'failed' },
    ];
    expect(outcome(tests)).toEqual(['VLT-001 passed', 'VLT-002 passed', 'AS-001 passed']);
  });

  it('is a failure when one of its tests failed, in any area', () => {
    const tests = [
      { titles: ['VLT-001: a'], status: 'passed' },
      { titles: ['VLT-001: b'], status: 'failed' },
      { titles: ['VLT-002: a'], status: 'passed' },
      { titles: ['AS-001: a'], status: 'failed' },
    ];
    expect(outcome(tests)).toEqual(['VLT-001 failed!', 'VLT-002 passed', 'AS-001 failed!']);
  });

  it('is a failure in a covered area where no test ran, skipped ones included', () => {
    expect(outcome([{ titles: ['VLT-001: a'], status: 'skipped' }]).slice(0, 2)).toEqual([
      'VLT-001 has no test that runs here!',
      'VLT-002 has no test that runs here!',
    ]);
  });

  it('comes with the tests that failed and the first line of why', () => {
    const tests = [
      { titles: ['a suite', 'VLT-001: holds'], status: 'failed', failures: ['timed out\nat x'] },
      { titles: ['VLT-002: holds'], status: 'passed' },
      { titles: ['another test'], status: 'failed', failures: ['x'] },
    ];
    expect(failedTests(tests)).toEqual(['a suite > VLT-001: holds: timed out']);
  });

  it('names what a corpus has and the list has not', () => {
    expect(missingFrom(['VLT-001'], '- id: VLT-001\n  area: vault\n- id: CFG-009\n')).toEqual(['CFG-009']);
  });
});
