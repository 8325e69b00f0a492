import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** Runs one fixture under the project's own configuration, with a database running as in a whole run. */
function runFixture(name: string): { status: number | null; stdout: string } {
  const root = join(import.meta.dirname, '..', '..');
  return spawnSync(
    join(root, 'node_modules/.bin/vitest'),
    ['run', '--config', 'scripts/test/failing-run/vitest.config.ts', name],
    { cwd: root, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } },
  );
}

test('a run with a failed test exits with failure, and says so in its last line', () => {
  const { status, stdout } = runFixture('always-fails');
  expect(stdout).toMatch(/\ntests: 0 passed, 1 failed, 0 skipped\n/);
  expect(status).toBe(1);
});

test('a run without one exits with success', () => {
  const { status, stdout } = runFixture('always-passes');
  expect(stdout).toMatch(/\ntests: 1 passed, 0 failed, 0 skipped\n/);
  expect(status).toBe(0);
});
