import type { IncomingMessage, ServerResponse } from 'node:http';
import type { OutgoingAuth } from '#outgoing-auth';
import { Secret, type JsonObject } from '#kernel';
import { afterEach, describe, expect, it } from 'vitest';
import { closeAll, httpTarget, listen, open, serveSession, serveStateless } from './reference-servers.fixture.ts';
import { call, textOf } from './server-connection.contract.ts';

afterEach(closeAll);

/** Answers `script` with each message in turn, as a server whose every byte is chosen. */
async function scripted(answer: (message: JsonObject, request: IncomingMessage, response: ServerResponse) => void) {
  return await listen((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      answer(body === '' ? {} : (JSON.parse(body) as JsonObject), request, response);
    });
  });
}

const json = (response: ServerResponse, message: unknown, status = 200, headers: Record<string, string> = {}): void =>
  void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(message));

const reply = (id: unknown, result: unknown): unknown => ({ jsonrpc: '2.0', id, result });

const INITIALIZED = { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: { name: 's', version: '1' } };

/** A session server of chosen bytes: opens the session and leaves the rest to `answer`. */
const session = (answer: (message: JsonObject, request: IncomingMessage, response: ServerResponse) => void) =>
  scripted((message, request, response) => {
    if (message['method'] === 'initialize')
      return json(response, reply(message['id'], INITIALIZED), 200, { 'mcp-session-id': 's1' });
    if (message['method'] === 'notifications/initialized') return void response.writeHead(202).end();
    answer(message, request, response);
  });

const known = {
  era: 'stateless',
  version: '2026-07-28',
  capabilities: {},
  serverInfo: undefined,
  instructions: undefined,
} as const;

describe('what authorizes requests', () => {
  const authOf = (again: boolean): OutgoingAuth & { readonly refusals: unknown[] } => {
    const refusals: unknown[] = [];
    return {
      perCaller: false,
      refusals,
      headers: () => Promise.resolve({ authorization: new Secret(`Bearer token-${refusals.length}`) }),
      refused: (_caller, _sent, refusal) => Promise.resolve((refusals.push(refusal), again)),
    };
  };
  const refusing = () =>
    listen((request, response) => {
      if (request.headers.authorization === 'Bearer token-1') {
        request.resume();
        return json(response, reply(1, { content: [] }));
      }
      response.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"' }).end();
    });

  it('is sent, and once more with another credential after a 401', async () => {
    const server = await refusing();
    const auth = authOf(true);
    const connection = await open(httpTarget(server.url, { auth }), { known });
    await expect(call(connection, 'echo')).resolves.toEqual({ content: [] });
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer token-0', 'Bearer token-1']);
    expect(auth.refusals).toEqual([{ status: 401, challenge: 'Bearer error="invalid_token"' }]);
  });

  it.each([
    ['never twice', true, 2],
    ['not at all where another try would send the same', false, 1],
  ])('is retried %s', async (_, again, requests) => {
    const server = await listen((_request, response) =>
      response.writeHead(403, { 'www-authenticate': 'Bearer' }).end(),
    );
    const connection = await open(httpTarget(server.url, { auth: authOf(again) }), { known });
    await expect(call(connection, 'echo')).rejects.toMatchObject({
      code: 'SERVER_REFUSED',
      details: { status: 403, challenge: 'Bearer' },
    });
    expect(server.requests).toHaveLength(requests);
  });

  it('does not leave for another origin with a redirect', async () => {
    const victim = await listen((_, response) => response.end());
    const server = await listen((_, response) => response.writeHead(307, { location: victim.url.href }).end());
    const connection = await open(httpTarget(server.url, { auth: authOf(false) }), { known });
    await expect(call(connection, 'echo')).rejects.toMatchObject({ code: 'EGRESS_REFUSED' });
    expect(victim.requests).toHaveLength(0);
  });
});

describe('an answer over HTTP', () => {
  it.each<[string, (response: ServerResponse) => void, object]>([
    [
      'is refused where it answers somebody else (CVE-2026-25536)',
      (r) => json(r, reply(99, {})),
      { code: 'SERVER_ANSWER_UNREADABLE' },
    ],
    [
      'is refused where a key stands twice',
      (r) =>
        r.writeHead(200, { 'content-type': 'application/json' }).end('{"jsonrpc":"2.0","id":1,"result":{"a":1,"a":2}}'),
      { code: 'SERVER_ANSWER_UNREADABLE' },
    ],
    [
      'is refused where it is a page',
      (r) => r.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
      { code: 'SERVER_ANSWER_UNREADABLE' },
    ],
    [
      'is refused where it is too long',
      (r) => json(r, reply(1, { long: 'x'.repeat(2000) })),
      { code: 'SERVER_ANSWER_UNREADABLE' },
    ],
    [
      'is refused where it nests without end',
      (r) =>
        r
          .writeHead(200, { 'content-type': 'application/json' })
          .end(`{"jsonrpc":"2.0","id":1,"result":{"a":${'['.repeat(200)}${']'.repeat(200)}}}`),
      { code: 'SERVER_ANSWER_UNREADABLE' },
    ],
    [
      'is refused where one event is too long',
      (r) => r.writeHead(200, { 'content-type': 'text/event-stream' }).end(`data: ${'x'.repeat(3000)}\n\n`),
      { code: 'SERVER_LOST' },
    ],
    [
      'is lost where the stream ends before it',
      (r) => r.writeHead(200, { 'content-type': 'text/event-stream' }).end(),
      { code: 'SERVER_LOST' },
    ],
    ['is lost where the server hangs up', (r) => void r.socket?.destroy(), { code: 'SERVER_LOST' }],
    [
      'is an error of the protocol under any status',
      (r) => json(r, { jsonrpc: '2.0', id: null, error: { code: -32020, message: 'm', data: { d: 1 } } }, 400),
      { code: -32020, data: { d: 1 }, status: 400 },
    ],
  ])('%s', async (_, answer, expected) => {
    const server = await scripted((_message, _request, response) => answer(response));
    const target = httpTarget(server.url, { limits: { maxMessageBytes: 1000 } });
    await expect(call(await open(target, { known }), 'echo')).rejects.toMatchObject(expected);
  });

  it('has `__proto__` for a plain member', async () => {
    const server = await scripted((_message, _request, response) =>
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end('{"jsonrpc":"2.0","id":1,"result":{"__proto__":{"polluted":1}}}'),
    );
    const result = await call(await open(httpTarget(server.url), { known }), 'echo');
    expect(Object.keys(result)).toEqual(['__proto__']);
    expect('polluted' in {}).toBe(false);
  });

  it('does not suffer from a listener that fails', async () => {
    const connection = await open((await serveStateless()).target);
    const notified = (): void => {
      throw new Error('a mistake of ours');
    };
    await expect(
      call(connection, 'progress', { steps: 1 }, { notified, meta: { progressToken: 1 } }),
    ).resolves.toBeDefined();
  });

  it('comes without what follows it on its stream', async () => {
    const server = await scripted((_message, _request, response) =>
      response
        .writeHead(200, { 'content-type': 'text/event-stream' })
        .end(
          `data: ${JSON.stringify(reply(1, { ok: true }))}\n\ndata: {"jsonrpc":"2.0","method":"notifications/message","params":{}}\n\n`,
        ),
    );
    const heard: string[] = [];
    const connection = await open(httpTarget(server.url), { known });
    await expect(call(connection, 'echo', {}, { notified: (method) => heard.push(method) })).resolves.toEqual({
      ok: true,
    });
    expect(heard).toEqual([]);
  });

  it('is not waited for beyond the requests that one connection may have', async () => {
    const server = await listen(() => {});
    const connection = await open(httpTarget(server.url, { limits: { maxInFlight: 2 } }), { known });
    const running = [call(connection, 'a'), call(connection, 'b')];
    await expect(call(connection, 'c')).rejects.toMatchObject({ code: 'SERVER_BUSY' });
    await connection.close();
    expect((await Promise.allSettled(running)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  it('keeps its connection for the next request, as JSON and as a stream', async () => {
    const server = await serveStateless();
    const connection = await open(server.target);
    const ports: unknown[] = [];
    for (let at = 0; at < 3; at++) {
      await call(connection, 'progress', { steps: 2 }, { notified: () => {}, meta: { progressToken: 1 } });
      await new Promise((resolve) => setImmediate(resolve));
      await call(connection, 'echo', { text: at });
    }
    for (const { socket } of server.requests) ports.push(socket);
    expect(new Set(ports).size).toBeLessThanOrEqual(3);
  });
});

describe('a session over Streamable HTTP', () => {
  it('says its id and revision with every message after the first (MCP 2025-11-25)', async () => {
    const server = await serveSession();
    const connection = await open(server.target, {});
    await call(connection, 'echo', { text: 1 });
    await connection.close();
    const later = server.requests.slice(2);
    expect(later.length).toBeGreaterThanOrEqual(3);
    for (const { headers } of later) {
      expect(headers).toMatchObject({ 'mcp-session-id': expect.any(String), 'mcp-protocol-version': '2025-11-25' });
    }
    expect(later.at(-1)?.method).toBe('DELETE');
  });

  it('works with JSON answers', async () => {
    const server = await serveSession({ json: true });
    expect(textOf(await call(await open(server.target), 'echo', { text: 'j' }))).toBe('j');
  });

  it('has ended when the server answers 404: nothing was done, and whoever asks next is told', async () => {
    const server = await session((_message, request, response) =>
      response.writeHead(request.method === 'GET' ? 405 : 404).end(),
    );
    const connection = await open(httpTarget(server.url, { protocol: 'session' }));
    const ended: unknown[] = [];
    connection.onEnd((reason) => ended.push(reason));
    await expect(call(connection, 'echo')).rejects.toMatchObject({ code: 'SERVER_CONNECTION_ENDED' });
    expect(ended).toMatchObject([{ code: 'SERVER_CONNECTION_ENDED' }]);
    await expect(call(connection, 'echo')).rejects.toMatchObject({ code: 'SERVER_CONNECTION_ENDED' });
  });

  it('goes on with a stream that broke off, where it was and when it was told to (SSE polling)', async () => {
    let brokeOffAt = 0;
    let cameBackAfter = 0;
    let lastId: unknown;
    const server = await session((message, request, response) => {
      if (request.method === 'GET') {
        if (request.headers['last-event-id'] === undefined) return void response.writeHead(405).end();
        cameBackAfter = performance.now() - brokeOffAt;
        lastId = request.headers['last-event-id'];
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        return void response.end(`id: e2\ndata: ${JSON.stringify(reply(11, { late: true }))}\n\n`);
      }
      if (message['id'] !== 11) return void response.end();
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      brokeOffAt = performance.now();
      return void response.end('id: e1\nretry: 300\ndata:\n\n');
    });
    const connection = await open(httpTarget(server.url, { protocol: 'session' }));
    await expect(call(connection, 'echo')).resolves.toEqual({ late: true });
    expect(lastId).toBe('e1');
    expect(cameBackAfter).toBeGreaterThanOrEqual(290);
  });

  it('has a question on the server’s own stream answered by the only call that runs, and refused among several', async () => {
    const server = await serveSession();
    const connection = await open(server.target);
    // The stream opens in its own time.
    const news = Promise.withResolvers<void>();
    connection.onNews(() => news.resolve());
    const poked = setInterval(() => void call(connection, 'change').catch(() => {}), 50);
    await news.promise;
    clearInterval(poked);
    await call(connection, 'echo', { text: 'quiet again' });
    const asked = (): Promise<JsonObject> => Promise.resolve({ roots: [] });
    const args = { method: 'roots/list', stream: 'none' };
    expect(textOf(await call(connection, 'ask', args, { asked }))).toEqual({ roots: [] });
    const other = new AbortController();
    const waiting = call(connection, 'wait', { label: 'beside' }, { signal: other.signal }).catch(() => {});
    await expect(call(connection, 'ask', args, { asked })).rejects.toThrow('must belong to one running request');
    other.abort();
    await waiting;
  });

  it.each(['2025-06-18', '2025-03-26'])('takes %s where the server has nothing newer', async (protocolVersion) => {
    const server = await scripted((message, request, response) => {
      if (message['method'] === 'initialize')
        return json(response, reply(message['id'], { ...INITIALIZED, protocolVersion }));
      if (request.method === 'GET') return void response.writeHead(405).end();
      if (message['id'] === undefined) return void response.writeHead(202).end();
      return json(response, reply(message['id'], { version: request.headers['mcp-protocol-version'] ?? 'unsaid' }));
    });
    const connection = await open(httpTarget(server.url, { protocol: 'session' }));
    expect(connection.version).toBe(protocolVersion);
    await expect(call(connection, 'echo')).resolves.toEqual({
      version: protocolVersion === '2025-03-26' ? 'unsaid' : protocolVersion,
    });
  });

  it('is refused in a revision that nobody knows', async () => {
    const server = await scripted((message, _request, response) =>
      json(response, reply(message['id'], { ...INITIALIZED, protocolVersion: '2031-01-01' })),
    );
    await expect(open(httpTarget(server.url, { protocol: 'session' }))).rejects.toMatchObject({
      code: 'SERVER_REVISION_UNKNOWN',
    });
  });
});

describe.each([
  ['stateless', serveStateless],
  ['session', () => serveSession()],
])('a server that dies (%s)', (_, serve) => {
  it('loses what runs, and is not there for what comes', async () => {
    const server = await serve();
    const connection = await open(server.target);
    const running = call(
      connection,
      'wait',
      { label: 'dies' },
      { notified: () => void server.kill(), meta: { progressToken: 1 } },
    );
    await expect(running).rejects.toMatchObject({ code: 'SERVER_LOST' });
    await expect(call(connection, 'echo')).rejects.toMatchObject({ code: 'EGRESS_UNREACHABLE' });
  });
});

describe('HTTP+SSE (2024-11-05)', () => {
  it.each(['http://127.0.0.1:1/messages', '//evil.test/messages', 'https://u:p@127.0.0.1/x'])(
    'sends no message to %s, which is another origin',
    async (endpoint) => {
      const server = await listen((_, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(`event: endpoint\ndata: ${endpoint}\n\n`);
      });
      await expect(open(httpTarget(server.url, { transport: 'sse' }))).rejects.toMatchObject({
        code: 'SERVER_ANSWER_UNREADABLE',
      });
      expect(server.requests).toHaveLength(1);
    },
  );
});
