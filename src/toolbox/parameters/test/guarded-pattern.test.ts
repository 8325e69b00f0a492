import { expect, it } from 'vitest';
import { jsonSchemaCheck } from '../../sources/module/json-schema.ts';

it('a pattern that a stranger wrote to run for ever ends within its time, and does not match (CWE-1333)', () => {
  const check = jsonSchemaCheck({ type: 'string', pattern: '^(a|a)*$' }, 'theirs');
  const before = process.cpuUsage();
  expect(check(`${'a'.repeat(40)}!`)).toHaveLength(1);
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1000).toBeLessThan(5_000);
});

it.each([
  ['^[a-z]+$', 'abc', true],
  ['[0-9]', 'a1b', true],
  ['[0-9]', 'abc', false],
  ['^(?=.*x)[a-z]+$', 'axb', true],
  ['\\p{L}', 'é', true],
])('the pattern %s and the text %s', (pattern, text, matches) => {
  expect(jsonSchemaCheck({ type: 'string', pattern }, 'theirs')(text).length === 0).toBe(matches);
});

it('a schema of a draft before 2020-12 checks as far as it is the same', () => {
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    type: 'object',
    properties: { a: { $ref: '#/definitions/A' } },
    definitions: { A: { type: 'integer' } },
  };
  expect(jsonSchemaCheck(schema, 'theirs')({ a: 1 })).toEqual([]);
  expect(jsonSchemaCheck(schema, 'theirs')({ a: 'x' })).toHaveLength(1);
});
