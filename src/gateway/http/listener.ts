import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { ServerTls, TrustedBundles } from '#tls';
import { cutSilentBodies } from './slow-bodies.ts';

export interface Listener {
  readonly host: string;
  readonly port: number;
  /** Stops accepting, lets running requests end for `graceMs` milliseconds, then cuts what is left. */
  close(graceMs: number): Promise<void>;
}

/** Who sends nothing more of a request is cut off at the latest after so long. */
const SILENT_MS = 9_500;
/** How often Node looks at its bounds, which adds as much to each of them. */
const CHECK_MS = 1_000;

/**
 * Opens an HTTP listener with bounds on everything a slow or silent peer could hold: headers within
 * ten seconds, no more than ten of silence in a body, the whole request within `requestTimeout`, 16 KiB of
 * headers (431 beyond), 100 of them.
 * With `tls` it speaks HTTPS alone: plain HTTP on its port is a failed handshake, and gets no answer. A
 * new certificate is for new connections; those that are open go on.
 */
export function listen(options: {
  host: string;
  port: number;
  requestTimeoutMs: number;
  handler: (request: IncomingMessage, response: ServerResponse) => void;
  tls?: ServerTls | undefined;
  /** Told of every handshake that failed, with OpenSSL's reason. */
  handshakeFailed?: ((reason: string) => void) | undefined;
}): Promise<Listener> {
  const bounds: ServerOptions = {
    headersTimeout: Math.min(SILENT_MS - CHECK_MS, options.requestTimeoutMs),
    requestTimeout: options.requestTimeoutMs,
    keepAliveTimeout: 75_000,
    connectionsCheckingInterval: CHECK_MS,
    maxHeaderSize: 16 * 1024,
    noDelay: true,
  };
  const server =
    options.tls === undefined
      ? createServer(bounds, options.handler)
      : openTls(bounds, { ...options, tls: options.tls });
  server.maxHeadersCount = 100;
  cutSilentBodies(server, SILENT_MS);
  const sockets = new OpenSockets(options.tls !== undefined);
  server.on('connection', (socket) => sockets.add(socket));
  if (options.tls !== undefined) watchHandshakes(server, sockets, options.tls);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      const { address, port } = server.address() as AddressInfo;
      resolve({ host: address, port, close: (graceMs) => close(server, sockets, graceMs) });
    });
  });
}

function openTls(
  bounds: ServerOptions,
  { tls, handler, handshakeFailed }: Parameters<typeof listen>[0] & { tls: ServerTls },
): TlsServer {
  const server = createTlsServer({ ...bounds, ...tls.options() }, handler);
  tls.onChange(() => server.setSecureContext(tls.options()));
  server.on('tlsClientError', (error: NodeJS.ErrnoException) => handshakeFailed?.(error.code ?? error.message));
  return server;
}

/**
 * Whom a handshake trusts is settled when it begins; when it is over that may be somebody else. It goes on all the same,
 * since whoever is trusted by both has done nothing wrong, and is judged by both when it is over.
 */
function watchHandshakes(server: Server, sockets: OpenSockets, tls: ServerTls): void {
  const begunWith = new WeakMap<Socket, TrustedBundles>();
  server.on('connection', (socket) => {
    const trusted = tls.trusted?.();
    if (trusted !== undefined) begunWith.set(socket, trusted);
  });
  server.on('secureConnection', (socket) => {
    const below = sockets.of(socket);
    sockets.add(socket);
    if (tls.accepted === undefined) return;
    const trusted = below && begunWith.get(below);
    // Nobody could say whom it trusted.
    if (trusted === undefined) socket.destroy();
    else tls.accepted(socket, trusted);
  });
  tls.onChange(({ isLost }) => {
    if (isLost) sockets.cutHandshakes();
  });
}

/** A timer cannot hold longer. */
const LONGEST_TIMER = 2 ** 31 - 1;
const SWEEP_MS = 25;

/** The connections of a listener, each as what can be said to be quiet: above TLS where there is TLS. */
class OpenSockets {
  readonly #overTls: boolean;
  readonly #byPeer = new Map<string, Socket>();

  constructor(overTls: boolean) {
    this.#overTls = overTls;
  }

  /** Once when it is accepted, and once more when its handshake is over. */
  add(socket: Socket): void {
    const peer = peerOf(socket);
    this.#byPeer.set(peer, socket);
    socket.once('close', () => {
      if (this.#byPeer.get(peer) === socket) this.#byPeer.delete(peer);
    });
  }

  /** The connection below one whose handshake is over, until that is added itself. */
  of(socket: Socket): Socket | undefined {
    return this.#byPeer.get(peerOf(socket));
  }

  /**
   * Cuts connections on which no request has begun. To Node they count as busy with one: those that
   * never sent a byte, and under TLS those whose bytes were but a handshake, finished or not.
   */
  cutUnused(): void {
    for (const socket of this.#byPeer.values()) {
      if (this.#shakesHands(socket) || socket.bytesRead === 0) socket.destroy();
    }
  }

  /** Cuts connections whose handshake is not over. */
  cutHandshakes(): void {
    for (const socket of this.#byPeer.values()) if (this.#shakesHands(socket)) socket.destroy();
  }

  #shakesHands(socket: Socket): boolean {
    return this.#overTls && !(socket instanceof TLSSocket);
  }
}

const peerOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;

function close(server: Server, sockets: OpenSockets, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), Math.min(graceMs, LONGEST_TIMER));
    // Node closes the connections that idle now. Those whose answer comes later idle then.
    const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
    sockets.cutUnused();
    server.close(() => {
      clearTimeout(cut);
      clearInterval(sweep);
      resolve();
    });
  });
}
