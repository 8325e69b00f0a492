import { spawnSync } from 'node:child_process';
import { hash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Secret } from '#kernel';
import { openKeyFile } from '../wrappers/key-file.ts';
import { parseStrongKey } from '../wrappers/strong-key.ts';
import { refusal, temporaryDirectory } from './vault.fixture.ts';

const strong = (): string => `${randomBytes(32).toString('base64')}\n`;

test('VLT-009: the first start makes the key file 0600 under any umask, and nothing beside it', () => {
  const directory = temporaryDirectory();
  const file = join(directory, 'vault.key');
  const before = process.umask(0);
  try {
    openKeyFile(file, true);
  } finally {
    process.umask(before);
  }
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(directory)).toEqual(['vault.key']);
  expect(Buffer.from(readFileSync(file, 'utf8'), 'base64')).toHaveLength(32);
});

test('a second start opens what the first made', () => {
  const file = join(temporaryDirectory(), 'vault.key');
  const { id } = openKeyFile(file, true);
  const text = readFileSync(file, 'utf8');
  expect(openKeyFile(file, true).id).toBe(id);
  expect(readFileSync(file, 'utf8')).toBe(text);
});

test('without leave to make one, a missing key file is an error and stays missing', async () => {
  const file = join(temporaryDirectory(), 'vault.key');
  expect(await refusal(() => openKeyFile(file, false))).toBe('KEY_FILE_MISSING');
  expect(existsSync(file)).toBe(false);
});

test.each([
  ['readable by the group', (file: string) => chmodSync(file, 0o640)],
  ['readable by everybody', (file: string) => chmodSync(file, 0o604)],
  ['writable by the group', (file: string) => chmodSync(file, 0o620)],
  ['in a directory that the group writes', (file: string) => chmodSync(join(file, '..'), 0o770)],
  ['in a directory that everybody writes', (file: string) => chmodSync(join(file, '..'), 0o1777)],
])('VLT-009: refuses a key file that is %s', async (_, open) => {
  const file = join(temporaryDirectory(), 'vault.key');
  writeFileSync(file, strong(), { mode: 0o600 });
  open(file);
  expect(await refusal(() => openKeyFile(file, true))).toBe('KEY_FILE_UNSAFE');
});

test.each([
  ['a link to a good key file', (file: string, good: string) => symlinkSync(good, file)],
  ['a link to nothing', (file: string) => symlinkSync('nowhere', file)],
  ['a directory', (file: string) => mkdirSync(file)],
  ['a pipe', (file: string) => spawnSync('mkfifo', ['-m', '600', file])],
  ['something large', (file: string) => writeFileSync(file, 'A'.repeat(2000), { mode: 0o600 })],
])('VLT-009: refuses %s where the key file should be', async (_, plant) => {
  const directory = temporaryDirectory();
  const good = join(directory, 'good.key');
  writeFileSync(good, strong(), { mode: 0o600 });
  const file = join(directory, 'vault.key');
  plant(file, good);
  expect(await refusal(() => openKeyFile(file, true))).toBe('KEY_FILE_UNSAFE');
});

test.runIf(process.getuid?.() === 0)('VLT-009: refuses a key file of another user', async () => {
  const file = join(temporaryDirectory(), 'vault.key');
  writeFileSync(file, strong(), { mode: 0o600 });
  chownSync(file, 12_345, 12_345);
  expect(await refusal(() => openKeyFile(file, true))).toBe('KEY_FILE_UNSAFE');
});

const bytes = (make: (index: number) => number): string =>
  Buffer.from(Array.from({ length: 32 }, (_, i) => make(i))).toString('base64');

test.each([
  ['nothing', ''],
  ['31 bytes', randomBytes(31).toString('base64')],
  ['33 bytes', randomBytes(33).toString('base64')],
  ['hex', randomBytes(32).toString('hex')],
  ['a passphrase', 'correct horse battery staple'],
  ['a passphrase in base64', Buffer.from('correct-horse-battery-staple-32!').toString('base64')],
  ['zeros', bytes(() => 0)],
  ['one byte, repeated', bytes(() => 0xa7)],
  ['a sequence', bytes((i) => i)],
  ['a sequence downwards', bytes((i) => 255 - i)],
  ['a pattern', bytes((i) => [0xde, 0xad, 0xbe, 0xef][i % 4] as number)],
  ['few different bytes', bytes((i) => (i * i) % 7)],
  ['the digest of a common word', hash('sha256', 'password', 'base64')],
  ['two lines', `${randomBytes(32).toString('base64')}\n${randomBytes(32).toString('base64')}`],
])('refuses %s as a wrapping key, without repeating it', (_, text) => {
  const refused = (): unknown => parseStrongKey(new Secret(text), 'the key');
  expect(refused).toThrow(expect.objectContaining({ code: 'KEY_WEAK' }) as Error);
  if (text.length > 8) expect(refused).not.toThrow(text.slice(0, 8));
});

test('takes random keys in base64 and base64url, with and without padding', () => {
  for (let round = 0; round < 2000; round++) {
    const key = randomBytes(32);
    for (const text of [key.toString('base64'), key.toString('base64').slice(0, -1), key.toString('base64url')]) {
      expect(parseStrongKey(new Secret(`${text}\n`), 'the key')).toEqual(key);
    }
  }
});
