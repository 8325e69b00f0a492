/** Every address that something in this process tries to connect to, whatever asked for it; and URLs that lead where nothing may. */
import { Socket } from 'node:net';
import fc from 'fast-check';
import { vi } from 'vitest';

export interface Outbound {
  /** Addresses that were tried, in order. */
  readonly tried: string[];
  stop(): void;
}

type Connect = (this: Socket, ...args: unknown[]) => Socket;

/** From now on. */
export function watchOutbound(): Outbound {
  const tried: string[] = [];
  const connect = Socket.prototype.connect as unknown as Connect;
  const spy = vi.spyOn(Socket.prototype as unknown as { connect: Connect }, 'connect');
  spy.mockImplementation(function (this: Socket, ...args) {
    this.on('connectionAttempt', (address: string) => void tried.push(address));
    return connect.apply(this, args);
  });
  return { tried, stop: () => spy.mockRestore() };
}

const byte = fc.nat(255);
const addresses = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('10', '127', '0', '169.254', '172.16', '192.168', '100.64', '198.18', '224.0', '240.0'),
      byte,
      byte,
      byte,
    )
    .map(([head, ...rest]) => [...head.split('.'), ...rest].slice(0, 4).join('.'))
    .filter((address) => address !== '127.0.0.1'),
  fc.constantFrom(
    ...['169.254.169.254', '100.100.100.200', '127.0.0.2', '0.0.0.0'],
    ...['[::1]', '[::]', '[fe80::1]', '[fd00:ec2::254]', '[fc00::7]', '[ff02::1]', '[2001:db8::1]'],
    ...['[64:ff9b::7f00:2]', '[2002:7f00:2::1]', '[::ffff:0:127.0.0.2]', '[::127.0.0.2]'],
  ),
);

/** Spellings of an address that mean the same to whoever parses URLs. */
const spelled = (address: string): readonly string[] => {
  const bytes = address.split('.').map(Number);
  if (bytes.length !== 4 || address.startsWith('[')) return [address];
  const number = bytes.reduce((sum, one) => sum * 256 + one, 0);
  return [
    ...[address, String(number), `0x${number.toString(16)}`, `0${number.toString(8)}`, `[::ffff:${address}]`],
    bytes.map((one) => `0${one.toString(8)}`).join('.'),
  ];
};

/** URLs of addresses that are not public, in any spelling; none is 127.0.0.1. */
export const forbiddenUrls: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom('http', 'https'),
    fc.constantFrom('', '', 'user:word@'),
    addresses,
    fc.nat(5),
    fc.constantFrom('', ':80', ':8443'),
  )
  .map(([scheme, user, address, spelling, port]) => {
    const all = spelled(address);
    return `${scheme}://${user}${all[spelling % all.length]}${port}/latest/meta-data`;
  });
