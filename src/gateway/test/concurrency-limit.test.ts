import { expect, test } from 'vitest';
import { testTool } from '../../../test/test-tool.ts';
import { ConcurrencyLimit } from '../pipeline/concurrency-limit.ts';

const tool = (name: string, overrides: Partial<ReturnType<typeof testTool>> = {}) =>
  testTool({ name, run: () => Promise.reject(new Error('it is not run here')), overrides });

const times = (count: number, act: () => void): void => {
  for (let time = 0; time < count; time++) act();
};

test('one source has half of all calls and no more; the others have the rest', () => {
  const limit = new ConcurrencyLimit(8);
  const [slow, sameSource, other] = [
    tool('slow', { source: 'a' }),
    tool('beside', { source: 'a' }),
    tool('other', { source: 'b' }),
  ];
  limit.placeOf(other);
  times(3, () => limit.enter(limit.placeOf(slow)));
  limit.enter(limit.placeOf(sameSource));
  expect(() => limit.enter(limit.placeOf(slow))).toThrow(/^4 calls of `a` are running already/);
  times(4, () => limit.enter(limit.placeOf(other)));
  expect(() => limit.enter(limit.placeOf(other))).toThrow(/already runs 8 calls/);
  expect(limit.running).toBe(8);
  limit.leave(limit.placeOf(slow));
  limit.leave(limit.placeOf(other));
  limit.enter(limit.placeOf(sameSource));
  expect(limit.running).toBe(7);
});

test('sources, servers and namespaces of one name are places of their own, also after a reload', () => {
  const limit = new ConcurrencyLimit(100, 1);
  const tools = [
    tool('a', { source: 'x' }),
    tool('b', { server: 'x' }),
    tool('c', { source: 'x', namespace: 'elsewhere' }),
  ];
  for (const one of tools) limit.enter(limit.placeOf(one));
  for (const one of tools) expect(() => limit.enter(limit.placeOf({ ...one }))).toThrow(/1 calls of `x`/);
});

test('a tool without a source has no bound but that of all; prompts and resources have one together', () => {
  const limit = new ConcurrencyLimit(4);
  limit.placeOf(tool('of a source', { source: 'x' }));
  times(2, () => limit.enter(limit.consultations));
  expect(() => limit.enter(limit.consultations)).toThrow(/2 calls of prompts, resources and completions/);
  times(2, () => limit.enter(limit.placeOf(tool('of code'))));
  expect(() => limit.enter(limit.placeOf(tool('of code')))).toThrow(/already runs 4 calls/);
});

test('one source that is all that anybody calls has all, until another is called', () => {
  const limit = new ConcurrencyLimit(4);
  const only = limit.placeOf(tool('a', { source: 'x' }));
  times(4, () => limit.enter(only));
  expect(() => limit.enter(only)).toThrow(/already runs 4 calls/);
  const other = limit.placeOf(tool('b', { source: 'y' }));
  limit.leave(only);
  expect(() => limit.enter(only)).toThrow(/2 calls of `x`/);
  limit.enter(other);
  expect(limit.running).toBe(4);
});

test('a limit of one lets everything run, one at a time', () => {
  const limit = new ConcurrencyLimit(1);
  const place = limit.placeOf(tool('a', { source: 'x' }));
  times(3, () => {
    limit.enter(place);
    limit.leave(place);
  });
  expect(limit.running).toBe(0);
});
