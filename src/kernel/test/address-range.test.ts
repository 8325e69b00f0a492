import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatRange, isWithin, parseRange as parsed, type AddressRange } from '../address-range.ts';

function parseRange(text: string): AddressRange {
  const range = parsed(text);
  if (!range.ok) throw new Error(range.error);
  return range.value;
}

const within = (range: string, address: string | undefined): boolean => isWithin([parseRange(range)], address);

test.each([
  ['10.0.0.0/8', '10.255.255.255', true],
  ['10.0.0.0/8', '11.0.0.0', false],
  ['10.0.0.0/8', '::ffff:10.1.2.3', true],
  ['10.0.0.0/8', '::ffff:a01:203', true],
  ['::ffff:10.0.0.0/104', '10.1.2.3', true],
  ['::ffff:10.0.0.0/104', '11.1.2.3', false],
  ['192.0.2.7', '192.0.2.7', true],
  ['192.0.2.7', '192.0.2.8', false],
  ['192.0.2.7/32', '::ffff:192.0.2.7', true],
  ['0.0.0.0/0', '203.0.113.9', true],
  ['0.0.0.0/0', '2001:db8::1', false],
  ['::/0', '2001:db8::1', true],
  ['::/0', '203.0.113.9', false],
  ['2001:db8::/32', '2001:0DB8:1::', true],
  ['2001:db8::/32', '2001:db9::', false],
  ['fe80::/10', 'fe80::1%eth0', true],
  ['::1', '::1', true],
  ['127.0.0.1', '::1', false],
])('%s holds %s: %s', (range, address, expected) => {
  expect(within(range, address)).toBe(expected);
});

test.each([
  undefined,
  '',
  'localhost',
  '10.0.0',
  '10.0.0.1.',
  '010.0.0.1',
  '0x0a000001',
  '167772161',
  '10.0.0.1/32',
  ' 10.0.0.1',
])('an address that is none is in no network: %j', (address) => {
  expect(within('0.0.0.0/0', address) || within('::/0', address)).toBe(false);
});

test.each([
  ...['', '/', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/08', '10.0.0.0/8/8', '10.0.0.0/ 8', '10.1.0.0/8', '10.0.0.1/31'],
  ...[
    '2001:db8::/129',
    '2001:db8::1/32',
    '::ffff:10.0.0.0/8',
    'fe80::1%eth0/64',
    'example.org',
    '*',
    '10.*',
    '10.0.0.0-10.0.0.9',
  ],
])('%j is no network', (text) => {
  expect(parsed(text)).toMatchObject({ ok: false, error: expect.stringMatching(/\w/) as string });
});

test.each([
  ['10.0.0.0/8', '10.0.0.0/8'],
  ['192.0.2.7', '192.0.2.7/32'],
  ['::FFFF:10.0.0.0/104', '10.0.0.0/8'],
  ['2001:0DB8:0:0::/32', '2001:db8::/32'],
  ['::', '::/128'],
])('%s is kept as %s', (written, kept) => {
  expect(formatRange(parseRange(written))).toBe(kept);
  expect(formatRange(parseRange(kept))).toBe(kept);
});

test('a network holds its own addresses and no other, whatever its prefix (against addresses as bit strings)', () => {
  const bits = (octets: readonly number[]): string =>
    octets.map((octet) => octet.toString(2).padStart(8, '0')).join('');
  const octets = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
  fc.assert(
    fc.property(octets, octets, fc.nat(32), (first, second, prefix) => {
      const network = bits(first).slice(0, prefix).padEnd(32, '0');
      const start = [0, 8, 16, 24].map((at) => Number.parseInt(network.slice(at, at + 8), 2)).join('.');
      const expected = bits(second).slice(0, prefix) === network.slice(0, prefix);
      expect(within(`${start}/${prefix}`, second.join('.'))).toBe(expected);
      expect(within(`${start}/${prefix}`, `::ffff:${second.join('.')}`)).toBe(expected);
    }),
  );
});
