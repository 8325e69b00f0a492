/** What the revisions say of requests that real clients hardly send, or send wrongly. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '#kernel';
import {
  ALICE,
  AUDITOR,
  post,
  postStateless,
  snapshotOf,
  startGateway,
  testTool,
  TOOLS,
  waiting,
  watchers,
  type RunningGateway,
} from './gateway.fixture.ts';
import { events } from './wire.fixture.ts';

const LARGE = 5 * 1024 * 1024;
const tools = [
  ...TOOLS,
  testTool({
    name: 'large',
    run: async (_, { client }) => {
      client.progress(1);
      return { kind: 'value', value: 'x'.repeat(LARGE) };
    },
  }),
  testTool({
    name: 'flood',
    run: async (_, { client, signal }) => {
      const piece = 'y'.repeat(64 * 1024);
      for (let step = 1; step <= 1000 && !signal.aborted; step++) {
        client.progress(step, undefined, piece);
        await new Promise(setImmediate);
      }
      return { kind: 'value', value: signal.aborted ? 'cut' : 'read' };
    },
  }),
];

let running: RunningGateway;
let url: string;
beforeAll(async () => {
  running = await startGateway({ limits: { maxConcurrentCalls: 3 } }, snapshotOf(tools));
  url = `${running.url}/mcp`;
});
afterAll(() => running.close());

const rpc = (method: string, params: JsonObject = {}): JsonObject => ({ jsonrpc: '2.0', id: 1, method, params });
const codeOf = async (response: Response): Promise<[status: number, code: number]> => [
  response.status,
  ((await response.json()) as { error: { code: number } }).error.code,
];
async function openSession(protocolVersion = '2025-11-25'): Promise<Record<string, string>> {
  const response = await post(url, rpc('initialize', { protocolVersion, capabilities: {} }));
  return { 'Mcp-Session-Id': response.headers.get('mcp-session-id') as string };
}

describe('ids', () => {
  it.each([0, -1, 2 ** 53 - 1, '', 'a', '\u2028', '__proto__'])(
    '%j is a request’s, and comes back as it was',
    async (id) => {
      const inSession = await post(url, { jsonrpc: '2.0', id, method: 'ping' });
      expect(await inSession.json()).toEqual({ jsonrpc: '2.0', id, result: {} });
      const stateless = await postStateless(url, 'no/such', {}, { id: id as number });
      expect(await stateless.json()).toMatchObject({ id, error: { code: -32601 } });
    },
  );

  it.each([1.5, 2 ** 53, true, [], null])('%j is none', async (id) => {
    expect(await codeOf(await post(url, { jsonrpc: '2.0', id, method: 'ping' }))).toEqual([400, -32600]);
  });
});

describe('instructions', () => {
  it('are the configuration’s where a group says nothing of itself', async () => {
    const whole = snapshotOf().namespaces.get('default')!;
    const silent = { ...whole, all: { ...whole.all, description: undefined } };
    const quiet = await startGateway(
      { instructions: 'Ask politely.' },
      { version: '1', namespaces: new Map([['default', silent]]) },
    );
    const initialize = rpc('initialize', { protocolVersion: '2025-11-25', capabilities: {} });
    for (const response of [
      await post(`${quiet.url}/mcp`, initialize),
      await postStateless(`${quiet.url}/mcp`, 'server/discover'),
    ])
      expect(await response.json()).toMatchObject({ result: { instructions: 'Ask politely.' } });
    await quiet.close();
  });
});

describe('notifications and responses over HTTP', () => {
  const notification = (meta?: JsonObject): JsonObject => ({
    jsonrpc: '2.0',
    method: 'notifications/anything',
    ...(meta && { params: { _meta: meta } }),
  });
  const STATELESS = { 'MCP-Protocol-Version': '2026-07-28' };

  it('accepts a stateless notification that says its version in the header alone: it is no request', async () => {
    expect((await post(url, notification(), STATELESS)).status).toBe(202);
  });

  it('refuses a notification of a version that is not served', async () => {
    const response = await post(url, notification({ 'io.modelcontextprotocol/protocolVersion': '2031-01-01' }));
    expect(await codeOf(response)).toEqual([400, -32022]);
  });

  it.each([
    ['without a session', {}],
    ['on the stateless revision', STATELESS],
  ])('refuses a response %s: nothing was asked', async (_, headers) => {
    expect(await codeOf(await post(url, { jsonrpc: '2.0', id: 'x', result: {} }, headers))).toEqual([400, -32600]);
  });

  it('accepts a response to nothing in a session: the answer may have crossed a cancellation', async () => {
    const session = await openSession();
    expect((await post(url, { jsonrpc: '2.0', id: 'chatelaine-9', result: {} }, session)).status).toBe(202);
  });
});

describe('Accept', () => {
  const get = (headers: Record<string, string>) =>
    fetch(url, { headers: { Authorization: `Bearer ${ALICE}`, ...headers } });

  it.each(['*/*', 'application/json', 'text/event-streams'])('GET in a session with `%s` gets 406', async (accept) => {
    const session = await openSession();
    expect((await get({ ...session, Accept: accept })).status).toBe(406);
  });

  it('GET opens the stream in any spelling of the type, and ignores Last-Event-ID', async () => {
    const session = await openSession();
    const controller = new AbortController();
    const response = await fetch(url, {
      headers: {
        Authorization: `Bearer ${ALICE}`,
        ...session,
        Accept: 'application/json, Text/Event-Stream;q=0.9',
        'Last-Event-ID': 'evil\u00e9 17',
      },
      signal: controller.signal,
    });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    controller.abort();
  });

  it('a POST that lists no stream gets its answer as JSON, without what would have gone ahead', async () => {
    const response = await post(url, rpc('tools/call', { name: 'progress', _meta: { progressToken: 1 } }), {
      Accept: '*/*',
    });
    expect(await response.json()).toMatchObject({ result: { content: [{ text: 'done' }] } });
  });
});

describe('streams and slow readers', () => {
  it('carry an answer of any size to a reader that reads', async () => {
    const messages = await events(
      await postStateless(url, 'tools/call', { name: 'large' }, { meta: { progressToken: 1 } }),
    );
    const { result } = messages.at(-1) as { result: { content: { text: string }[] } };
    expect(result.content[0]?.text.length).toBe(LARGE);
  });

  it('are cut when the reader leaves a mebibyte unread, and the work with them (MCP-028)', async () => {
    const response = await postStateless(url, 'tools/call', { name: 'flood' }, { meta: { progressToken: 1 } });
    await expect.poll(() => running.gateway.gauges.running(), { timeout: 20_000 }).toBe(0);
    await expect(response.text()).rejects.toThrow(/terminated/);
  });
});

describe('the stateless revision', () => {
  it('refuses a log level that is none (Logging, Error Handling)', async () => {
    const meta = { 'io.modelcontextprotocol/logLevel': 'loud' };
    expect(await codeOf(await postStateless(url, 'tools/call', { name: 'rows' }, { meta }))).toEqual([400, -32602]);
  });

  const declared: [capabilities: JsonObject, missing: JsonObject | undefined][] = [
    [{ elicitation: {} }, undefined],
    [{ elicitation: { form: {} } }, undefined],
    [{ elicitation: { form: {}, url: {} } }, undefined],
    [{ elicitation: { url: {} } }, { elicitation: { form: {} } }],
    [{}, { elicitation: {} }],
    [{ elicitation: true }, { elicitation: {} }],
  ];
  it.each(declared)('asks a client of %j for a form, or says that %j is missing', async (capabilities, missing) => {
    const answered = (await (await postStateless(url, 'tools/call', { name: 'greet' }, { capabilities })).json()) as {
      error?: { data: JsonObject };
    };
    expect(answered.error?.data['requiredCapabilities']).toEqual(missing);
  });

  it('tells of a resource once, however often it was named', async () => {
    const before = watchers.length;
    const uris = Array.from({ length: 1000 }, () => 'test://readme');
    const response = await postStateless(url, 'subscriptions/listen', {
      notifications: { resourceSubscriptions: uris },
    });
    const [acknowledged] = await events(response, 1);
    expect(acknowledged).toMatchObject({ params: { notifications: { resourceSubscriptions: ['test://readme'] } } });
    expect(watchers.length).toBe(before + 1);
  });

  it('takes a requestState again when the server was too busy to look at it', async () => {
    const capabilities = { elicitation: {}, sampling: {} };
    const greet = (params: JsonObject = {}) =>
      postStateless(url, 'tools/call', { name: 'greet', ...params }, { capabilities });
    const { result } = (await (await greet()).json()) as { result: { requestState: string } };
    const { requestState } = result;
    const inputResponses = { name: { action: 'accept', content: { who: 'Ada' } } };
    const before = waiting.length;
    const controller = new AbortController();
    const busy = Array.from({ length: 3 }, () =>
      fetch(`${running.url}/api/tool/wait/invoke`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${ALICE}`, 'Content-Type': 'application/json' },
        body: '{}',
        signal: controller.signal,
      }).catch(() => undefined),
    );
    await expect.poll(() => waiting.length).toBe(before + 3);
    const refused = await greet({ requestState, inputResponses });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    controller.abort();
    await Promise.all(busy);
    await expect.poll(() => running.gateway.gauges.running()).toBe(0);
    const again = (await (await greet({ requestState, inputResponses })).json()) as { result: JsonObject };
    expect(again.result).toMatchObject({ resultType: 'input_required', inputRequests: { mood: {} } });
    expect((await greet({ requestState, inputResponses })).status).toBe(400);
  });
});

describe('prompts, resources and completions', () => {
  const consulted: [method: string, params: JsonObject][] = [
    ['prompts/get', { name: 'trip', arguments: { city: 'Bern' } }],
    ['resources/read', { uri: 'test://readme' }],
    ['completion/complete', { ref: { type: 'ref/prompt', name: 'trip' }, argument: { name: 'city', value: 'B' } }],
  ];
  it.each(consulted)('%s needs the role that calls need', async (method, params) => {
    expect((await post(url, rpc(method, params))).status).toBe(200);
    const headers = { Authorization: `Bearer ${AUDITOR}` };
    expect(await codeOf(await post(url, rpc(method, params), headers))).toEqual([403, -32600]);
    expect(await codeOf(await postStateless(url, method, params, { headers }))).toEqual([403, -32600]);
  });
});

describe('a client of 2025-03-26', () => {
  it('never sends the version header, and is served as what it agreed on', async () => {
    const opened = await post(url, rpc('initialize', { protocolVersion: '2025-03-26', capabilities: {} }));
    expect(((await opened.json()) as { result: JsonObject }).result['protocolVersion']).toBe('2025-03-26');
    const session = { 'Mcp-Session-Id': opened.headers.get('mcp-session-id') as string };
    expect((await post(url, { jsonrpc: '2.0', method: 'notifications/initialized' }, session)).status).toBe(202);
    expect(await (await post(url, rpc('tools/call', { name: 'rows' }), session)).json()).toMatchObject({
      result: { content: [{ text: '{"id":1}' }, { text: '{"id":2}' }] },
    });
    const batch = await post(url, [rpc('ping'), rpc('ping')], session);
    expect(await codeOf(batch)).toEqual([400, -32600]);
    const ended = await fetch(url, { method: 'DELETE', headers: { Authorization: `Bearer ${ALICE}`, ...session } });
    expect(ended.status).toBe(204);
  });
});
