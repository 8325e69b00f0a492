import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface Listener {
  readonly host: string;
  readonly port: number;
  /** Stops accepting, lets running requests end for `graceMs` milliseconds, then cuts what is left. */
  close(graceMs: number): Promise<void>;
}

/**
 * Opens an HTTP listener with bounds on everything a slow or silent peer could hold: headers within
 * ten seconds, the whole request within `requestTimeout`, 16 KiB of headers (431 beyond), 100 of them.
 */
export function listen(options: {
  host: string;
  port: number;
  requestTimeoutMs: number;
  handler: (request: IncomingMessage, response: ServerResponse) => void;
}): Promise<Listener> {
  const server = createServer(
    {
      headersTimeout: Math.min(10_000, options.requestTimeoutMs),
      requestTimeout: options.requestTimeoutMs,
      keepAliveTimeout: 75_000,
      connectionsCheckingInterval: 5_000,
      maxHeaderSize: 16 * 1024,
      noDelay: true,
    },
    options.handler,
  );
  server.maxHeadersCount = 100;
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      const { address, port } = server.address() as AddressInfo;
      resolve({ host: address, port, close: (graceMs) => close(server, sockets, graceMs) });
    });
  });
}

/** A timer cannot hold longer. */
const LONGEST_TIMER = 2 ** 31 - 1;
const SWEEP_MS = 25;

function close(server: Server, sockets: ReadonlySet<Socket>, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), Math.min(graceMs, LONGEST_TIMER));
    // Node closes the connections that idle now. Those whose answer comes later idle then; those that
    // never sent a byte count as busy with a request.
    const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
    server.close(() => {
      clearTimeout(cut);
      clearInterval(sweep);
      resolve();
    });
  });
}
