/** Requests that are HTTP, and that hardly any client sends: on real sockets. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Replies } from '../http/replies.ts';
import { ALICE, startGateway, waiting, type RunningGateway } from './gateway.fixture.ts';
import { raw } from './wire.fixture.ts';

let running: RunningGateway;
beforeAll(async () => {
  running = await startGateway({ allowedOrigins: ['https://app.example'], limits: { requestTimeout: '1s' } });
});
afterAll(() => running.close());

const own = (): string => `Host: 127.0.0.1:${running.port}\r\nAuthorization: Bearer ${ALICE}\r\n`;
const json = 'Content-Type: application/json\r\n';
const close = 'Connection: close\r\n';
const send = (...pieces: string[]): Promise<string> => raw(running.port, ...pieces);
const statusOf = (answer: string): string => answer.slice(0, answer.indexOf('\r\n'));
const bodyOf = (answer: string): string => answer.slice(answer.indexOf('\r\n\r\n') + 4);
const invoke = (tool: string, version = '1.1', more = close): string =>
  `POST /api/tool/${tool}/invoke HTTP/${version}\r\n${own()}${json}${more}Content-Length: 2\r\n\r\n{}`;

/** Whether the process still answers. */
const alive = async (): Promise<boolean> => (await fetch(`${running.url}/healthz`)).ok;

describe('methods', () => {
  it.each(['/', '/healthz', '/readyz', '/api/toolset', '/api/tool/echo'])(
    'HEAD %s answers as GET does, without the body (RFC 9110 §9.3.2)',
    async (path) => {
      const [get, head] = [
        await send(`GET ${path} HTTP/1.1\r\n${own()}${close}\r\n`),
        await send(`HEAD ${path} HTTP/1.1\r\n${own()}${close}\r\n`),
      ];
      expect(statusOf(head)).toBe(statusOf(get));
      expect(/content-length: \d+/i.exec(head)?.[0]).toBe(/content-length: \d+/i.exec(get)?.[0]);
      expect(bodyOf(head)).toBe('');
    },
  );

  const refused: [method: string, path: string, allow: string][] = [
    ['TRACE', '/mcp', 'POST, GET, DELETE'],
    ['PUT', '/mcp/few', 'POST, GET, DELETE'],
    ['GET', '/mcp', 'POST, DELETE'],
    ['POST', '/api/toolset', 'GET, HEAD'],
    ['DELETE', '/api/tool/echo', 'GET, HEAD'],
    ['GET', '/api/tool/echo/invoke', 'POST'],
    ['POST', '/healthz', 'GET, HEAD'],
    ['TRACE', '/', 'GET, HEAD'],
  ];
  it.each(refused)('%s %s gets 405 with Allow: %s', async (method, path, allow) => {
    const answer = await send(`${method} ${path} HTTP/1.1\r\n${own()}${close}\r\n`);
    expect(statusOf(answer)).toBe('HTTP/1.1 405 Method Not Allowed');
    expect(/^allow: (.*)\r$/im.exec(answer)?.[1]).toBe(allow);
  });

  it('CONNECT and OPTIONS * neither tunnel nor crash', async () => {
    await send(`CONNECT evil.test:443 HTTP/1.1\r\n${own()}\r\n`).catch(() => '');
    expect(statusOf(await send(`OPTIONS * HTTP/1.1\r\n${own()}${close}\r\n`))).toBe('HTTP/1.1 204 No Content');
    expect(await alive()).toBe(true);
  });
});

describe('HTTP/1.0', () => {
  it('is answered, and its connection closed', async () => {
    const answer = await send(invoke('rows', '1.0', ''));
    expect(statusOf(answer)).toBe('HTTP/1.1 200 OK');
    expect(bodyOf(answer)).toBe('{"result":"[{\\"id\\":1},{\\"id\\":2}]"}');
  });

  it('without a Host is refused: it names no host of ours', async () => {
    expect(statusOf(await send('GET /api/toolset HTTP/1.0\r\n\r\n'))).toMatch(/421/);
  });
});

describe('expectations and upgrades', () => {
  it('100-continue is granted before the body is sent', async () => {
    const socket = connect(running.port, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.write(
      `POST /api/tool/rows/invoke HTTP/1.1\r\n${own()}${json}${close}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n`,
    );
    await expect.poll(() => answer).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    socket.write('{}');
    await expect.poll(() => answer).toContain('HTTP/1.1 200 OK');
    socket.destroy();
  });

  it('any other expectation is refused with 417', async () => {
    expect(statusOf(await send(`GET /healthz HTTP/1.1\r\n${own()}${close}Expect: tea\r\n\r\n`))).toMatch(/417/);
  });

  it.each(['websocket', 'h2c'])('Upgrade: %s is ignored, and the request answered', async (protocol) => {
    const upgrade = `Connection: Upgrade, close\r\nUpgrade: ${protocol}\r\n`;
    expect(statusOf(await send(`GET /healthz HTTP/1.1\r\n${own()}${upgrade}\r\n`))).toBe('HTTP/1.1 200 OK');
  });
});

describe('pipelining', () => {
  it('is answered in order, a slow call first, with one refusal in between', async () => {
    const before = waiting.length;
    const answer = send(
      invoke('cut', '1.1', ''),
      invoke('nope', '1.1', ''),
      `GET /healthz HTTP/1.1\r\n${own()}\r\n`,
      invoke('rows'),
    );
    const statuses = [...(await answer).matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status);
    expect(statuses).toEqual(['200', '404', '200', '200']);
    expect(waiting.length).toBe(before);
  });

  it('cancels what is still running when the connection goes', async () => {
    const before = waiting.length;
    const socket = await opened();
    socket.write(invoke('wait', '1.1', '') + invoke('wait', '1.1', ''));
    await expect.poll(() => waiting.length).toBe(before + 2);
    socket.destroy();
    await Promise.all(waiting.slice(before).map(({ aborted }) => aborted));
    await expect.poll(() => running.gateway.gauges.running()).toBe(0);
  });
});

describe('connections that end in the middle', () => {
  it('half-closing counts as going away', async () => {
    const before = waiting.length;
    const socket = await opened();
    socket.write(invoke('wait', '1.1', ''));
    await expect.poll(() => waiting.length).toBe(before + 1);
    socket.end();
    await waiting[before]?.aborted;
  });

  it.each([
    ['in the head', `POST /mcp HTTP/1.1\r\nHost: 127`],
    ['before the body', `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n\r\n`],
    ['in a chunk', `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab`],
  ])('broken off %s leave nothing', async (_, text) => {
    const socket = await opened();
    await new Promise<void>((resolve) => socket.write(text, () => resolve()));
    socket.resetAndDestroy();
    expect(await alive()).toBe(true);
  });

  it.each([
    ['head', `POST /mcp HTTP/1.1\r\nHost: 127`],
    ['body', `POST /mcp HTTP/1.1\r\n`],
  ])('that stall in the %s get 408 and are closed', async (what, text) => {
    const rest = what === 'body' ? `${own()}${json}Content-Length: 500\r\n\r\n{"jsonrpc":` : '';
    expect(statusOf(await send(text + rest))).toMatch(/^HTTP\/1\.1 408 /);
  });
});

describe('bounds', () => {
  it('more than 100 headers get 431, not a request that lost some of them', async () => {
    const many = Array.from({ length: 150 }, (_, index) => `X-${index}: 1\r\n`).join('');
    expect(statusOf(await send(`GET /healthz HTTP/1.1\r\n${own()}${many}${close}\r\n`))).toMatch(/431/);
  });

  it('a body that grows past the limit gets 413 and its connection is closed', async () => {
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    for (const path of ['/mcp', '/api/tool/echo/invoke']) {
      const answer = await send(
        `POST ${path} HTTP/1.1\r\n${own()}${json}Transfer-Encoding: chunked\r\n\r\n`,
        ...Array.from({ length: 20 }, () => chunk),
      ).catch((error: NodeJS.ErrnoException) => `reset: ${error.code}`);
      expect(answer).toMatch(/^(HTTP\/1\.1 413 |reset: ECONNRESET|reset: EPIPE)/);
    }
    expect(await alive()).toBe(true);
  });

  it('a path of 15 KiB is a 404', async () => {
    const answer = await send(`GET /api/tool/${'x'.repeat(15_000)} HTTP/1.1\r\n${own()}${close}\r\n`);
    expect(statusOf(answer)).toMatch(/404/);
  });
});

describe('a large answer', () => {
  const body = 'x'.repeat(64 * 1024 * 1024);
  const answering = async (stalledMs: number): Promise<{ server: Server; client: Socket }> => {
    const replies = new Replies(stalledMs);
    const server = createServer((_, response) => replies.json(response, 200, body));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    client.pause();
    client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    return { server, client };
  };

  it('is not held for ever for a reader that takes nothing of it', async () => {
    const { server, client } = await answering(200);
    const [connection] = (await once(server, 'connection')) as [Socket];
    await once(connection, 'close');
    expect(connection.destroyed).toBe(true);
    client.destroy();
    server.close();
  });

  it('reaches a reader that is slow, but reads', async () => {
    const { server, client } = await answering(1000);
    let read = 0;
    client.on('data', (chunk: Buffer) => {
      read += chunk.length;
      client.pause();
      setTimeout(() => client.resume(), 1);
    });
    client.resume();
    await expect.poll(() => read, { timeout: 40_000 }).toBeGreaterThan(body.length);
    client.destroy();
    server.close();
  });
});

describe('a page of an allowed origin', () => {
  const origin = 'https://app.example';
  const refusals: [
    what: string,
    path: string,
    init: { method?: string; body?: string; headers?: Record<string, string> },
  ][] = [
    ['the greeting', '/', {}],
    ['health', '/healthz', {}],
    ['401', '/mcp', { method: 'POST' }],
    ['404', '/nowhere', {}],
    ['405', '/mcp', { headers: { Authorization: `Bearer ${ALICE}` } }],
    ['415', '/mcp', { method: 'POST', body: 'x', headers: { Authorization: `Bearer ${ALICE}` } }],
    [
      '400',
      '/mcp',
      { method: 'POST', body: '{', headers: { Authorization: `Bearer ${ALICE}`, 'Content-Type': 'application/json' } },
    ],
    [
      '202',
      '/mcp',
      {
        method: 'POST',
        body: '{"jsonrpc":"2.0","method":"notifications/x"}',
        headers: { Authorization: `Bearer ${ALICE}`, 'Content-Type': 'application/json' },
      },
    ],
  ];
  it.each(refusals)('may read %s', async (_, path, init) => {
    const response = await fetch(running.url + path, { ...init, headers: { ...init.headers, Origin: origin } });
    expect(response.headers.get('access-control-allow-origin')).toBe(origin);
    expect(response.headers.get('vary')).toBe('Origin');
    expect(response.headers.get('access-control-expose-headers')).toMatch(/X-Request-Id/);
  });
});

async function opened(): Promise<Socket> {
  const socket = connect(running.port, '127.0.0.1');
  await new Promise((resolve) => socket.once('connect', resolve));
  return socket;
}
