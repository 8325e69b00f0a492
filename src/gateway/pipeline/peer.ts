import type { IncomingMessage } from 'node:http';

/** The other end of a connection. Read late: only what goes on record asks for it. */
export interface Peer {
  /** Its address, as the listener saw it: what a header says of an address anybody can write. */
  readonly address: string | undefined;
  readonly userAgent: string | undefined;
  /** Serial of the client certificate that it showed, lower-case hexadecimal; undefined where none counts. */
  readonly certificateSerial: string | undefined;
}

/** The peer of a request over HTTP. */
export class HttpPeer implements Peer {
  readonly #request: IncomingMessage;
  certificateSerial: string | undefined = undefined;

  constructor(request: IncomingMessage) {
    this.#request = request;
  }

  get address(): string | undefined {
    // A socket that listens on IPv6 shows IPv4 peers in its own clothes.
    return this.#request.socket.remoteAddress?.replace(/^::ffff:(?=\d+\.)/, '');
  }

  get userAgent(): string | undefined {
    return this.#request.headers['user-agent'];
  }
}

/** The person at this machine. */
export const LOCAL_PEER: Peer = Object.freeze({
  address: undefined,
  userAgent: undefined,
  certificateSerial: undefined,
});
