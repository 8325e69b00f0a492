/**
 * What kind of place an address is: the IANA special-purpose registries (RFC 6890 and its updates),
 * multicast, the metadata services of the clouds, and IPv4 addresses wrapped in IPv6 ones.
 */
import { contains, ipv4, parseRange, type IpAddress, type IpRange } from './ip-address.ts';

export type AddressClass =
  | 'public'
  | 'loopback'
  | 'private'
  | 'link-local'
  | 'shared'
  | 'unspecified'
  | 'multicast'
  | 'reserved'
  | 'metadata';

/** Read once, at the first address: a start that connects nowhere need not. */
let known: ReturnType<typeof readTables> | undefined;
const tables = () => (known ??= readTables());

const readTables = () => ({
  // The first match counts, so single addresses stand before the ranges around them.
  classes: [
    // Credentials of the machine itself are handed out here: AWS, GCP, Azure, Alibaba, Oracle, Tencent.
    [
      'metadata',
      ranges(
        '169.254.169.254 169.254.170.2 169.254.170.23 169.254.0.23 168.63.129.16 100.100.100.200 192.0.0.192 fd00:ec2::254 fd00:ec2::23 fd20:ce::254',
      ),
    ],
    ['unspecified', ranges('0.0.0.0/8 ::/128')],
    ['loopback', ranges('127.0.0.0/8 ::1/128')],
    ['private', ranges('10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7 fec0::/10')],
    // RFC 6598: not "private" to most libraries, yet cluster and carrier networks live here.
    ['shared', ranges('100.64.0.0/10')],
    ['link-local', ranges('169.254.0.0/16 fe80::/10')],
    ['multicast', ranges('224.0.0.0/4 ff00::/8')],
    [
      'reserved',
      ranges(
        '192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 240.0.0.0/4 2001::/23 2001:db8::/32 3fff::/20',
      ),
    ],
  ] satisfies [AddressClass, readonly IpRange[]][],
  // RFC 6052 §2.1: how an IPv6-only network reaches the public IPv4 internet; judged by what is inside.
  nat64: ranges('64:ff9b::/96'),
  sixToFour: ranges('2002::/16'),
  globalUnicast: ranges('2000::/3'),
  // IPv4-compatible (RFC 4291 §2.5.5.1) and IPv4-translated (RFC 2765) forms, both obsolete.
  obsoleteEmbedded: ranges('::/96 ::ffff:0:0:0/96'),
});

/**
 * The class of an address. An IPv6 address that carries an IPv4 one counts as that one when the
 * inner address is not public: a translator on the way would deliver it there.
 */
export function classify(address: IpAddress): AddressClass {
  const { classes, nat64, sixToFour, globalUnicast } = tables();
  for (const [name, listed] of classes) if (within(listed, address)) return name;
  if (address.family === 4) return 'public';
  const inner = embeddedIpv4(address);
  const innerClass = inner === undefined ? 'public' : classify(inner);
  if (innerClass !== 'public') return innerClass;
  if (within(nat64, address)) return 'public';
  // Outside of 2000::/3 nothing is global unicast today, and 6to4 has been retired (RFC 7526).
  return within(globalUnicast, address) && !within(sixToFour, address) ? 'public' : 'reserved';
}

/** The IPv4 address that an IPv6 address wraps, in any of the schemes that ever routed one. */
export function embeddedIpv4(address: IpAddress): IpAddress | undefined {
  if (address.family === 4) return undefined;
  const { nat64, sixToFour, obsoleteEmbedded } = tables();
  if (within(sixToFour, address)) return ipv4((address.value >> 80n) & 0xffff_ffffn);
  const isatap = (address.value >> 32n) & 0xfdff_ffffn;
  if (within(nat64, address) || isatap === 0x5efen || within(obsoleteEmbedded, address)) {
    return ipv4(address.value & 0xffff_ffffn);
  }
  return undefined;
}

const within = (listed: readonly IpRange[], address: IpAddress): boolean =>
  listed.some((range) => contains(range, address));

function ranges(list: string): readonly IpRange[] {
  return list.split(' ').map((text) => parseRange(text) as IpRange);
}
