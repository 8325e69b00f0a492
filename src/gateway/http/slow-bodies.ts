/** Requests whose body stops arriving: memory and a connection that somebody holds who sends nothing. */
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';

const LOOK_MS = 1_000;

/** The body that a connection brings: one after the other, however many requests it has. */
interface Body {
  /** Undefined once it is known to be whole. */
  request: IncomingMessage | undefined;
  /** Of the connection, when it was looked at; none yet, for a new body. */
  bytes: number | undefined;
  /** Of `performance.now()`: when a byte came last, as far as was looked. */
  since: number;
}

/**
 * Cuts the connection of whoever sends no further byte of a body, at the latest after `silentMs`, where the last byte
 * may be seen a look late and its silence another. Node bounds the whole of a request
 * alone, which must leave time for a slow network; a slowloris uses all of it with a byte now and then, and with none
 * at all costs as much.
 *
 * Kept by connection and not by request: a `Map` that requests enter and leave allocates its table anew all the time,
 * each of these keeps the next and every request in it until a full collection, and that was a third of a call's CPU.
 */
export function cutSilentBodies(server: Server, silentMs: number): void {
  const bodies = new Map<Socket, Body>();
  server.on('request', (request: IncomingMessage) => {
    const { headers, socket } = request;
    if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined) return;
    const body = bodies.get(socket);
    if (body === undefined) {
      bodies.set(socket, { request, bytes: undefined, since: 0 });
      socket.once('close', () => bodies.delete(socket));
      return;
    }
    body.request = request;
    body.bytes = undefined;
  });
  const timer = setInterval(() => {
    const now = performance.now();
    for (const [socket, body] of bodies) {
      const { request } = body;
      if (request === undefined) continue;
      // What is whole waits for us, and what we have not taken yet is not what the other side holds back.
      if (request.complete) body.request = undefined;
      else if (socket.bytesRead !== body.bytes || request.readableLength > 0) {
        body.bytes = socket.bytesRead;
        body.since = now;
      } else if (now - body.since >= silentMs - 2 * LOOK_MS) socket.destroy();
    }
  }, LOOK_MS).unref();
  server.once('close', () => clearInterval(timer));
}
