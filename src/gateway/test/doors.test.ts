import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import {
  ALICE,
  AUDITOR,
  BOB,
  OUTSIDER,
  post,
  startGateway,
  waiting,
  UNREADABLE,
  type RunningGateway,
} from './gateway.fixture.ts';

let running: RunningGateway;
beforeAll(async () => {
  running = await startGateway({
    allowedOrigins: ['https://app.example'],
    allowedHosts: ['tools.example'],
    limits: { maxBodyBytes: 100_000, maxConcurrentCalls: 4 },
  });
});
afterAll(() => running.close());

const at = (path: string): string => `${running.url}${path}`;
const authorized = { Authorization: `Bearer ${ALICE}` };
const invoke = (tool: string, body: unknown = {}, headers: Record<string, string> = {}) =>
  post(at(`/api/tool/${tool}/invoke`), body, headers);

/** Bytes on a socket and what came back: for requests that no HTTP client would send. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(running.port, '127.0.0.1', () => socket.write(text));
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
    socket.setTimeout(10_000, () => socket.destroy());
  });
}

describe('every door', () => {
  const doors: [method: string, path: string][] = [
    ['POST', '/mcp'],
    ['GET', '/mcp'],
    ['DELETE', '/mcp'],
    ['POST', '/mcp/few'],
    ['POST', '/mcp/n/default'],
    ['GET', '/api/toolset'],
    ['GET', '/api/toolset/few'],
    ['GET', '/api/tool/echo'],
    ['POST', '/api/tool/echo/invoke'],
  ];
  const credentials: [what: string, headers: Record<string, string>][] = [
    ['no credential', {}],
    ['an unknown key', { Authorization: 'Bearer chk_nobody' }],
    ['another scheme', { Authorization: `Basic ${Buffer.from('a:b').toString('base64')}` }],
    ['two spaces (MCP-005)', { Authorization: `Bearer  ${ALICE}` }],
    ['a tab (MCP-005)', { Authorization: `Bearer\t${ALICE}` }],
    ['more after the token (MCP-005)', { Authorization: `Bearer ${ALICE} extra` }],
    ['a comma (MCP-005)', { Authorization: `Bearer,${ALICE}` }],
    ['the key in another header (MCP-004)', { 'X-Authorization': `Bearer ${ALICE}` }],
    ['the key in a cookie (MCP-004)', { Cookie: `access_token=${ALICE}` }],
  ];
  it.each(
    doors.flatMap(([method, path]) => credentials.map(([what, headers]) => [method, path, what, headers] as const)),
  )('%s %s answers 401 with a challenge to %s', async (method, path, _, headers) => {
    const response = await fetch(at(path), {
      method,
      headers: { 'Content-Type': 'application/json', ...headers },
      ...(method === 'POST' && { body: '{}' }),
    });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer realm="chatelaine"/);
    expect(await response.text()).not.toContain(ALICE);
  });

  it('does not take a key from the query string (MCP-004)', async () => {
    expect((await fetch(at(`/mcp?access_token=${ALICE}`), { method: 'POST' })).status).toBe(401);
  });

  it.each([
    [`Bearer ${ALICE}`, 'Bearer chk_nobody'],
    ['Bearer chk_nobody', `Bearer ${ALICE}`],
  ])('refuses two Authorization headers, in whatever order (MCP-004)', async (first, second) => {
    const answer = await raw(
      `GET /api/toolset HTTP/1.1\r\nHost: 127.0.0.1:${running.port}\r\nAuthorization: ${first}\r\nAuthorization: ${second}\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('answers 503, not 401, when no credential can be verified: the client must keep its key', async () => {
    const response = await fetch(at('/api/toolset'), { headers: { Authorization: `Bearer ${UNREADABLE}` } });
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2']);
  });

  it('takes the scheme in any case (RFC 9110 §11.1)', async () => {
    expect((await fetch(at('/api/toolset'), { headers: { Authorization: `bearer ${ALICE}` } })).status).toBe(200);
  });

  it('answers 431 to headers beyond bounds', async () => {
    expect((await fetch(at('/mcp'), { headers: { Authorization: `Bearer ${'x'.repeat(100_000)}` } })).status).toBe(431);
  });

  it('answers a foreign namespace as one that is not there', async () => {
    const foreign = await fetch(at('/api/n/elsewhere/toolset'), { headers: authorized });
    const missing = await fetch(at('/api/n/nowhere/toolset'), { headers: authorized });
    const own = await fetch(at('/api/toolset'), { headers: { Authorization: `Bearer ${OUTSIDER}` } });
    expect([foreign.status, missing.status, own.status]).toEqual([404, 404, 404]);
  });

  it.each([
    '/debug',
    '/metrics',
    '/.env',
    '/.git/config',
    '/mcp/../healthz%2f',
    '/mcp/%66ew',
    '/mcp//few',
    '/api/v0',
    '/mcp/n',
    '/mcp/s/a/b',
  ])('answers 404 at %s (CFG-006)', async (path) => {
    const answer = await raw(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${running.port}\r\nAuthorization: Bearer ${ALICE}\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 404 /);
  });

  it('answers health without a credential and without a version', async () => {
    expect(await (await fetch(at('/healthz'))).text()).toBe('{"status":"ok"}');
    expect(await (await fetch(at('/readyz'))).json()).toEqual({ status: 'ready', sources: {} });
    expect((await fetch(at('/healthz'), { method: 'POST' })).status).toBe(405);
  });
});

describe('DNS rebinding', () => {
  const origins: [origin: string, status: number][] = [
    ['http://evil.test', 403],
    ['null', 403],
    ['http://localhost.evil.test', 403],
    ['http://127.0.0.1:9999', 403],
    ['file://', 403],
    ['https://app.example.evil.test', 403],
    ['https://app.example', 200],
  ];
  it.each(origins)('Origin %s gets %i (MCP-001)', async (origin, status) => {
    const response = await fetch(at('/api/toolset'), { headers: { ...authorized, Origin: origin } });
    expect(response.status).toBe(status);
    expect(response.headers.get('access-control-allow-origin')).toBe(status === 200 ? origin : null);
  });

  const hosts: [host: string, status: RegExp][] = [
    ['evil.test', /421/],
    ['evil.test:8080', /421/],
    ['127.0.0.1.evil.test', /421/],
    ['127.0.0.1:1', /200/],
    ['', /4\d\d/],
    ['tools.example', /200/],
    ['TOOLS.example:443', /200/],
    ['localhost', /200/],
  ];
  it.each(hosts)('Host `%s` gets %s (MCP-002)', async (host, status) => {
    const answer = await raw(
      `GET /api/toolset HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${ALICE}\r\nConnection: close\r\n\r\n`,
    );
    expect(answer.split('\r\n')[0]).toMatch(status);
  });

  it('refuses two Host headers and an absolute-form target of another host (MCP-002)', async () => {
    const own = `Host: 127.0.0.1:${running.port}`;
    const rest = `Authorization: Bearer ${ALICE}\r\nConnection: close\r\n\r\n`;
    expect(await raw(`GET /api/toolset HTTP/1.1\r\n${own}\r\nHost: evil.test\r\n${rest}`)).toMatch(/^HTTP\/1\.1 4/);
    expect(await raw(`GET http://evil.test/api/toolset HTTP/1.1\r\n${own}\r\n${rest}`)).toMatch(/^HTTP\/1\.1 4/);
  });

  it('answers a preflight for listed origins only', async () => {
    const preflight = (origin: string) =>
      fetch(at('/mcp'), {
        method: 'OPTIONS',
        headers: {
          Origin: origin,
          'Access-Control-Request-Method': 'POST',
          'Access-Control-Request-Headers': 'authorization,mcp-param-region,my-google_token',
        },
      });
    const allowed = await preflight('https://app.example');
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get('access-control-allow-headers')).toMatch(
      /Authorization.*mcp-param-region, my-google_token$/,
    );
    expect((await preflight('https://evil.test')).status).toBe(403);
  });
});

describe('bad input', () => {
  const bodies: [what: string, body: string | Buffer, status: number, code: number][] = [
    ['no JSON', '{"jsonrpc":', 400, -32700],
    ['an empty body', '', 400, -32700],
    ['a batch', '[{"jsonrpc":"2.0","id":1,"method":"ping"}]', 400, -32600],
    ['a number', '1', 400, -32600],
    ['JSON-RPC 1.0', '{"jsonrpc":"1.0","id":1,"method":"ping"}', 400, -32600],
    ['no method', '{"jsonrpc":"2.0","id":1}', 400, -32600],
    ['a null id', '{"jsonrpc":"2.0","id":null,"method":"ping"}', 400, -32600],
    ['an object id', '{"jsonrpc":"2.0","id":{},"method":"ping"}', 400, -32600],
    ['an id beyond bounds', '{"jsonrpc":"2.0","id":1e309,"method":"ping"}', 400, -32600],
    ['params as text', '{"jsonrpc":"2.0","id":1,"method":"ping","params":"x"}', 400, -32600],
    ['the method twice (MCP-020)', '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}', 400, -32700],
    [
      'a name twice (MCP-020)',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","name":"scoped"}}',
      400,
      -32700,
    ],
    [
      'an escaped duplicate (MCP-020)',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","n\\u0061me":"scoped"}}',
      400,
      -32700,
    ],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 400, -32700],
    [
      'nesting 50,000 deep',
      `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":${'['.repeat(49_000)}${']'.repeat(49_000)}}}`,
      400,
      -32700,
    ],
    ['a body over the limit', `{"a":"${'x'.repeat(200_000)}"}`, 413, -32600],
    ['a response with result and error', '{"jsonrpc":"2.0","id":1,"result":{},"error":{}}', 400, -32600],
  ];
  it.each(bodies)('%s', async (_, body, status, code) => {
    const response = await post(at('/mcp'), body);
    expect([response.status, ((await response.json()) as { error: { code: number } }).error.code]).toEqual([
      status,
      code,
    ]);
  });

  it('takes case variants of members as strangers, not aliases (MCP-020)', async () => {
    const response = await post(
      at('/mcp'),
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","Name":"scoped","arguments":{}}}',
    );
    expect(await response.json()).toMatchObject({ result: { content: [{ text: '{}' }] } });
  });

  it('keeps prototype keys in arguments as inert data (MCP-022)', async () => {
    const response = await invoke(
      'echo',
      '{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}}}',
    );
    expect(response.status).toBe(200);
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
  });

  it('refuses other media types and encodings', async () => {
    expect((await post(at('/mcp'), '{}', { 'Content-Type': 'text/plain' })).status).toBe(415);
    expect((await post(at('/mcp'), '{}', { 'Content-Encoding': 'gzip' })).status).toBe(415);
    expect((await invoke('echo', '{}', { 'Content-Type': 'application/xml' })).status).toBe(415);
  });

  it('survives any bytes at any door: a 4xx with a body that names the fault, never a 5xx', async () => {
    const path = fc.constantFrom('/mcp', '/mcp/few', '/api/tool/echo/invoke', '/api/tool/nope/invoke');
    const body = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      fc.constantFrom('[[[', '{"":', '"', 'null', '{}'),
    );
    await fc.assert(
      fc.asyncProperty(path, body, async (path, body) => {
        const response = await post(at(path), body);
        expect(response.status).toBeLessThan(500);
        if (response.status !== 200) expect(((await response.json()) as { error: unknown }).error).toBeDefined();
      }),
      { numRuns: 300 },
    );
    expect((await fetch(at('/readyz'))).status).toBe(200);
  });

  it('survives messages that are almost right', async () => {
    const junk = fc.oneof(fc.jsonValue(), fc.constantFrom('echo', 'tools/call', '2.0', 1, {}, []));
    const message = fc.record(
      {
        jsonrpc: fc.oneof({ weight: 9, arbitrary: fc.constant('2.0') }, junk),
        id: fc.oneof({ weight: 5, arbitrary: fc.nat() }, junk),
        method: fc.oneof(
          {
            weight: 9,
            arbitrary: fc.constantFrom(
              'tools/call',
              'tools/list',
              'prompts/get',
              'resources/read',
              'completion/complete',
              'initialize',
              'logging/setLevel',
              'server/discover',
              'resources/subscribe',
            ),
          },
          junk,
        ),
        params: fc.oneof(
          junk,
          fc.record(
            {
              name: fc.oneof(fc.constant('echo'), junk),
              uri: junk,
              arguments: junk,
              cursor: junk,
              ref: junk,
              argument: junk,
              level: junk,
              protocolVersion: junk,
              requestState: junk,
              inputResponses: junk,
              _meta: junk,
            },
            { requiredKeys: [] },
          ),
        ),
      },
      { requiredKeys: ['jsonrpc'] },
    );
    await fc.assert(
      fc.asyncProperty(message, async (message) => {
        expect((await post(at('/mcp'), message)).status).toBeLessThan(500);
      }),
      { numRuns: 500 },
    );
  });

  const smuggled: [what: string, head: string][] = [
    ['Content-Length and chunked', 'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['two lengths', 'Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcd'],
    ['a signed length', 'Content-Length: +4\r\n\r\nabcd'],
    ['a space before the colon', 'Content-Length : 4\r\n\r\nabcd'],
    ['an obfuscated encoding', 'Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n'],
    ['a folded header', 'X-A: b\r\n c\r\n\r\n'],
  ];
  it.each(smuggled)('closes the connection on %s (MCP-025)', async (_, head) => {
    const answer = await raw(
      `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:${running.port}\r\nAuthorization: Bearer ${ALICE}\r\nContent-Type: application/json\r\n${head}GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:${running.port}\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).not.toContain('"status":"ok"');
  });
});

describe('the REST of MCP Toolbox', () => {
  it('gives its manifests', async () => {
    const all = (await (await fetch(at('/api/toolset'), { headers: authorized })).json()) as {
      serverVersion: string;
      tools: Record<string, unknown>;
    };
    expect(all.serverVersion).toBe('0.0.0-test');
    expect(all.tools['echo']).toEqual({ description: 'The test tool echo.', parameters: [], authRequired: [] });
    const few = (await (await fetch(at('/api/toolset/few'), { headers: authorized })).json()) as { tools: object };
    expect(Object.keys(few.tools)).toEqual(['echo']);
    expect((await fetch(at('/api/toolset/none'), { headers: authorized })).status).toBe(404);
    expect((await fetch(at('/api/tool/nope'), { headers: authorized })).status).toBe(404);
  });

  const results: [tool: string, result: string][] = [
    ['rows', '[{"id":1},{"id":2}]'],
    ['none', '[]'],
  ];
  it.each(results)('gives the result of %s as JSON text', async (tool, result) => {
    expect(await (await invoke(tool)).json()).toEqual({ result });
  });

  it('says that an answer was cut', async () => {
    expect(await (await invoke('cut')).json()).toMatchObject({
      result: '[{"id":1}]',
      notice: expect.stringMatching(/cut/),
    });
  });

  const refusals: [tool: string, body: string, status: number, code: string][] = [
    ['nope', '{}', 404, 'TOOL_UNKNOWN'],
    ['echo', '[]', 400, 'BODY_INVALID'],
    ['echo', '', 400, 'BODY_INVALID'],
    ['picky', '{}', 400, 'ARGUMENTS_INVALID'],
    ['google_only', '{}', 401, 'TOOL_AUTHORIZATION_UNAVAILABLE'],
    ['secretive', '{"pin":"1"}', 400, 'SECURE_CHANNEL_REQUIRED'],
    ['two_scopes', '{}', 403, 'INSUFFICIENT_SCOPE'],
    ['broken', '{}', 500, 'INTERNAL'],
  ];
  it.each(refusals)('%s with %s gets %i %s', async (tool, body, status, code) => {
    const response = await invoke(tool, body);
    expect(response.status).toBe(status);
    const told = (await response.json()) as { code: string; error: string; remedy: string };
    expect(told.code).toBe(code);
    expect(told.remedy).not.toBe('');
    expect(told.error).not.toContain('secret detail');
  });

  it('answers 405 with Allow to another method', async () => {
    const response = await fetch(at('/api/tool/echo/invoke'), { headers: authorized });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  });
});

describe('the pipeline, at both doors', () => {
  const call = (name: string, headers: Record<string, string> = {}) =>
    post(at('/mcp'), { jsonrpc: '2.0', id: 9, method: 'tools/call', params: { name, arguments: {} } }, headers);

  it('lets a scope through and names all that are missing at once (RFC 6750 §3.1)', async () => {
    expect((await call('scoped')).status).toBe(200);
    for (const response of [await call('two_scopes'), await invoke('two_scopes')]) {
      expect(response.status).toBe(403);
      expect(response.headers.get('www-authenticate')).toMatch(
        /error="insufficient_scope", scope="read:cities write:cities"/,
      );
    }
    const bob = await call('scoped', { Authorization: `Bearer ${BOB}` });
    expect([bob.status, ((await bob.json()) as { id: number; error: { code: number } }).error.code]).toEqual([
      403, -32600,
    ]);
  });

  it('refuses a caller without a role that may call', async () => {
    for (const response of [
      await call('echo', { Authorization: `Bearer ${AUDITOR}` }),
      await invoke('echo', {}, { Authorization: `Bearer ${AUDITOR}` }),
    ]) {
      expect(response.status).toBe(403);
    }
  });

  it('shows the model every violation of its arguments', async () => {
    const { result } = (await (await call('picky')).json()) as {
      result: { isError: boolean; content: { text: string }[] };
    };
    expect(result.isError).toBe(true);
    expect(result.content[0]?.text).toMatch(/`city`: must be a string; `limit`: must be at most 10/);
  });

  it('hides what a fault of the server says, and gives the id to find it by', async () => {
    const { error } = (await (await call('broken')).json()) as { error: { code: number; message: string } };
    expect(error.code).toBe(-32603);
    expect(error.message).toMatch(/request id `[0-9a-z]+-[0-9a-z]+`/);
    expect(error.message).not.toContain('secret detail');
  });

  it('answers a tool outside the toolset as unknown', async () => {
    const response = await post(at('/mcp/few'), {
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'rows' },
    });
    expect(await response.json()).toMatchObject({ error: { code: -32602, message: 'no tool is called `rows`' } });
  });

  it('tolerates a trailing slash', async () => {
    expect((await post(at('/mcp/few/'), { jsonrpc: '2.0', id: 1, method: 'tools/list' })).status).toBe(200);
  });

  it('stops the work when the caller goes away, and reports it', async () => {
    const before = waiting.length;
    const controller = new AbortController();
    const gone = fetch(at('/api/tool/wait/invoke'), {
      method: 'POST',
      headers: { ...authorized, 'Content-Type': 'application/json' },
      body: '{}',
      signal: controller.signal,
    }).catch(() => 'gone');
    await expect.poll(() => waiting.length).toBe(before + 1);
    controller.abort();
    await waiting[before]?.aborted;
    expect(await gone).toBe('gone');
    await expect.poll(() => running.reports.at(-1)?.outcome).toBe('CALL_CANCELLED');
  });

  it('refuses calls past the limit with Retry-After, and frees their places', async () => {
    const controller = new AbortController();
    const before = waiting.length;
    const held = Array.from({ length: 4 }, () =>
      fetch(at('/api/tool/wait/invoke'), {
        method: 'POST',
        headers: { ...authorized, 'Content-Type': 'application/json' },
        body: '{}',
        signal: controller.signal,
      }).catch(() => undefined),
    );
    await expect.poll(() => waiting.length).toBe(before + 4);
    for (const response of [await invoke('echo'), await call('echo')]) {
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
    }
    controller.abort();
    await Promise.all(held);
    await expect.poll(() => running.gateway.gauges.running()).toBe(0);
    expect((await invoke('echo')).status).toBe(200);
  });

  it('keeps callers apart when all use the same ids (MCP-018)', async () => {
    const answers = await Promise.all(
      Array.from({ length: 200 }, async (_, caller) => {
        const response = await post(at('/mcp'), {
          jsonrpc: '2.0',
          id: caller % 3,
          method: 'tools/list',
          params: { caller },
        });
        const echo = await invoke('rows', { caller });
        return [((await response.json()) as { id: number }).id === caller % 3, echo.status];
      }),
    );
    for (const answer of answers) expect(answer).toEqual([true, expect.any(Number)]);
  });
});
