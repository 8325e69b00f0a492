import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from './temporary-folder.ts';

const script = join(import.meta.dirname, '..', 'complete-lockfile.mjs');

function complete(packages: Record<string, unknown>): Record<string, unknown> {
  const root = temporaryFolder({ 'package-lock.json': JSON.stringify({ lockfileVersion: 3, packages }) });
  const { status, stderr } = spawnSync(process.execPath, [script], { cwd: root, encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return (JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as { packages: Record<string, unknown> })
    .packages;
}

const fast = (...names: string[]): Record<string, unknown> => ({
  'node_modules/fast': {
    version: '2.0.0',
    optionalDependencies: Object.fromEntries(names.map((name) => [name, '2.0.0'])),
  },
});

test.each([
  ['fast-darwin-arm64', { os: ['darwin'], cpu: ['arm64'] }],
  ['fast-linux-x64-musl', { os: ['linux'], cpu: ['x64'], libc: ['musl'] }],
  ['fast-linux-arm-gnueabihf', { os: ['linux'], cpu: ['arm'], libc: ['glibc'] }],
  ['fast-win32-x64-msvc', { os: ['win32'], cpu: ['x64'] }],
  ['@fast/wasm32', { cpu: ['wasm32'] }],
])('adds the missing build %s with the platform its name says', (name, platform) => {
  expect(complete(fast(name))[`node_modules/${name}`]).toEqual({ version: '2.0.0', ...platform, optional: true });
});

test('leaves entries that are there, integrity and all', () => {
  const present = { 'node_modules/fast-linux-x64': { version: '2.0.0', integrity: 'sha512-kept', os: ['linux'] } };
  expect(complete({ ...fast('fast-linux-x64'), ...present })).toMatchObject(present);
});

test('adds nothing for an optional package that is no platform build', () => {
  expect(Object.keys(complete(fast('fast-colours')))).toEqual(['node_modules/fast']);
});

test('completes the lockfiles of folders that have their own, and none inside node_modules', () => {
  const lock = JSON.stringify({ lockfileVersion: 3, packages: fast('fast-linux-x64') });
  const files = { 'tools/package-lock.json': lock, 'node_modules/package-lock.json': lock };
  const root = temporaryFolder(files);
  spawnSync(process.execPath, [script], { cwd: root });
  expect(readFileSync(join(root, 'tools/package-lock.json'), 'utf8')).toContain('"node_modules/fast-linux-x64"');
  expect(readFileSync(join(root, 'node_modules/package-lock.json'), 'utf8')).toBe(lock);
});

test('with `--check` it names what is missing and changes nothing', () => {
  const lock = JSON.stringify({ lockfileVersion: 3, packages: fast('fast-linux-x64') });
  const root = temporaryFolder({ 'package-lock.json': lock });
  const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { cwd: root, encoding: 'utf8' });
  expect(stderr).toBe('package-lock.json lacks fast-linux-x64@2.0.0\n');
  expect(status).toBe(1);
  expect(readFileSync(join(root, 'package-lock.json'), 'utf8')).toBe(lock);
});
