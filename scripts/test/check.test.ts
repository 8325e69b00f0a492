import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');

function check(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const node = ['--conditions=chatelaine-source', '--disable-warning=ExperimentalWarning', 'scripts/check.ts'];
  return spawnSync(process.execPath, [...node, ...args], { cwd: root, encoding: 'utf8' });
}

test('prints a line for the check and ends with the counts', () => {
  const { status, stdout } = check('--only', 'licences');
  expect(stdout).toMatch(/^✓ licences +\d+\.\d s {2}[\d,]+ packages\ncheck: 1 passed, 0 failed\n$/);
  expect(status).toBe(0);
});

test('a wrong name is a wrong command line, not a check that passed', () => {
  const { status, stdout, stderr } = check('--only', 'licence');
  expect(stdout).toBe('');
  expect(stderr).toBe('no check is called `licence`; did you mean `licences`?\n');
  expect(status).toBe(2);
});
