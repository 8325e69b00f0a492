import { expect, test } from 'vitest';
import { compileSearch, startPatternBudget } from '../index.ts';

const found = (pattern: string, text: string, ignoreCase = false): readonly string[] | undefined => {
  startPatternBudget();
  const places = compileSearch(pattern, ignoreCase).find(text);
  return places && places.flatMap((start, at) => (at % 2 === 0 ? [text.slice(start, places[at + 1])] : []));
};

test('finds every match anywhere, in order', () => {
  expect(found('EMP-[0-9]{6}', 'of EMP-123456 and EMP-654321.')).toEqual(['EMP-123456', 'EMP-654321']);
  expect(found('emp-[0-9]+', 'EMP-1', true)).toEqual(['EMP-1']);
  expect(found('(?i)emp-[0-9]+', 'EMP-1')).toEqual(['EMP-1']);
  expect(found('(?:[0-9]{3}-){2}[0-9]{4}', '123-456-7890')).toEqual(['123-456-7890']);
  expect(found('\\b[A-Z]{2}\\b', '🂡 AB')).toEqual(['AB']);
});

test('a pattern that is everywhere and nowhere is refused, and so is what is none', () => {
  for (const pattern of ['', 'a*', '(?:)|b']) expect(() => compileSearch(pattern)).toThrow(/empty text/);
  expect(() => compileSearch('(')).toThrow(/\S/);
});

test('an empty match in the middle of others is no match', () => {
  expect(found('(?=b)|a', 'ab')).toEqual(['a']);
});

test('what may run for ever gives no answer instead', () => {
  expect(found('(a+)+b', 'a'.repeat(50_000))).toBeUndefined();
  expect(found('[a-z]+[a-z]+[a-z]+@', 'a'.repeat(50_000))).toBeUndefined();
});

test('a bounded pattern gets through a text of any length', () => {
  const text = `${'1'.repeat(5_000_000)} EMP-123456`;
  expect(found('EMP-[0-9]{6}', text)).toEqual(['EMP-123456']);
});
