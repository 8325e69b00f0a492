import { expect, test } from 'vitest';
import { Secret } from '#kernel';
import { sameConfig } from '../same-config.ts';

test.each<[string, unknown, unknown, boolean]>([
  ['equal data', { a: [1, { b: 'c' }] }, { a: [1, { b: 'c' }] }, true],
  ['another order of fields', { a: 1, b: 2 }, { b: 2, a: 1 }, true],
  ['an absent field and an undefined one', { a: 1, b: undefined }, { a: 1 }, true],
  ['a field more', { a: 1 }, { a: 1, b: 2 }, false],
  ['another order of items', [1, 2], [2, 1], false],
  ['a list and an object', [1], { 0: 1 }, false],
  ['the same secret', { password: new Secret('a') }, { password: new Secret('a') }, true],
  ['a changed secret', { password: new Secret('a') }, { password: new Secret('b') }, false],
  ['a secret and its print', { password: new Secret('a') }, { password: '[secret]' }, false],
  ['instances that cannot be compared', new Map(), new Map(), false],
])('%s: %o and %o', (_title, left, right, same) => {
  expect(sameConfig(left, right)).toBe(same);
});
