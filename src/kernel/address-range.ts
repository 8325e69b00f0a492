import { isIPv4, isIPv6 } from 'node:net';
import { err, ok, type Result } from './result.ts';

interface Address {
  readonly bits: 32 | 128;
  readonly value: bigint;
}

/** A network: the addresses that agree with `value` in their first `prefix` bits. */
export interface AddressRange extends Address {
  readonly prefix: number;
}

const MAPPED = 0xffffn << 32n;

/**
 * The address as a number; undefined for what is none. An IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2) is
 * its IPv4 address: a listener on `::` sees IPv4 peers in that form, and a rule for `10.0.0.0/8` means them.
 * A zone (`%eth0`) says through which interface, not who.
 */
export function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) return { bits: 32, value: ipv4Value(text) };
  const [bare = ''] = text.split('%');
  if (!isIPv6(bare)) return undefined;
  const value = ipv6Value(bare);
  return value >> 32n === MAPPED >> 32n ? { bits: 32, value: value & 0xffff_ffffn } : { bits: 128, value };
}

/**
 * The one spelling of an address: that of IPv4 for a mapped one, and of RFC 5952 for IPv6, without its zone;
 * undefined for what is none. What is kept or compared by its text is one address under one name.
 */
export function plainAddress(text: string): string | undefined {
  const address = parseAddress(text);
  if (address === undefined) return undefined;
  const { bits, value } = address;
  if (bits === 32) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join('.');
  return new URL(`http://[${text.replace(/%.*$/, '')}]`).hostname.slice(1, -1);
}

/**
 * A network in CIDR notation (RFC 4632 §3.1, RFC 4291 §2.3), or a single address; or why it is none, also for
 * bits behind the prefix: whoever wrote `10.1.2.3/8` meant one or the other.
 */
export function parseRange(text: string): Result<AddressRange, string> {
  const [written = '', length, ...rest] = text.split('/');
  const address = written.includes('%') ? undefined : parseAddress(written);
  if (address === undefined || rest.length > 0) return err('it is no address');
  const { bits, value } = address;
  // The prefix of a mapped network counts the 96 bits in front as well.
  const writtenBits = isIPv6(written) ? 128 : 32;
  if (length !== undefined && !/^(0|[1-9]\d{0,2})$/.test(length)) return err('its prefix is no number');
  const prefix = length === undefined ? bits : Number(length) - (writtenBits - bits);
  if (prefix < 0 || prefix > bits) return err(`a prefix lies between 0 and ${bits}`);
  const behind = BigInt(bits - prefix);
  if ((value >> behind) << behind !== value) {
    return err('it has bits behind its prefix; write the first address of the network, or one address');
  }
  return ok({ bits, value, prefix });
}

/** Whether one of the networks holds the address. An address that is not known is in none. */
export function isWithin(ranges: readonly AddressRange[], address: string | undefined): boolean {
  const peer = address === undefined ? undefined : parseAddress(address);
  if (peer === undefined) return false;
  return ranges.some(({ bits, value, prefix }) => {
    const behind = BigInt(bits - prefix);
    return bits === peer.bits && value >> behind === peer.value >> behind;
  });
}

/** Whether every address of the network is one of the other. */
export const isPartOf = ({ bits, value, prefix }: AddressRange, around: AddressRange): boolean =>
  bits === around.bits &&
  prefix >= around.prefix &&
  value >> BigInt(bits - around.prefix) === around.value >> BigInt(bits - around.prefix);

/** The one spelling of a network, as it is kept and shown. */
export function formatRange({ bits, value, prefix }: AddressRange): string {
  const groups = bits === 32 ? 4 : 8;
  const width = BigInt(bits / groups);
  const parts = Array.from(
    { length: groups },
    (_, at) => (value >> (width * BigInt(groups - 1 - at))) & ((1n << width) - 1n),
  );
  if (bits === 32) return `${parts.join('.')}/${prefix}`;
  const text = parts.map((part) => part.toString(16)).join(':');
  return `${new URL(`http://[${text}]`).hostname.slice(1, -1)}/${prefix}`;
}

const ipv4Value = (text: string): bigint => text.split('.').reduce((value, part) => (value << 8n) | BigInt(part), 0n);

function ipv6Value(text: string): bigint {
  const tail = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  if (tail) {
    const low = ipv4Value(tail[2] as string);
    return ipv6Value(`${tail[1] as string}${(low >> 16n).toString(16)}:${(low & 0xffffn).toString(16)}`);
  }
  const [head = '', end] = text.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = end === undefined || end === '' ? [] : end.split(':');
  const groups = [...left, ...Array.from({ length: 8 - left.length - right.length }, () => '0'), ...right];
  return groups.reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n);
}
