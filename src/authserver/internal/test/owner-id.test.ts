/** The one spelling of an owner: everything outside the grammar is refused, everything in it prints as itself. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OWNER_KINDS, parseOwnerId, printOwnerId, type OwnerId } from '#contract';
import { parseSpiffeId } from '#tls';

const A = 'spiffe://td.test/ns/ns-a/mcpserver/srv-a';

test('an owner is trust domain, namespace, kind and name, each for itself', () => {
  const value: OwnerId = { trustDomain: 'td.test', namespace: 'ns-a', kind: 'mcpserver', name: 'srv-a' };
  expect(parseOwnerId(A)).toEqual({ ok: true, value });
  for (const kind of OWNER_KINDS) expect(parseOwnerId(A.replace('mcpserver', kind))).toMatchObject({ value: { kind } });
});

test.each([
  ['nothing', ''],
  ['another scheme', A.replace('spiffe', 'https')],
  ['an upper-case scheme', A.replace('spiffe', 'SPIFFE')],
  ['an upper-case trust domain', A.replace('td.test', 'TD.test')],
  ['no trust domain', A.replace('td.test', '')],
  ['a port', A.replace('td.test', 'td.test:443')],
  ['userinfo', A.replace('td.test', 'x@td.test')],
  ['an upper-case namespace', A.replace('ns-a', 'NS-a')],
  ['an upper-case name', A.replace('srv-a', 'srv-A')],
  ['a wildcard', A.replace('srv-a', '*')],
  ['no namespace', A.replace('ns-a', '')],
  ['a dot segment', A.replace('/ns-a', '/ns-a/..')],
  ['dots for a name', A.replace('srv-a', '..')],
  ['dots within a name', A.replace('srv-a', 'a..b')],
  ['percent-encoding', A.replace('srv-a', 'srv%2da')],
  ['a trailing slash', `${A}/`],
  ['a segment more', `${A}/x`],
  ['a segment less', 'spiffe://td.test/ns/ns-a/mcpserver'],
  ['another kind', A.replace('mcpserver', 'mcp')],
  ['a kind of the prototype', A.replace('mcpserver', 'constructor')],
  ['a query', `${A}?x`],
  ['a fragment', `${A}#x`],
  ['a space', `${A} `],
  ['a NUL', `${A}\0`],
  ['a letter beyond ASCII', A.replace('srv', 'ſrv')],
])('it is not %s', (_, text) => {
  expect(parseOwnerId(text).ok).toBe(false);
});

const segment = fc.stringMatching(/^[a-z0-9](?:[a-z0-9._-]{0,20}[a-z0-9])?$/).filter((text) => !text.includes('..'));
const owner = fc.record({
  ...{ trustDomain: fc.stringMatching(/^[a-z0-9._-]{1,30}$/), namespace: segment, name: segment },
  kind: fc.constantFrom(...OWNER_KINDS),
});

test('what is printed is read as what it was, and is a SPIFFE ID; two owners never print alike (INT-013)', () => {
  fc.assert(
    fc.property(owner, owner, (one, other) => {
      expect(parseOwnerId(printOwnerId(one))).toEqual({ ok: true, value: one });
      expect(parseSpiffeId(printOwnerId(one)).ok).toBe(true);
      expect(printOwnerId(one) === printOwnerId(other)).toBe(JSON.stringify(one) === JSON.stringify(other));
    }),
    { numRuns: 2000 },
  );
});

test('whatever text is read prints as itself', () => {
  const near = fc.tuple(owner, fc.nat(80), fc.string({ maxLength: 3 }), fc.nat(3)).map(([one, at, insert, cut]) => {
    const text = printOwnerId(one);
    return text.slice(0, at) + insert + text.slice(at + cut);
  });
  fc.assert(
    fc.property(fc.oneof(near, fc.string()), (text) => {
      const read = parseOwnerId(text);
      if (read.ok) expect(printOwnerId(read.value)).toBe(text);
    }),
    { numRuns: 5000 },
  );
});
