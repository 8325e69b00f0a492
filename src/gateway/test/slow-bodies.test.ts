/** Who sends a part of a body and then nothing: cut off, while who is slow goes on (security bar H1). */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cutSilentBodies } from '../http/slow-bodies.ts';

const SILENT_MS = 4_000;

let server: Server;
beforeAll(async () => {
  server = createServer((request, response) => {
    let size = 0;
    if (request.url === '/piece-by-piece') {
      const read = async (): Promise<void> => {
        for await (const chunk of request as AsyncIterable<Buffer>) size += chunk.length;
        response.end(`${size} bytes`);
      };
      void read().catch(() => undefined);
      return;
    }
    if (request.url === '/unread') return void response.end('no');
    request.on('data', (chunk: Buffer) => (size += chunk.length));
    request.on('end', () => response.end(`${size} bytes`));
    request.on('error', () => undefined);
  });
  cutSilentBodies(server, SILENT_MS);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const open = (): Socket => connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => undefined);

it.each([
  ['with a length', '/', 'Content-Length: 100\r\n\r\n0123456789'],
  ['in chunks', '/', 'Transfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n'],
  ['of which nothing came', '/', 'Content-Length: 100\r\n\r\n'],
  ['that is read piece by piece', '/piece-by-piece', 'Content-Length: 100\r\n\r\n0123456789'],
  ['that nobody reads', '/unread', 'Content-Length: 100\r\n\r\n0123456789'],
])('a body %s and goes no further costs its connection', async (_, path, rest) => {
  const socket = open();
  socket.write(`POST ${path} HTTP/1.1\r\nHost: here\r\n${rest}`);
  const since = performance.now();
  socket.resume();
  await once(socket, 'close');
  expect(performance.now() - since).toBeGreaterThan(SILENT_MS / 4);
});

it('who is slow and goes on is answered, also on the same connection again', async () => {
  const socket = open();
  let received = '';
  socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
  for (let request = 1; request <= 2; request++) {
    socket.write('POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 6\r\n\r\n');
    for (let sent = 0; sent < 6; sent++) {
      await pause(SILENT_MS / 4);
      socket.write('x');
    }
    await expect.poll(() => received.match(/6 bytes/g)?.length, { timeout: 10_000 }).toBe(request);
  }
  socket.destroy();
});

it('a connection that waits for its next request is left alone', async () => {
  const socket = open();
  let received = '';
  socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
  const ask = 'POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 2\r\n\r\nhi';
  socket.write(ask);
  await expect.poll(() => received).toContain('2 bytes');
  await pause(SILENT_MS);
  socket.write(ask);
  await expect.poll(() => received.match(/2 bytes/g)?.length).toBe(2);
  socket.destroy();
});
