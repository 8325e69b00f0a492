import { isIPv6 } from 'node:net';

/**
 * What stands for an address when attempts are counted: an IPv4 address by itself, an IPv6 address by its
 * /64, since every household and every rented machine has a whole one to choose from (RFC 6177 §2). An
 * IPv4 address in the clothes of IPv6 (RFC 4291 §2.5.5.2) is the IPv4 address.
 */
export function addressBlock(address: string): string {
  const bare = address.split('%', 1)[0] as string;
  if (!isIPv6(bare)) return bare;
  const groups = expand(bare);
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    const [high, low] = groups.slice(6) as [number, number];
    return [high >> 8, high & 255, low >> 8, low & 255].join('.');
  }
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')}::/64`;
}

/** The eight groups of an IPv6 address that `isIPv6` accepted. */
function expand(address: string): readonly number[] {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const text = dotted
    ? `${dotted[1]}${((Number(dotted[2]) << 8) | Number(dotted[3])).toString(16)}:${((Number(dotted[4]) << 8) | Number(dotted[5])).toString(16)}`
    : address;
  const [head, tail] = text.split('::') as [string, string?];
  const parse = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const [before, after] = [parse(head), tail === undefined ? [] : parse(tail)];
  return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after];
}
