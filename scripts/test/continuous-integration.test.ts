import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from './temporary-folder.ts';

const script = readFileSync(join(import.meta.dirname, '..', '..', '.ci', 'run'), 'utf8');

/** Runs `.ci/run` with an npm that only says what the suites would, by the words it is called with; other suites count nothing. */
function runWith(suites: { tests: string; check: string }): { status: number | null; lines: string[] } {
  const root = temporaryFolder({
    '.ci/run': script,
    'bin/npm': `#!/bin/sh\ncase "$*" in\n*check*) ${suites.check} ;;\ntest) ${suites.tests} ;;\n*) echo "$3: 0 passed, 0 failed" ;;\nesac\n`,
    // Found, so that nothing is installed.
    'bin/redis-server': '#!/bin/sh\n',
    'bin/mariadbd': '#!/bin/sh\n',
    'bin/etcd': '#!/bin/sh\n',
  });
  for (const program of ['.ci/run', 'bin/npm', 'bin/redis-server', 'bin/mariadbd', 'bin/etcd'])
    chmodSync(join(root, program), 0o755);
  const { status, stdout } = spawnSync(join(root, '.ci/run'), {
    encoding: 'utf8',
    env: { PATH: `${join(root, 'bin')}:${process.env.PATH}` },
  });
  return { status, lines: stdout.trimEnd().split('\n') };
}

const fine = { tests: 'echo "tests: 40 passed, 0 failed, 2 skipped"', check: 'echo "check: 9 passed, 0 failed"' };

test('adds up what the suites count, alone on the last line', () => {
  const { status, lines } = runWith(fine);
  expect(lines.at(-1)).toBe('49 passed, 0 failed');
  expect(status).toBe(0);
});

test.each([
  ['a failed test', { tests: 'echo "tests: 39 passed, 1 failed"; exit 1' }, '48 passed, 1 failed'],
  [
    'a suite that fails without counting it',
    { tests: 'echo "tests: 40 passed, 0 failed"; exit 1' },
    '49 passed, 1 failed',
  ],
  ['a suite that never counts', { tests: 'exit 0' }, '9 passed, 1 failed'],
  ['a suite that is killed', { check: 'kill -9 $$' }, '40 passed, 1 failed'],
  [
    'counts in colour',
    { tests: String.raw`printf '\033[31mtests: 1 passed, 2 failed\033[0m\n'; exit 1` },
    '10 passed, 2 failed',
  ],
])('%s fails the whole, and the other suites still run', (_, suites, last) => {
  const { status, lines } = runWith({ ...fine, ...suites });
  expect(lines.at(-1)).toBe(last);
  expect(status).toBe(1);
});
