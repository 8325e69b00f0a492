/** Requests passed on as they flow: what goes through unchanged, and where nothing goes. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { PassingClient } from '#egress';

let answer: (request: IncomingMessage, response: ServerResponse) => void;
let server: Server;
let origin: string;
beforeEach(async () => {
  server = createServer((...both) => answer(...both));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => void server.close());

const client = (allowPrivateNetworks = true): PassingClient =>
  new PassingClient({
    ...{ rules: { allowed: [], blocked: [], allowPrivateNetworks }, tls: () => ({}), connectTimeoutMs: 5000 },
  });

const request = (more: Partial<Parameters<PassingClient['pass']>[0]> = {}) => ({
  ...{ method: 'POST', origin, target: '/mcp?a=%2e', headers: ['Host', 'tools.example', 'X-One', '1', 'x-one', '2'] },
  ...{ body: undefined, signal: new AbortController().signal },
  ...more,
});

it('headers that came twice, Host, target and body arrive as they were, and so does the answer', async () => {
  let seen: unknown;
  answer = (incoming, response) =>
    void text(incoming).then((body) => {
      seen = [incoming.headers.host, incoming.url, incoming.headersDistinct['x-one'], body];
      response.writeHead(302, ['Location', '/elsewhere', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2']).end('moved');
    });
  const passing = client();
  const { status, headers, body } = await passing.pass(request({ body: Readable.from(['one ', 'two']) }));
  expect(seen).toEqual(['tools.example', '/mcp?a=%2e', ['1', '2'], 'one two']);
  expect([status, await text(body)]).toEqual([302, 'moved']);
  expect(headers.slice(0, 6)).toEqual(['Location', '/elsewhere', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2']);
  await passing.close();
});

it.each([
  ['the service that hands out credentials', 'http://169.254.169.254', true],
  ['a private address where none is allowed', 'http://10.0.0.1', false],
])('%s is not reached', async (_, to, allowed) => {
  const passing = client(allowed);
  await expect(passing.pass(request({ origin: to }))).rejects.toMatchObject({ code: 'EGRESS_REFUSED' });
  await passing.close();
});

it('nobody there is said as such: nothing was sent', async () => {
  server.close();
  const passing = client();
  await expect(passing.pass(request())).rejects.toMatchObject({ code: 'EGRESS_UNREACHABLE' });
  await passing.close();
});

it('the other side is told when nobody waits any more', async () => {
  const closed = Promise.withResolvers<void>();
  answer = (_, response) => {
    response.once('close', () => closed.resolve());
    response.writeHead(200).write('first');
  };
  const passing = client();
  const controller = new AbortController();
  const { body } = await passing.pass(request({ signal: controller.signal }));
  body.on('error', () => {});
  controller.abort();
  await expect(closed.promise).resolves.toBeUndefined();
  await passing.close();
});
