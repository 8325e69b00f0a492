import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '#kernel';
import { ALICE, postStateless, post, startGateway, TOOLS, type RunningGateway } from './gateway.fixture.ts';
import { events } from './wire.fixture.ts';

let running: RunningGateway;
let url: string;
beforeAll(async () => {
  running = await startGateway();
  url = `${running.url}/mcp`;
});
afterAll(() => running.close());

const call = (
  name: string,
  options: Parameters<typeof postStateless>[2] & object = {},
  more?: Parameters<typeof postStateless>[3],
) => postStateless(url, 'tools/call', { name, ...options }, more);
const json = async (
  response: Response,
): Promise<{ result: JsonObject; error: { code: number; message: string; data: JsonObject } }> =>
  (await response.json()) as never;

describe('the stateless revision (MCP 2026-07-28)', () => {
  it('says its versions, capabilities and identity to server/discover', async () => {
    const { result } = await json(await postStateless(url, 'server/discover'));
    expect(result).toMatchObject({
      resultType: 'complete',
      supportedVersions: ['2026-07-28', '2025-11-25', '2025-06-18', '2025-03-26'],
      capabilities: { tools: { listChanged: true } },
      instructions: 'Test instructions.',
      _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'chatelaine' } },
      cacheScope: 'private',
    });
  });

  it('lists with cache hints, the same for every page', async () => {
    const { result } = await json(await postStateless(url, 'tools/list'));
    expect(result).toMatchObject({ resultType: 'complete', ttlMs: 1000, cacheScope: 'private' });
    expect((result['tools'] as JsonObject[]).map((tool) => tool['name'])).toEqual(TOOLS.map((tool) => tool.name));
  });

  it('shows a tool’s scopes in _meta, so that a client can step up beforehand', async () => {
    const { result } = await json(await postStateless(url, 'tools/list'));
    const scoped = (result['tools'] as JsonObject[]).find((tool) => tool['name'] === 'two_scopes');
    expect(scoped?.['_meta']).toEqual({ 'dev.chatelaine/scopesRequired': ['read:cities', 'write:cities'] });
  });

  it('calls a tool and gives one text item a row', async () => {
    const { result } = await json(await call('rows'));
    expect(result['content']).toEqual([
      { type: 'text', text: '{"id":1}' },
      { type: 'text', text: '{"id":2}' },
    ]);
  });

  it('tells the reader when rows were cut', async () => {
    const { result } = await json(await call('cut'));
    expect((result['content'] as JsonObject[]).at(-1)?.['text']).toMatch(/cut after 1 rows \(maxRows 1\)/);
    expect(result['_meta']).toMatchObject({ 'dev.chatelaine/truncated': { by: 'maxRows', limit: 1 } });
  });

  const headerFaults: [what: string, headers: Record<string, string>][] = [
    ['Mcp-Method of another method', { 'Mcp-Method': 'tools/list' }],
    ['Mcp-Name of another tool', { 'Mcp-Name': 'scoped' }],
    ['a base64 Mcp-Name of another tool', { 'Mcp-Name': `=?base64?${Buffer.from('scoped').toString('base64')}?=` }],
    ['a version unlike the body’s', { 'MCP-Protocol-Version': '2025-11-25' }],
    ['an empty Mcp-Name', { 'Mcp-Name': '' }],
  ];
  it.each(headerFaults)('refuses %s with -32020 (Server Validation) (MCP-019)', async (_, headers) => {
    const response = await call('echo', {}, { headers });
    expect(response.status).toBe(400);
    expect((await json(response)).error.code).toBe(-32020);
  });

  it('accepts a base64 Mcp-Name that decodes to the body’s', async () => {
    const headers = { 'Mcp-Name': `=?base64?${Buffer.from('echo').toString('base64')}?=` };
    expect((await call('echo', {}, { headers })).status).toBe(200);
  });

  const parameterHeaders: [what: string, args: JsonObject, headers: Record<string, string>, status: number][] = [
    [
      'matching values',
      { region: 'eu', deep: { count: 42 } },
      { 'Mcp-Param-Region': 'eu', 'Mcp-Param-Count': '42.0' },
      200,
    ],
    ['a missing header', { region: 'eu' }, {}, 400],
    ['another value', { region: 'eu' }, { 'Mcp-Param-Region': 'us' }, 400],
    ['a header for an absent value', {}, { 'Mcp-Param-Region': 'eu' }, 400],
    ['a header for a null value', { region: null }, { 'Mcp-Param-Region': 'eu' }, 400],
    [
      'an encoded value',
      { region: 'Zürich' },
      { 'Mcp-Param-Region': `=?base64?${Buffer.from('Zürich').toString('base64')}?=` },
      200,
    ],
    ['base64 without its padding', { region: 'Hello' }, { 'Mcp-Param-Region': '=?base64?SGVsbG8?=' }, 400],
    ['base64 with stray characters', { region: 'Hello' }, { 'Mcp-Param-Region': '=?base64?SGVs!!bG8=?=' }, 400],
    ['base64 with bits to spare', { region: 'Hello' }, { 'Mcp-Param-Region': '=?base64?SGVsbG9=?=' }, 400],
    ['half a marker, taken literally', { region: '=?base64?eu' }, { 'Mcp-Param-Region': '=?base64?eu' }, 200],
  ];
  it.each(parameterHeaders)('checks Mcp-Param-* headers: %s', async (_, args, headers, status) => {
    expect((await call('mirrored', { arguments: args }, { headers })).status).toBe(status);
  });

  it('refuses _meta without version or capabilities with 400 and -32602', async () => {
    for (const field of ['protocolVersion', 'clientCapabilities']) {
      const meta = { [`io.modelcontextprotocol/${field}`]: null };
      const response = await postStateless(url, 'tools/list', {}, { meta });
      expect([response.status, (await json(response)).error.code]).toEqual([400, -32602]);
    }
  });

  it('answers an unknown version with -32022 and those it speaks', async () => {
    const response = await postStateless(
      url,
      'tools/list',
      {},
      {
        meta: { 'io.modelcontextprotocol/protocolVersion': '2031-01-01' },
        headers: { 'MCP-Protocol-Version': '2031-01-01' },
      },
    );
    expect(response.status).toBe(400);
    const { error } = await json(response);
    expect(error).toMatchObject({ code: -32022, data: { requested: '2031-01-01' } });
    expect(error.data['supported']).toContain('2026-07-28');
  });

  it.each(['initialize', 'ping', 'logging/setLevel', 'resources/subscribe', 'no/such'])(
    'answers %s with 404 and -32601',
    async (method) => {
      const response = await postStateless(url, method);
      expect([response.status, (await json(response)).error.code]).toEqual([404, -32601]);
    },
  );

  it('streams progress in order, before the result, and drops what does not increase', async () => {
    const response = await call('progress', {}, { meta: { progressToken: 'p1' } });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(response.headers.get('x-accel-buffering')).toBe('no');
    const messages = await events(response);
    expect(messages.map((message) => (message['params'] as JsonObject | undefined)?.['progress'] ?? 'result')).toEqual([
      1,
      2,
      3,
      'result',
    ]);
  });

  it('sends log messages only from the level that the request asked for', async () => {
    const silent = await call('progress');
    expect(silent.headers.get('content-type')).toBe('application/json');
    const loud = await events(await call('progress', {}, { meta: { 'io.modelcontextprotocol/logLevel': 'info' } }));
    expect(loud.map((message) => message['method'] ?? 'result')).toEqual(['notifications/message', 'result']);
  });

  it('names what is missing when the client cannot be asked (-32021)', async () => {
    const response = await call('greet', {}, { capabilities: { sampling: {} } });
    expect(response.status).toBe(400);
    expect((await json(response)).error).toMatchObject({
      code: -32021,
      data: { requiredCapabilities: { elicitation: {} } },
    });
  });

  it('takes secure parameters from a client with the extension only, and never from the arguments', async () => {
    const plain = await call('secretive', { arguments: { pin: '1234' } });
    expect([plain.status, (await json(plain)).error.code]).toEqual([400, -32021]);
    const capabilities = { extensions: { 'com.google.cloud/toolbox.v1': {} } };
    const secure = await json(
      await call('secretive', { arguments: {}, secureArguments: { pin: '1234', other: 1 } }, { capabilities }),
    );
    expect((secure.result['content'] as JsonObject[])[0]?.['text']).toBe('{"pin":"1234"}');
  });

  it('answers GET and DELETE without a session with a 4xx, as a stateless server', async () => {
    const headers = { Authorization: `Bearer ${ALICE}` };
    expect((await fetch(url, { headers })).status).toBe(405);
    expect((await fetch(url, { method: 'DELETE', headers })).status).toBe(400);
  });

  it('accepts a notification with 202 and no body', async () => {
    const meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
    };
    const response = await post(url, { jsonrpc: '2.0', method: 'notifications/anything', params: { _meta: meta } });
    expect([response.status, await response.text()]).toEqual([202, '']);
  });
});
