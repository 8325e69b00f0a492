import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileUriTemplate } from '../uri-template.ts';

test.each<[string, string, Record<string, string> | undefined]>([
  ['city://{country}/{name}', 'city://ch/Basel', { country: 'ch', name: 'Basel' }],
  ['city://{country}/{name}', 'city://ch/Z%C3%BCrich', { country: 'ch', name: 'Zürich' }],
  ['city://{country}/{name}', 'city://ch/a%2Fb', { country: 'ch', name: 'a/b' }],
  ['city://{country}/{name}', 'city://ch/a/b', undefined],
  ['city://{country}/{name}', 'city://ch/', undefined],
  ['city://{country}/{name}', 'city:///Basel', undefined],
  ['city://{country}/{name}', 'CITY://ch/Basel', undefined],
  ['city://{country}/{name}', 'city://ch/Basel?x=1', undefined],
  ['city://{country}/{name}', 'city://ch/Basel#x', undefined],
  ['city://{country}/{name}', 'city://ch/%E0%A4%A', undefined],
  ['a://{x}.json', 'a://b.json', { x: 'b' }],
  ['a://{x}.json', 'a://b.jso', undefined],
  ['a://{x}.json', 'a://.json', undefined],
  ['file:///d/{path}', 'file:///d/a/b.md', { path: 'a/b.md' }],
  ['file:///d/{path}', 'file:///d/%252e', { path: '%2e' }],
])('%s and %s', (template, uri, variables) => {
  expect(compileUriTemplate(template, ['path']).match(uri)).toEqual(variables);
});

test('an address of megabytes matches nothing, at once', () => {
  expect(compileUriTemplate('a://{x}-{y}').match(`a://${'-'.repeat(5_000_000)}`)).toBeUndefined();
});

test('the URI that a template expands to gives its values back', () => {
  const value = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter((text) => text.isWellFormed());
  fc.assert(
    fc.property(value, value, (x, y) => {
      const uri = `a://${encodeURIComponent(x)}/of/${encodeURIComponent(y)}`;
      expect(compileUriTemplate('a://{x}/of/{y}').match(uri)).toEqual({ x, y });
    }),
  );
});

describe('templates that cannot be matched are refused', () => {
  test.each([
    ['a://{+x}', '`{+x}` is not a variable that is understood'],
    ['a://b{?q}', '`{?q}` is not a variable that is understood'],
    ['a://{x}{y}', 'two variables touch'],
    ['a://{x}/{x}', 'the variable `x` stands there twice'],
    ['a://{x', 'a brace is not closed'],
  ])('%s', (template, message) => {
    expect(() => compileUriTemplate(template)).toThrow(message);
  });
});
