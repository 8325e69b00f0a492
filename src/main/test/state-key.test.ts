import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readStateKey } from '../state-key.ts';

function directory(): string {
  const folder = mkdtempSync(join(tmpdir(), 'chatelaine-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('the key is made once, for its owner alone, and nothing is left beside it', () => {
  const folder = directory();
  const key = readStateKey(folder);
  expect(key).toHaveLength(32);
  expect(readStateKey(folder)).toEqual(key);
  expect(readdirSync(folder)).toEqual(['request-state.key']);
  expect(statSync(join(folder, 'request-state.key')).mode & 0o777).toBe(0o600);
});

test.each([0, 31, 33])('a file of %i bytes is no key, and the remedy is in the error', (length) => {
  const folder = directory();
  writeFileSync(join(folder, 'request-state.key'), Buffer.alloc(length, 1));
  expect(() => readStateKey(folder)).toThrowError(
    expect.objectContaining({
      code: 'STATE_KEY_UNUSABLE',
      message: expect.stringContaining(`is ${length} bytes long`),
    }),
  );
});
