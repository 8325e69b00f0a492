import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { TlsClientSettings } from '#contract';
import { tlsClient } from '#tls';
import type { Sink } from './delivery.ts';

export interface SyslogSinkOptions<Item> {
  readonly host: string;
  readonly port: number;
  /** `false` for plain TCP (RFC 6587), which the configuration allows to this machine alone. */
  readonly tls: TlsClientSettings | false;
  readonly encode: (item: Item) => string;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 30_000;

/**
 * Messages over TLS with octet counting (RFC 5425 §4.3). Syslog has no acknowledgements, and what was
 * written to a socket is lost with a receiver that dies before it has read. So each piece has a
 * connection of its own, which we end (§4.4) and the receiver then ends as well: its end without an
 * error says that it has read all of it. A receiver that is killed with something unread answers with
 * a reset. The session is resumed, so a connection costs one round trip more, not a handshake.
 */
export class SyslogSink<Item> implements Sink<Item> {
  readonly confirmsReadingOnly = true;
  readonly #options: SyslogSinkOptions<Item>;
  #session: Buffer | undefined;
  #socket: Socket | undefined;

  constructor(options: SyslogSinkOptions<Item>) {
    this.#options = options;
  }

  async send(items: readonly Item[]): Promise<number> {
    const bytes = Buffer.concat(items.map((item) => frame(this.#options.encode(item))));
    const socket = await this.#connect();
    this.#socket = socket;
    try {
      await sent(socket, bytes, this.#options.timeoutMs ?? TIMEOUT_MS);
    } finally {
      this.#socket = undefined;
      socket.destroy();
    }
    return 0;
  }

  async close(): Promise<void> {
    this.#socket?.destroy();
  }

  #connect(): Promise<Socket> {
    const { host, port, tls, timeoutMs = TIMEOUT_MS } = this.#options;
    return new Promise((resolve, reject) => {
      const socket = tls === false ? connectTcp({ host, port }) : this.#secure(host, port, tls);
      const timer = setTimeout(() => socket.destroy(new Error(`no connection within ${timeoutMs} ms`)), timeoutMs);
      const done = (): void => {
        clearTimeout(timer);
        socket.removeListener('error', reject);
      };
      socket.once('error', (error: Error) => {
        done();
        reject(error);
      });
      socket.once(tls === false ? 'connect' : 'secureConnect', () => {
        done();
        resolve(socket);
      });
    });
  }

  #secure(host: string, port: number, tls: TlsClientSettings): TLSSocket {
    const options = tlsClient(tls);
    const socket = connectTls({
      servername: /^[\d.:[\]]+$/.test(host) ? '' : host,
      ...options,
      host,
      port,
      ...(this.#session && { session: this.#session }),
    });
    socket.on('session', (session) => {
      this.#session = session;
    });
    socket.once('error', () => {
      this.#session = undefined;
    });
    return socket;
  }
}

/** MSG-LEN SP SYSLOG-MSG; the length counts bytes (RFC 5425 §4.3). */
export function frame(message: string): Buffer {
  const bytes = Buffer.from(message);
  return Buffer.concat([Buffer.from(`${bytes.length} `), bytes]);
}

/** Resolves when the other side has ended after us. */
function sent(socket: Socket, bytes: Buffer, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`the receiver was silent for ${timeoutMs} ms`)));
    let finished = false;
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the receiver cut the connection')));
    socket.on('finish', () => {
      finished = true;
    });
    socket.on('end', () => {
      if (finished) resolve();
      else reject(new Error('the receiver ended the connection before it had everything'));
    });
    // Nothing that it says means anything, but its end is heard only behind it.
    socket.resume();
    socket.end(bytes);
  });
}
