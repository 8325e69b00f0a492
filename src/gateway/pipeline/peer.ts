import type { IncomingMessage } from 'node:http';
import type { ResourcePlace } from '#contract';
import { isWithin, parseAddress, parseRange, type AddressRange } from '#kernel';

/** The other end of a connection. Read late: only what goes on record asks for it. */
export interface Peer {
  /** Its address, as the listener or a proxy of ours saw it: what others say of an address anybody can write. */
  readonly address: string | undefined;
  readonly userAgent: string | undefined;
  /** Serial of the client certificate that it showed, lower-case hexadecimal; undefined where none counts. */
  readonly certificateSerial: string | undefined;
}

/** The peer of a request over HTTP. */
export class HttpPeer implements Peer {
  readonly #request: IncomingMessage;
  readonly #proxies: readonly AddressRange[];
  #behindProxies: string | undefined;
  certificateSerial: string | undefined = undefined;
  /** The resource that it asks for. */
  resource: ResourcePlace | undefined = undefined;

  constructor(request: IncomingMessage, proxies: readonly AddressRange[]) {
    this.#request = request;
    this.#proxies = proxies;
  }

  get address(): string | undefined {
    // A socket that listens on IPv6 shows IPv4 peers in its own clothes.
    const seen = this.#request.socket.remoteAddress?.replace(MAPPED, '');
    if (this.#proxies.length === 0) return seen;
    const forwarded = this.#request.headers['x-forwarded-for'] as string | undefined;
    // The limits of a key, the record and the counts of refusals ask for it, each by itself.
    return (this.#behindProxies ??= clientAddress(seen, forwarded, this.#proxies));
  }

  get userAgent(): string | undefined {
    return this.#request.headers['user-agent'];
  }
}

/** The networks that the configuration has checked; what is none is nobody we believe. */
export const rangesOf = (texts: readonly string[]): readonly AddressRange[] =>
  texts.map(parseRange).flatMap((range) => (range.ok ? [range.value] : []));

const MAPPED = /^::ffff:(?=\d+\.)/;

/**
 * Who is behind proxies of ours. Each appends to `X-Forwarded-For` the address that it saw, so the list is read
 * from its end for as long as it is a proxy of ours that speaks: what stands before that the caller may have
 * written. What is no address ends the reading: the last one that was seen counts.
 */
export function clientAddress(
  seen: string | undefined,
  forwarded: string | undefined,
  proxies: readonly AddressRange[],
): string | undefined {
  let address = seen;
  for (const hop of (forwarded ?? '').split(',').toReversed()) {
    if (!isWithin(proxies, address)) return address;
    const written = withoutPort(hop.trim());
    if (parseAddress(written) === undefined) return address;
    address = written.replace(MAPPED, '');
  }
  return address;
}

/** Some proxies write the port as well: `192.0.2.7:51234`, `[2001:db8::7]:51234`. */
const withoutPort = (hop: string): string =>
  hop.replace(/^(\d+(?:\.\d+){3}):\d+$/, '$1').replace(/^\[(.*)\](?::\d+)?$/, '$1');

/** The person at this machine. */
export const LOCAL_PEER: Peer = Object.freeze({
  address: undefined,
  userAgent: undefined,
  certificateSerial: undefined,
});
