import { expect, test } from 'vitest';
import { selectChecks } from '../command-line.ts';

const names = ['lint', 'types', 'tests'];

test.each<[string, string[]]>([
  ['', ['lint', 'types', 'tests']],
  ['--only types', ['types']],
  ['--only tests,lint', ['lint', 'tests']],
  ['--only tests --only lint', ['lint', 'tests']],
  ['--skip tests', ['lint', 'types']],
])('`%s` selects %j', (line, selected) => {
  expect(selectChecks(line.split(' ').filter(Boolean), names)).toMatchObject({ ok: true, value: { names: selected } });
});

test.each([
  ['--only tpyes', 'no check is called `tpyes`; did you mean `types`?'],
  ['--skip tesst', 'no check is called `tesst`; did you mean `tests`?'],
  ['--only lint --skip lint', '`--only` and `--skip` leave nothing to check'],
  ['--fast', "Unknown option '--fast'"],
])('`%s` is refused, since a check that runs nothing proves nothing', (line, message) => {
  expect(selectChecks(line.split(' '), names)).toMatchObject({ ok: false, error: expect.stringContaining(message) });
});
