/** Bodies that are no message, messages that are almost one, and bytes that mean to be two requests. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { ALICE, post, startGateway, type RunningGateway } from './gateway.fixture.ts';
import { raw } from './wire.fixture.ts';

let running: RunningGateway;
beforeAll(async () => {
  running = await startGateway({ limits: { maxBodyBytes: 100_000 } });
});
afterAll(() => running.close());

const at = (path: string): string => `${running.url}${path}`;
const invoke = (tool: string, body: unknown = {}, headers: Record<string, string> = {}) =>
  post(at(`/api/tool/${tool}/invoke`), body, headers);

describe('bad input (MCP-021)', () => {
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

  it('refuses other media types and encodings (REG-020)', async () => {
    expect((await post(at('/mcp'), '{}', { 'Content-Type': 'text/plain' })).status).toBe(415);
    expect((await post(at('/mcp'), '{}', { 'Content-Encoding': 'gzip' })).status).toBe(415);
    expect((await invoke('echo', '{}', { 'Content-Type': 'application/xml' })).status).toBe(415);
    expect((await invoke('echo', '{}', { 'Content-Type': 'application/json\ta' })).status).toBe(415);
    expect((await post(at('/mcp'), '{}', { 'Content-Type': 'multipart/form-data; boundary=x' })).status).toBe(415);
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
      running.port,
      `POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:${running.port}\r\nAuthorization: Bearer ${ALICE}\r\nContent-Type: application/json\r\n${head}GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:${running.port}\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).not.toContain('"status":"ok"');
  });
});
