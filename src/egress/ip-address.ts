/**
 * Addresses and ranges as numbers, so that a rule compares bits and not spellings: `::ffff:7f00:1`,
 * `::FFFF:127.0.0.1` and `127.0.0.1` are one address.
 */
import { isIP } from 'node:net';

export interface IpAddress {
  readonly family: 4 | 6;
  readonly value: bigint;
  /** As it was given, for messages. */
  readonly text: string;
}

export interface IpRange {
  readonly family: 4 | 6;
  readonly value: bigint;
  readonly prefix: number;
  readonly text: string;
}

const MAPPED = 0xffffn << 32n;
const LOW_32 = 0xffff_ffffn;

export const bitsOf = (family: 4 | 6): number => (family === 4 ? 32 : 128);

/**
 * An address in any spelling that `node:net` reads; undefined for anything else (octal, decimal and
 * shortened IPv4 among it). An IPv4-mapped IPv6 address is its IPv4 address, since that is what the
 * socket connects to. A zone (`%eth0`) is dropped.
 */
export function parseAddress(text: string): IpAddress | undefined {
  const bare = text.replace(/%.*$/, '');
  const family = isIP(bare);
  if (family === 4) return { family: 4, value: ipv4Value(bare), text };
  if (family !== 6) return undefined;
  const value = ipv6Value(bare);
  if (value >> 32n === MAPPED >> 32n) return { family: 4, value: value & LOW_32, text };
  return { family: 6, value, text };
}

/** `10.0.0.0/8`, `fd00::/8`, or one address; undefined when unreadable. Bits beyond the prefix do not count. */
export function parseRange(text: string): IpRange | undefined {
  const [written = '', prefixText, ...rest] = text.trim().split('/');
  const address = parseAddress(written);
  if (address === undefined || rest.length > 0) return undefined;
  if (prefixText === undefined) {
    return { family: address.family, value: address.value, prefix: bitsOf(address.family), text };
  }
  if (!/^\d{1,3}$/.test(prefixText)) return undefined;
  // `::ffff:10.0.0.0/104` is a range of IPv4 addresses; the 96 bits before it are the mapping.
  const prefix = Number(prefixText) - (address.family === 4 && written.includes(':') ? 96 : 0);
  if (prefix < 0 || prefix > bitsOf(address.family)) return undefined;
  return { family: address.family, value: address.value, prefix, text };
}

export function contains(range: IpRange, address: IpAddress): boolean {
  if (range.family !== address.family) return false;
  const ignored = BigInt(bitsOf(range.family) - range.prefix);
  return range.value >> ignored === address.value >> ignored;
}

/** An IPv4 address that was found inside another one. */
export function ipv4(value: bigint): IpAddress {
  const bytes = [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn);
  return { family: 4, value: value & LOW_32, text: bytes.join('.') };
}

function ipv4Value(text: string): bigint {
  return text.split('.').reduce((value, part) => (value << 8n) | BigInt(part), 0n);
}

function ipv6Value(text: string): bigint {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const hex = dotted === null ? text : `${dotted[1]}${groupsOfIpv4(dotted[2] as string)}`;
  const [head = '', tail] = hex.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups = [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after];
  return groups.reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n);
}

function groupsOfIpv4(text: string): string {
  const value = ipv4Value(text);
  return `${(value >> 16n).toString(16)}:${(value & 0xffffn).toString(16)}`;
}
