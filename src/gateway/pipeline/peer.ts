import type { IncomingMessage } from 'node:http';
import type { Presentation, ResourcePlace } from '#contract';
import { isWithin, parseRange, plainAddress, type AddressRange } from '#kernel';
import type { Places, Told } from '#policy';

/** The other end of a connection. Read late: only what goes on record asks for it. */
export interface Peer {
  /** Its address, as the listener or a proxy of ours saw it: what others say of an address anybody can write. */
  readonly address: string | undefined;
  /** Where that is, and in whose network, for policies that look at it. */
  readonly country: Told<string>;
  readonly asn: Told<number>;
  readonly userAgent: string | undefined;
  /** Serial of the client certificate that it showed, lower-case hexadecimal; undefined where none counts. */
  readonly certificateSerial: string | undefined;
}

/** What a replica saw of a request that it forwarded. */
interface SeenElsewhere {
  readonly address: string | undefined;
  readonly proved?: string | undefined;
}

/** The peer of a request over HTTP. */
export class HttpPeer implements Peer {
  readonly #request: IncomingMessage;
  readonly #proxies: readonly AddressRange[];
  readonly #places: Places;
  readonly #elsewhere: SeenElsewhere | undefined;
  #behindProxies: string | undefined;
  certificateSerial: string | undefined = undefined;
  /** The resource that it asks for. */
  resource: ResourcePlace | undefined = undefined;
  /** How its token came, where that is more than `Bearer`. */
  presentation: Presentation | undefined = undefined;

  constructor(request: IncomingMessage, proxies: readonly AddressRange[], places: Places, elsewhere?: SeenElsewhere) {
    this.#request = request;
    this.#proxies = proxies;
    this.#places = places;
    this.#elsewhere = elsewhere;
  }

  /** Thumbprint of the key whose proof was used up at the replica that forwarded the request. */
  get proved(): string | undefined {
    return this.#elsewhere?.proved;
  }

  get address(): string | undefined {
    if (this.#elsewhere !== undefined) return this.#elsewhere.address;
    // A socket that listens on IPv6 shows IPv4 peers in its own clothes, and those of a link with the interface.
    const seen = this.#request.socket.remoteAddress?.replace(CLOTHES, '');
    if (this.#proxies.length === 0) return seen;
    const forwarded = this.#request.headers['x-forwarded-for'] as string | undefined;
    // The limits of a key, the record and the counts of refusals ask for it, each by itself.
    return (this.#behindProxies ??= clientAddress(seen, forwarded, this.#proxies));
  }

  get country(): Told<string> {
    return this.#places.countryOf(this.address);
  }

  get asn(): Told<number> {
    return this.#places.asnOf(this.address);
  }

  get userAgent(): string | undefined {
    return this.#request.headers['user-agent'];
  }
}

/** A peer of whom another door said from where it came. */
export class ToldPeer implements Peer {
  readonly address: string | undefined;
  readonly userAgent: string | undefined;
  readonly certificateSerial = undefined;
  readonly #places: Places;

  constructor(from: Pick<Peer, 'address' | 'userAgent'>, places: Places) {
    this.address = from.address;
    this.userAgent = from.userAgent;
    this.#places = places;
  }

  get country(): Told<string> {
    return this.#places.countryOf(this.address);
  }

  get asn(): Told<number> {
    return this.#places.asnOf(this.address);
  }
}

/** The networks that the configuration has checked; what is none is nobody we believe. */
export const rangesOf = (texts: readonly string[]): readonly AddressRange[] =>
  texts.map(parseRange).flatMap((range) => (range.ok ? [range.value] : []));

const CLOTHES = /^::ffff:(?=\d+\.)|%.*$/;

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
    // In one spelling: whoever chooses theirs chooses neither another network nor another count.
    const written = plainAddress(withoutPort(hop.trim()));
    if (written === undefined) return address;
    address = written;
  }
  return address;
}

/** Some proxies write the port as well: `192.0.2.7:51234`, `[2001:db8::7]:51234`. */
const withoutPort = (hop: string): string =>
  hop.replace(/^(\d+(?:\.\d+){3}):\d+$/, '$1').replace(/^\[(.*)\](?::\d+)?$/, '$1');

/** The person at this machine. */
export const LOCAL_PEER: Peer = Object.freeze({
  address: undefined,
  country: undefined,
  asn: undefined,
  userAgent: undefined,
  certificateSerial: undefined,
});
