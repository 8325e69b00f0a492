import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from './temporary-folder.ts';

const script = readFileSync(join(import.meta.dirname, '..', 'bootstrap.mjs'), 'utf8');

/** Stands for npm: notes how it was called, and leaves what an installation leaves. */
const npm = `#!/bin/sh
echo "$*" >> "$CALLS"
[ -n "$FAIL" ] && exit 7
rm -rf node_modules && mkdir -p node_modules/node/bin && : > node_modules/node/bin/node
`;

/** A checkout with the script, and a way to run it that gives the exit code and the calls of npm so far. */
function checkout(): {
  root: string;
  run: (kind: string, fail?: boolean) => { status: number | null; calls: string[] };
} {
  const root = temporaryFolder({ 'scripts/bootstrap.mjs': script, 'package-lock.json': '{}', 'bin/npm': npm });
  spawnSync('chmod', ['+x', join(root, 'bin/npm')]);
  const calls = join(root, 'calls');
  return {
    root,
    run(kind, fail = false) {
      const env = { PATH: `${join(root, 'bin')}:${process.env.PATH}`, CALLS: calls, FAIL: fail ? 'yes' : '' };
      const { status } = spawnSync(process.execPath, [join(root, 'scripts/bootstrap.mjs'), kind], { env });
      return { status, calls: existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n') : [] };
    },
  };
}

test('installs once per lockfile', () => {
  const { root, run } = checkout();
  expect(run('development').calls).toHaveLength(1);
  expect(run('development').calls).toHaveLength(1);
  writeFileSync(join(root, 'package-lock.json'), '{ "changed": true }');
  expect(run('development').calls).toHaveLength(2);
});

test('production leaves development packages out; what development installed serves production too', () => {
  const { run } = checkout();
  expect(run('production').calls).toEqual([expect.stringMatching(/^ci .*--omit=dev$/)]);
  expect(run('development').calls).toEqual([expect.anything(), expect.not.stringContaining('--omit')]);
  expect(run('production').calls).toHaveLength(2);
});

test('a failed installation fails with the exit code of npm and is tried again next time', () => {
  const { run } = checkout();
  expect(run('development', true)).toMatchObject({ status: 7, calls: [expect.anything()] });
  expect(run('development')).toMatchObject({ status: 0, calls: [expect.anything(), expect.anything()] });
});
