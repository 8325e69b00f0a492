import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classify } from '../address-class.ts';
import { egressRules, judgeAddress, judgeUrl } from '../egress-rules.ts';
import { parseAddress, parseRange, type IpRange } from '../ip-address.ts';

const classOf = (text: string): string => {
  const address = parseAddress(text);
  return address === undefined ? 'unreadable' : classify(address);
};

describe('the class of an address', () => {
  it.each([
    ['8.8.8.8', 'public'],
    ['172.15.255.255', 'public'],
    ['172.32.0.0', 'public'],
    ['100.63.255.255', 'public'],
    ['100.128.0.0', 'public'],
    ['192.0.1.0', 'public'],
    ['223.255.255.255', 'public'],
    ['2606:4700::1111', 'public'],
    ['64:ff9b::8.8.8.8', 'public'],
    ['::ffff:8.8.8.8', 'public'],
    ['0.0.0.0', 'unspecified'],
    ['0.255.255.255', 'unspecified'],
    ['::', 'unspecified'],
    ['127.0.0.1', 'loopback'],
    ['127.255.255.254', 'loopback'],
    ['::1', 'loopback'],
    ['0:0:0:0:0:0:0:1', 'loopback'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['::ffff:7f00:1', 'loopback'],
    ['0:0:0:0:0:ffff:127.0.0.1', 'loopback'],
    ['::127.0.0.1', 'loopback'],
    ['::ffff:0:127.0.0.1', 'loopback'],
    ['64:ff9b::7f00:1', 'loopback'],
    ['2002:7f00:1::', 'loopback'],
    ['10.0.0.1', 'private'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.1.1', 'private'],
    ['fc00::1', 'private'],
    ['fdff::1', 'private'],
    ['fec0::1', 'private'],
    ['::ffff:a00:1', 'private'],
    ['64:ff9b::10.0.0.1', 'private'],
    ['2606:4700::5efe:10.0.0.1', 'private'],
    ['2606:4700::200:5efe:192.168.0.1', 'private'],
    ['100.64.0.1', 'shared'],
    ['100.127.255.255', 'shared'],
    ['169.254.1.1', 'link-local'],
    ['fe80::1', 'link-local'],
    ['fe80::1%eth0', 'link-local'],
    ['febf::1', 'link-local'],
    ['224.0.0.1', 'multicast'],
    ['239.255.255.255', 'multicast'],
    ['ff02::1', 'multicast'],
    ['240.0.0.1', 'reserved'],
    ['255.255.255.255', 'reserved'],
    ['192.0.0.8', 'reserved'],
    ['192.0.2.1', 'reserved'],
    ['198.18.0.1', 'reserved'],
    ['198.51.100.1', 'reserved'],
    ['203.0.113.1', 'reserved'],
    ['2001:db8::1', 'reserved'],
    ['2001:0:53aa:64c::1', 'reserved'],
    ['2002:808:808::', 'reserved'],
    ['64:ff9b:1::1', 'reserved'],
    ['100::1', 'reserved'],
    ['4000::1', 'reserved'],
    ['::8.8.8.8', 'reserved'],
    ['169.254.169.254', 'metadata'],
    ['::ffff:169.254.169.254', 'metadata'],
    ['64:ff9b::a9fe:a9fe', 'metadata'],
    ['168.63.129.16', 'metadata'],
    ['100.100.100.200', 'metadata'],
    ['fd00:ec2::254', 'metadata'],
    ['127.1', 'unreadable'],
    ['0x7f000001', 'unreadable'],
    ['0177.0.0.1', 'unreadable'],
    ['2130706433', 'unreadable'],
    ['example.org', 'unreadable'],
    ['', 'unreadable'],
  ])('%s is %s', (text, expected) => {
    expect(classOf(text)).toBe(expected);
  });

  it('sees through every wrapping of an IPv4 address that is not public (REG-001)', () => {
    const inner = fc
      .tuple(
        fc.constantFrom('10', '127', '169.254', '172.16', '192.168', '100.64', '0', '224'),
        fc.array(fc.nat(255), { minLength: 3, maxLength: 3 }),
      )
      .map(([start, rest]) => [...start.split('.'), ...rest].slice(0, 4).join('.'));
    fc.assert(
      fc.property(inner, (ipv4) => {
        const [a, b, c, d] = ipv4.split('.').map(Number) as [number, number, number, number];
        const hex = `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
        const wrapped = [
          `::ffff:${ipv4}`,
          `::ffff:${hex}`,
          `::ffff:0:${ipv4}`,
          `64:ff9b::${hex}`,
          `2002:${hex}::1`,
          `2606:4700::5efe:${hex}`,
        ];
        // `::0.0.0.1` is `::1` and `::0.0.0.0` is `::`; both refused as what they are.
        const open = [...wrapped, `::${ipv4}`].filter((text) => classOf(text) === 'public');
        expect(open).toEqual([]);
      }),
    );
  });
});

describe('a range', () => {
  it.each([
    ['10.0.0.0/8', 4, 8],
    ['10.0.0.1', 4, 32],
    ['::1', 6, 128],
    ['fd00::/8', 6, 8],
    ['::ffff:10.0.0.0/104', 4, 8],
    ['0.0.0.0/0', 4, 0],
  ])('%s is read', (text, family, prefix) => {
    expect(parseRange(text)).toMatchObject({ family, prefix });
  });

  it.each([
    '10.0.0.0/33',
    '::/129',
    '10.0.0/8',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0.0/-1',
    'localhost',
    '::ffff:10.0.0.0/8',
  ])('%s is refused', (text) => {
    expect(parseRange(text)).toBeUndefined();
  });
});

describe('the rules of a source', () => {
  const ranges = (...list: string[]): IpRange[] => list.map((text) => parseRange(text) as IpRange);
  const rules = (allowed: string[], blocked: string[] = [], allowPrivateNetworks = false) =>
    egressRules({
      allowedIpRanges: ranges(...allowed),
      customBlockedIpRanges: ranges(...blocked),
      allowPrivateNetworks,
    });

  it.each([
    ['nothing opened', rules([]), '10.0.0.1', false],
    ['nothing opened', rules([]), '8.8.8.8', true],
    ['a range opened', rules(['10.0.0.0/24']), '10.0.0.1', true],
    ['a range opened', rules(['10.0.0.0/24']), '10.0.1.1', false],
    ['a range opened, mapped spelling', rules(['10.0.0.0/24']), '::ffff:10.0.0.1', true],
    ['a range opened, NAT64 to it', rules(['10.0.0.0/24']), '64:ff9b::10.0.0.1', false],
    ['blocked inside an opened range', rules(['10.0.0.0/24'], ['10.0.0.99']), '10.0.0.99', false],
    ['blocked, mapped spelling', rules(['10.0.0.0/24'], ['10.0.0.99']), '::ffff:10.0.0.99', false],
    ['a public address blocked', rules([], ['8.8.8.0/24']), '8.8.8.8', false],
    ['a public address blocked, NAT64 to it', rules([], ['8.8.8.0/24']), '64:ff9b::808:808', false],
    ['private networks opened', rules([], [], true), '127.0.0.1', true],
    ['private networks opened', rules([], [], true), '100.64.0.1', true],
    ['private networks opened', rules([], [], true), 'fe80::1', true],
    ['private networks opened, not the rest', rules([], [], true), '224.0.0.1', false],
    ['private networks opened, not the rest', rules([], [], true), '0.0.0.0', false],
    ['private networks opened, not the metadata service', rules([], [], true), '169.254.169.254', false],
    [
      'a wide range does not open the metadata service',
      rules(['169.254.0.0/16', '0.0.0.0/0']),
      '169.254.169.254',
      false,
    ],
    ['the metadata service named alone', rules(['169.254.169.254']), '169.254.169.254', true],
    ['text that is no address', rules(['0.0.0.0/0', '::/0'], [], true), 'example.org', false],
  ])('%s: %o judges %s as %s', (_, given, address, allowed) => {
    expect(judgeAddress(given, address).ok).toBe(allowed);
  });

  it('a URL with a refused address in it is refused before anything connects', () => {
    expect(judgeUrl(rules([]), new URL('http://0x7f000001/'))).toEqual({
      ok: false,
      error: '`127.0.0.1` is a loopback address',
    });
    expect(judgeUrl(rules([]), new URL('http://[::ffff:7f00:1]/')).ok).toBe(false);
    expect(judgeUrl(rules([]), new URL('http://example.org/')).ok).toBe(true);
  });
});
