import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readBody } from '../http/body.ts';

const LIMIT = 200_000;

let server: Server;
beforeAll(async () => {
  // Gives back what it read, as text.
  server = createServer((request, response) => {
    readBody(request, LIMIT).then(
      (body) => response.end(body.toString('base64')),
      (error: Error) => response.writeHead(413).end(error.message),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => void server.close());

const head = (framing: string): string => `POST / HTTP/1.1\r\nHost: test\r\n${framing}\r\n\r\n`;
const framings = {
  'a length': (body: Buffer) => Buffer.concat([Buffer.from(head(`Content-Length: ${body.length}`)), body]),
  chunks: (body: Buffer) =>
    Buffer.concat([
      Buffer.from(`${head('Transfer-Encoding: chunked')}${body.length.toString(16)}\r\n`),
      ...(body.length === 0 ? [] : [body, Buffer.from('\r\n0\r\n')]),
      Buffer.from('\r\n'),
    ]),
};

/** Sends requests over one connection, each cut into packets, and gives the bodies of the answers. */
async function echoed(requests: readonly { bytes: Buffer; cuts: readonly number[] }[]): Promise<string[]> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').setNoDelay();
  const bodies: string[] = [];
  let received = '';
  socket.on('data', (chunk) => (received += chunk.toString()));
  for (const { bytes, cuts } of requests) {
    const places = [0, ...cuts.map((cut) => cut % bytes.length), bytes.length].sort((a, b) => a - b);
    for (const [at, place] of places.slice(0, -1).entries()) {
      socket.write(bytes.subarray(place, places[at + 1]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const whole = /^HTTP\/1\.1 200 [^]*?\r\nContent-Length: (\d+)\r\n(?:[^]*?\r\n)?\r\n/;
    for (;;) {
      const [begin, length] = whole.exec(received) ?? [];
      if (begin !== undefined && received.length >= begin.length + Number(length)) {
        bodies.push(received.slice(begin.length, begin.length + Number(length)));
        received = received.slice(begin.length + Number(length));
        break;
      }
      await once(socket, 'data');
    }
  }
  socket.destroy();
  return bodies;
}

describe('the body of a request', () => {
  it('is read whole, however packets cut it, and leaves its connection fit for the next', async () => {
    const request = fc.record({
      body: fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ minLength: 70_000, maxLength: 150_000 })),
      framing: fc.constantFrom(...(Object.keys(framings) as (keyof typeof framings)[])),
      cuts: fc.array(fc.nat(), { maxLength: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 3 }), async (requests) => {
        const bodies = requests.map(({ body }) => Buffer.from(body));
        const sent = requests.map(({ framing, cuts }, at) => ({
          bytes: framings[framing](bodies[at] as Buffer),
          cuts,
        }));
        expect(await echoed(sent)).toEqual(bodies.map((body) => body.toString('base64')));
      }),
      { numRuns: 60 },
    );
  });
});
