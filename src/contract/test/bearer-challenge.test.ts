import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readChallenge } from '../bearer-challenge.ts';

const none = { error: undefined, scopes: undefined, resourceMetadata: undefined };

test.each<[string, ReturnType<typeof readChallenge>]>([
  ['Bearer', none],
  ['bearer realm="x"', none],
  ['Bearer scope="a b", error="insufficient_scope"', { ...none, error: 'insufficient_scope', scopes: ['a', 'b'] }],
  ['Bearer scope=a', { ...none, scopes: ['a'] }],
  ['Bearer scope=""', { ...none, scopes: [] }],
  ['Bearer realm="a, b", resource_metadata="https://x/y?z=1,2"', { ...none, resourceMetadata: 'https://x/y?z=1,2' }],
  ['Basic realm="Bearer scope=\\"x\\"", Bearer error = "e"', { ...none, error: 'e' }],
  ['Negotiate, Bearer error="e"', { ...none, error: 'e' }],
  ['Bearer error="one", error="two"', { ...none, error: 'one' }],
  ['Bearer error="e", DPoP error="other", scope="no"', { ...none, error: 'e' }],
  ['Bearer error="a\\"b"', { ...none, error: 'a"b' }],
  ['Bearer error="unended', none],
  ['Basic realm="x"', undefined],
  ['', undefined],
])('%s', (field, expected) => {
  expect(readChallenge(field)).toEqual(expected);
});

test('whatever a server writes is read, and no length of it takes long', () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 400, unit: fc.constantFrom('Bearer', ' ', '=', '"', ',', '\\', 'a', '\t') }),
      (field) => {
        readChallenge(field);
        readChallenge(`Bearer ${field}`);
      },
    ),
  );
  for (const part of ['a="', 'a=', 'a,', '"\\', 'a ']) readChallenge(`Bearer ${part.repeat(2000)}`);
});

test('what is no scope is left out, and a list without end is cut (RFC 6749 §3.3)', () => {
  expect(readChallenge('Bearer scope="a \\"b\\" ä c"')?.scopes).toEqual(['a', 'c']);
  const many = Array.from({ length: 500 }, (_, at) => `s${at}`).join(' ');
  expect(readChallenge(`Bearer scope="${many}"`)?.scopes).toHaveLength(100);
});
