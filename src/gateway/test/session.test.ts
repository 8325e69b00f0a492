import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { JsonObject } from '#kernel';
import {
  ALICE,
  BOB,
  post,
  snapshotOf,
  startGateway,
  testTool,
  TOOLS,
  waiting,
  watchers,
  type RunningGateway,
} from './gateway.fixture.ts';

let running: RunningGateway;
let url: string;
beforeAll(async () => {
  running = await startGateway();
  url = `${running.url}/mcp`;
});
afterAll(() => running.close());

interface Seen {
  readonly notifications: string[];
}

/** The official client, in a session, with somebody behind it who answers everything. */
async function connect(
  capabilities: JsonObject = { elicitation: {}, sampling: {} },
): Promise<{ client: Client; transport: StreamableHTTPClientTransport; seen: Seen }> {
  const client = new Client({ name: 'test', version: '1' }, { capabilities });
  const seen: Seen = { notifications: [] };
  if (capabilities['elicitation'])
    client.setRequestHandler('elicitation/create', async () => ({ action: 'accept', content: { who: 'Ada' } }));
  if (capabilities['sampling']) {
    client.setRequestHandler('sampling/createMessage', async () => ({
      role: 'assistant' as const,
      content: { type: 'text' as const, text: 'well' },
      model: 'm',
    }));
  }
  client.fallbackNotificationHandler = async (notification) => void seen.notifications.push(notification.method);
  const transport = new StreamableHTTPClientTransport(new URL(url), {
    requestInit: { headers: { Authorization: `Bearer ${ALICE}` } },
  });
  await client.connect(transport);
  return { client, transport, seen };
}

describe('the session revisions (MCP 2025-11-25 and before), with the official client', () => {
  it('opens a session, calls, and ends it', async () => {
    const { client, transport } = await connect();
    expect(client.getServerVersion()?.name).toBe('chatelaine');
    expect(client.getInstructions()).toBe('Test instructions.');
    const result = await client.callTool({ name: 'echo', arguments: { city: 'Basel' } });
    expect(result.content).toEqual([{ type: 'text', text: '{"city":"Basel"}' }]);
    const id = transport.sessionId as string;
    await transport.terminateSession();
    const after = await post(url, { jsonrpc: '2.0', id: 1, method: 'tools/list' }, { 'Mcp-Session-Id': id });
    expect(after.status).toBe(404);
    await client.close();
  });

  it('asks the client and waits for it, on the stream of the call', async () => {
    const { client } = await connect();
    const result = await client.callTool({ name: 'greet' });
    expect(result.content).toEqual([{ type: 'text', text: 'Ada is well' }]);
    await client.close();
  });

  it('tells the model when the client cannot be asked', async () => {
    const { client } = await connect({});
    const result = await client.callTool({ name: 'greet' });
    expect(result.isError).toBe(true);
    expect(JSON.stringify(result.content)).toMatch(/elicitation/);
    await client.close();
  });

  it('sends every progress notification before the result', async () => {
    const { client } = await connect();
    const steps: number[] = [];
    await client.callTool({ name: 'progress' }, { onprogress: ({ progress }) => void steps.push(progress) });
    expect(steps).toEqual([1, 2, 3]);
    await client.close();
  });

  it('honours the log level that the client set', async () => {
    const { client, seen } = await connect();
    await client.setLoggingLevel('debug');
    await client.callTool({ name: 'progress' });
    expect(seen.notifications.filter((method) => method === 'notifications/message')).toHaveLength(2);
    await client.setLoggingLevel('error');
    await client.callTool({ name: 'progress' });
    expect(seen.notifications.filter((method) => method === 'notifications/message')).toHaveLength(2);
    await client.close();
  });

  it('stops the work when the client cancels', async () => {
    const { client } = await connect();
    const controller = new AbortController();
    const before = waiting.length;
    const call = client.callTool({ name: 'wait' }, { signal: controller.signal }).catch(() => 'gone');
    await expect.poll(() => waiting.length).toBe(before + 1);
    controller.abort();
    await waiting[before]?.aborted;
    expect(await call).toBe('gone');
    await client.close();
  });

  it('tells list changes and watched resources on the open stream, and no group that kept its list', async () => {
    const { client, seen } = await connect();
    await client.subscribeResource({ uri: 'test://readme' });
    const watched = watchers.length;
    await expect.poll(() => watchers.length).toBe(watched);
    await expect.poll(() => running.gateway.gauges.streams()).toBeGreaterThan(0);
    running.replace(snapshotOf([...TOOLS, testTool({ name: 'new', run: async () => ({ kind: 'value', value: 1 }) })]));
    await expect.poll(() => seen.notifications).toContain('notifications/tools/list_changed');
    watchers.at(-1)?.();
    await expect.poll(() => seen.notifications).toContain('notifications/resources/updated');
    expect(seen.notifications).not.toContain('notifications/prompts/list_changed');
    running.replace(snapshotOf());
    await client.close();
  });

  it('gets prompts, completes arguments, reads resources', async () => {
    const { client } = await connect();
    expect((await client.getPrompt({ name: 'trip', arguments: { city: 'Bern' } })).messages).toEqual([
      { role: 'user', content: { type: 'text', text: 'Plan Bern' } },
    ]);
    await expect(client.getPrompt({ name: 'trip' })).rejects.toThrow(/`city`: is required/);
    const completed = await client.complete({
      ref: { type: 'ref/prompt', name: 'trip' },
      argument: { name: 'city', value: 'B' },
    });
    expect(completed.completion).toEqual({ values: ['Basel', 'Bern', 'Biel'], total: 3, hasMore: false });
    expect((await client.readResource({ uri: 'test://readme' })).contents).toMatchObject([{ text: 'read me' }]);
    await expect(client.readResource({ uri: 'test://other' })).rejects.toThrow(/no resource has the URI/);
    const raw = await post(url, { jsonrpc: '2.0', id: 1, method: 'resources/read', params: { uri: 'test://other' } });
    expect(await raw.json()).toMatchObject({ error: { code: -32002, data: { uri: 'test://other' } } });
    await client.close();
  });
});

describe('sessions', () => {
  const open = async (key = ALICE): Promise<string> => {
    const response = await post(
      url,
      {
        jsonrpc: '2.0',
        id: 1,
        method: 'initialize',
        params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 't', version: '1' } },
      },
      { Authorization: `Bearer ${key}` },
    );
    return response.headers.get('mcp-session-id') as string;
  };

  it('have ids of 256 random bits', async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, () => open()));
    expect(new Set(ids).size).toBe(20);
    for (const id of ids) expect(Buffer.from(id, 'base64url')).toHaveLength(32);
  });

  it.each([
    ['of another caller', async () => open(BOB)],
    ['that never was', async () => 'x'.repeat(43)],
  ])('answer 404 to one %s (MCP-017)', async (_, id) => {
    const response = await post(url, { jsonrpc: '2.0', id: 1, method: 'tools/list' }, { 'Mcp-Session-Id': await id() });
    expect(response.status).toBe(404);
  });

  it('cannot be cancelled in, answered in or ended by another caller (MCP-029)', async () => {
    const session = await open(BOB);
    for (const body of [
      { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } },
      { jsonrpc: '2.0', id: 'chatelaine-1', result: {} },
    ]) {
      expect((await post(url, body, { 'Mcp-Session-Id': session })).status).toBe(404);
    }
    const ended = await fetch(url, {
      method: 'DELETE',
      headers: { Authorization: `Bearer ${ALICE}`, 'Mcp-Session-Id': session },
    });
    expect(ended.status).toBe(404);
    expect(
      (
        await post(
          url,
          { jsonrpc: '2.0', id: 1, method: 'ping' },
          { 'Mcp-Session-Id': session, Authorization: `Bearer ${BOB}` },
        )
      ).status,
    ).toBe(200);
  });

  it('are not needed for calls and lists, which are then answered plainly', async () => {
    const response = await post(url, { jsonrpc: '2.0', id: 'a', method: 'tools/call', params: { name: 'rows' } });
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toMatchObject({
      id: 'a',
      result: { content: [{ text: '{"id":1}' }, { text: '{"id":2}' }] },
    });
  });

  it('agree on the client’s revision where it is known, else on our newest', async () => {
    for (const [asked, agreed] of [
      ['2025-03-26', '2025-03-26'],
      ['2024-11-05', '2025-11-25'],
      ['2026-07-28', '2025-11-25'],
    ]) {
      const response = await post(url, {
        jsonrpc: '2.0',
        id: 1,
        method: 'initialize',
        params: { protocolVersion: asked, capabilities: {} },
      });
      expect(((await response.json()) as { result: JsonObject }).result['protocolVersion']).toBe(agreed);
    }
  });

  it('give way to newer ones of the same caller, never of another', async () => {
    const small = await startGateway({ limits: { maxSessions: 20 } });
    const at = `${small.url}/mcp`;
    const initialize = {
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-06-18', capabilities: {} },
    };
    const bobs = (await post(at, initialize, { Authorization: `Bearer ${BOB}` })).headers.get(
      'mcp-session-id',
    ) as string;
    for (let count = 0; count < 30; count++) await post(at, initialize);
    expect(small.gateway.gauges.sessions()).toBe(3);
    expect(
      (
        await post(
          at,
          { jsonrpc: '2.0', id: 1, method: 'ping' },
          { 'Mcp-Session-Id': bobs, Authorization: `Bearer ${BOB}` },
        )
      ).status,
    ).toBe(200);
    await small.close();
  });
});
