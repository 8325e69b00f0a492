import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { counts, faults, LAST, readChecks, type Check } from '../checks/table.ts';
import { temporaryFolder } from './temporary-folder.ts';

const ROOT = join(import.meta.dirname, '../..');
const checks = readChecks(readFileSync(join(ROOT, 'conformance/checks.yaml'), 'utf8'));

test('every check has one answer, and the repository bears it out', () => {
  expect(faults(checks, ROOT)).toEqual([]);
  const sums = counts(checks);
  expect([...sums.values()].reduce((sum, count) => sum + count, 0)).toBe(LAST);
  process.stdout.write(`checks: ${[...sums].map(([what, count]) => `${count} ${what}`).join(', ')}\n`);
});

describe('a table is refused', () => {
  const entry = (yaml: string) => () => readChecks(`area:\n  1: { check: 'it holds', ${yaml} }\n`);
  test.each([
    ['without an answer', '', /nothing answers it/],
    [
      'with a document for what is open',
      "document: [a.md, A], open: { by: console, why: 'later' }",
      /it is answered and open/,
    ],
    ['with somebody unknown who brings it', "open: { by: somebody, why: 'later' }", /registry/],
    ['without why it is open', 'open: { by: console }', /why/],
    ['with no test in its list', 'tests: []', /too_small/],
  ])('%s', (_, yaml, said) => {
    expect(entry(yaml)).toThrow(said);
  });

  test('with a number that is there twice', () => {
    expect(() =>
      readChecks("area:\n  1: { check: 'a', tests: [[a, b]] }\n  1: { check: 'b', tests: [[a, b]] }\n"),
    ).toThrow(/keys must be unique/);
  });
});

describe('a table that the repository does not bear out', () => {
  const files = {
    'good.test.ts': `test('it holds', () => {});\ntest.each(rows)("%s holds", () => {});\n`,
    'skipped.test.ts': `describe.skip('for now', () => {\n  test('it holds', () => {});\n});\n`,
    'notes.ts': `// 'it holds'\n`,
    'guide.md': '# Guide\n\n## Networks\n\nSeparate them.\n\n## Later\n\n## End\n\nThe end.\n',
  };
  const filled = (first: Partial<Check>): readonly Check[] =>
    Array.from({ length: LAST }, (_, at) => ({
      ...{ number: at + 1, area: 'area', check: 'it holds' },
      ...(at === 0 ? first : { tests: [['good.test.ts', 'it holds']] satisfies [string, string][] }),
    }));

  test.each<[string, Partial<Check>, string[]]>([
    ['nothing, where all is there', { tests: [['good.test.ts', 'it ho']], document: ['guide.md', 'Networks'] }, []],
    ['a title in other quotes', { tests: [['good.test.ts', '%s holds']] }, []],
    ['a file that is not there', { tests: [['gone.test.ts', 'it']] }, ['check 1: gone.test.ts is not there']],
    ['a title that no test has', { tests: [['good.test.ts', 'holds']] }, ['check 1: good.test.ts has no test `holds`']],
    ['a file of no tests', { tests: [['notes.ts', 'it holds']] }, ['check 1: notes.ts is no file of tests']],
    [
      'a test that never runs',
      { tests: [['skipped.test.ts', 'it holds']] },
      ['check 1: skipped.test.ts has tests that never run'],
    ],
    [
      'a heading that is not there',
      { document: ['guide.md', 'Firewall'] },
      ['check 1: guide.md has no heading `Firewall`'],
    ],
    [
      'a heading with nothing under it',
      { document: ['guide.md', 'Later'] },
      ['check 1: guide.md says nothing under `Later`'],
    ],
  ])('says %s', (_, first, said) => {
    expect(faults(filled(first), temporaryFolder(files))).toEqual(said);
  });

  test('says which checks are missing, twice, or none of those that there are', () => {
    const [one, ...others] = filled({ tests: [['good.test.ts', 'it holds']] });
    const last = { ...one!, number: 141 };
    expect(faults([...others, others[0]!, last], temporaryFolder(files))).toEqual([
      'check 1 stands there 0 times',
      'check 2 stands there 2 times',
      'there is no check 141',
    ]);
  });
});
