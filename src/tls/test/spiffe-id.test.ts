import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { parseSpiffeId, printSpiffeId, type SpiffeIdRefusal } from '../index.ts';

describe('a SPIFFE ID (SPIFFE-ID.md §2)', () => {
  it.each([
    ['spiffe://td.test', 'td.test', []],
    ['spiffe://td.test/ns/a/agent/b', 'td.test', ['ns', 'a', 'agent', 'b']],
    ['spiffe://1_2-3/A.B/...', '1_2-3', ['A.B', '...']],
    [`spiffe://${'a'.repeat(255)}/x`, 'a'.repeat(255), ['x']],
    [`spiffe://td/${'x'.repeat(2048 - 12)}`, 'td', ['x'.repeat(2048 - 12)]],
  ])('is read: %s', (text, trustDomain, path) => {
    expect(parseSpiffeId(text)).toEqual({ ok: true, value: { trustDomain, path } });
  });

  const refused: [text: string, why: SpiffeIdRefusal][] = [
    ['', 'not `spiffe://`'],
    ['SPIFFE://td/x', 'not `spiffe://`'],
    ['https://td/x', 'not `spiffe://`'],
    [' spiffe://td/x', 'not `spiffe://`'],
    ['spiffe:/td/x', 'not `spiffe://`'],
    ['spiffe://', 'no trust domain'],
    ['spiffe:///x', 'no trust domain'],
    ['spiffe://TD.test/x', 'a trust domain of other characters than `a-z 0-9 . - _`'],
    ['spiffe://tdé/x', 'a trust domain of other characters than `a-z 0-9 . - _`'],
    ['spiffe://td\n/x', 'a trust domain of other characters than `a-z 0-9 . - _`'],
    ['spiffe://*.td/x', 'a trust domain of other characters than `a-z 0-9 . - _`'],
    ['spiffe://[::1]/x', 'a port'],
    [`spiffe://${'a'.repeat(256)}/x`, 'a trust domain longer than 255 bytes'],
    ['spiffe://td:443/x', 'a port'],
    ['spiffe://user@td/x', 'userinfo'],
    ['spiffe://td/x?y', 'a query'],
    ['spiffe://td?y', 'a query'],
    ['spiffe://td/x#y', 'a fragment'],
    ['spiffe://td/x%2fy', 'percent-encoding'],
    ['spiffe://t%64/x', 'percent-encoding'],
    ['spiffe://td/', 'a trailing slash'],
    ['spiffe://td/x/', 'a trailing slash'],
    ['spiffe://td//x', 'an empty path segment'],
    ['spiffe://td/x//y', 'an empty path segment'],
    ['spiffe://td/./x', 'a dot segment'],
    ['spiffe://td/x/../y', 'a dot segment'],
    ['spiffe://td/x/..', 'a dot segment'],
    ['spiffe://td/a b', 'a path of other characters than `A-Z a-z 0-9 . - _`'],
    ['spiffe://td/x\0', 'a path of other characters than `A-Z a-z 0-9 . - _`'],
    ['spiffe://td/x, URI:spiffe://td/y', 'a path of other characters than `A-Z a-z 0-9 . - _`'],
    ['spiffe://td/*', 'a path of other characters than `A-Z a-z 0-9 . - _`'],
    ['spiffe://td/x;y', 'a path of other characters than `A-Z a-z 0-9 . - _`'],
    [`spiffe://td/${'x'.repeat(2048 - 11)}`, 'longer than 2048 bytes'],
  ];
  it.each(refused)('is refused: %j has %s', (text, why) => {
    expect(parseSpiffeId(text)).toEqual({ ok: false, error: why });
  });

  const character = (characters: string) => fc.constantFrom(...Array.from(characters));
  const lower = 'abcdefghijklmnopqrstuvwxyz0123456789.-_';
  const segment = fc
    .string({ unit: character(`${lower}ABCDEFGHIJKLMNOPQRSTUVWXYZ`), minLength: 1, maxLength: 20 })
    .filter((text) => text !== '.' && text !== '..');
  const id = fc.record({
    trustDomain: fc.string({ unit: character(lower), minLength: 1, maxLength: 60 }),
    path: fc.array(segment, { maxLength: 8 }),
  });

  it('comes back from its text', () => {
    fc.assert(
      fc.property(id, (one) => {
        expect(parseSpiffeId(printSpiffeId(one))).toEqual({ ok: true, value: one });
      }),
    );
  });

  it('has one spelling: whatever text is read prints as itself', () => {
    const near = fc
      .string({ unit: character('spife:/td.x%?#@A1é\n *'), maxLength: 24 })
      .map((text) => `spiffe://${text}`);
    fc.assert(
      fc.property(fc.oneof(near, fc.string({ unit: 'binary' }), fc.webUrl({ withFragments: true })), (text) => {
        const read = parseSpiffeId(text);
        if (read.ok) expect(printSpiffeId(read.value)).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });

  it('differs for every other pair of trust domain and path (INT-013)', () => {
    fc.assert(
      fc.property(id, id, (one, other) => {
        fc.pre(JSON.stringify(one) !== JSON.stringify(other));
        expect(printSpiffeId(one)).not.toBe(printSpiffeId(other));
      }),
    );
  });
});
