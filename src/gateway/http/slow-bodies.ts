/** Requests whose body stops arriving: memory and a connection that somebody holds who sends nothing. */
import type { IncomingMessage, Server } from 'node:http';

const LOOK_MS = 1_000;

interface Arriving {
  bytes: number;
  /** Of `performance.now()`: when a byte came last, as far as was looked. */
  since: number;
}

/**
 * Cuts the connection of whoever sends no further byte of a body, at the latest after `silentMs`, where the last byte
 * may be seen a look late and its silence another. Node bounds the whole of a request
 * alone, which must leave time for a slow network; a slowloris uses all of it with a byte now and then, and with none
 * at all costs as much.
 */
export function cutSilentBodies(server: Server, silentMs: number): void {
  const arriving = new Map<IncomingMessage, Arriving>();
  server.on('request', (request: IncomingMessage) => {
    const { headers } = request;
    if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined) return;
    arriving.set(request, { bytes: request.socket.bytesRead, since: performance.now() });
    request.once('close', () => arriving.delete(request));
  });
  const timer = setInterval(() => {
    const now = performance.now();
    for (const [request, seen] of arriving) {
      const { bytesRead } = request.socket;
      // What is whole waits for us, and what we have not taken yet is not what the other side holds back.
      if (request.complete) arriving.delete(request);
      else if (bytesRead !== seen.bytes || request.readableLength > 0)
        arriving.set(request, { bytes: bytesRead, since: now });
      else if (now - seen.since >= silentMs - 2 * LOOK_MS) request.socket.destroy();
    }
  }, LOOK_MS).unref();
  server.once('close', () => clearInterval(timer));
}
