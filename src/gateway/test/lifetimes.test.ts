/** What a call, a stream or a session leaves behind when it ends, however it ends: nothing. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { queryObjects } from 'node:v8';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClientFace } from '#contract';
import type { JsonObject } from '#kernel';
import type { CallReport } from '../index.ts';
import { EventStream } from '../mcp/event-stream.ts';
import { HttpExchange } from '../mcp/http-exchange.ts';
import {
  ALICE,
  BOB,
  post,
  postStateless,
  revoked,
  snapshotOf,
  startGateway,
  store,
  testTool,
  TOOLS,
  UNHURRIED,
  waiting,
  type RunningGateway,
} from './gateway.fixture.ts';
import { events, messagesOf } from './wire.fixture.ts';

/** Runs of `held` that wait for the test: their client, and what lets them end. */
const held: { readonly client: ClientFace; readonly signal: AbortSignal; release(): void }[] = [];

const question = (message: string) => ({
  method: 'elicitation/create' as const,
  params: { mode: 'form', message, requestedSchema: { type: 'object', properties: {} } },
});

const tools = [
  ...TOOLS,
  testTool({
    name: 'held',
    run: (_, { client, signal }) =>
      new Promise((resolve, reject) => {
        held.push({ client, signal, release: () => resolve({ kind: 'value', value: 'done' }) });
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      }),
  }),
  testTool({
    name: 'talkative',
    run: async (_, { client }) => {
      // When the answer is given and waits to be written, and when it is written.
      let step = 0;
      for (const later of [process.nextTick, setImmediate]) later(() => client.progress(++step));
      return { kind: 'value', value: 'done' };
    },
  }),
  testTool({
    name: 'two_questions',
    run: async (_, { client }) => {
      await client.request({ first: question('first'), second: question('second') });
      return { kind: 'value', value: 'answered' };
    },
  }),
];

let running: RunningGateway;
let url: string;
beforeEach(async () => {
  held.length = 0;
  running = await startGateway({}, snapshotOf(tools));
  url = `${running.url}/mcp`;
});
afterEach(async () => {
  revoked.clear();
  await running.close();
});

/** How many objects of a class the heap holds, after a full collection, but for what the test itself keeps. */
function alive(type: unknown): number {
  held.length = 0;
  (running.reports as CallReport[]).length = 0;
  return queryObjects(type as () => void, { format: 'count' });
}

const rpc = (method: string, params: JsonObject = {}, id: number | string = 1): JsonObject => ({
  jsonrpc: '2.0',
  id,
  method,
  params,
});

async function openSession(): Promise<Record<string, string>> {
  const params = { protocolVersion: '2025-11-25', capabilities: { elicitation: {} } };
  const response = await post(url, rpc('initialize', params));
  return { 'Mcp-Session-Id': response.headers.get('mcp-session-id') as string };
}

/** What the gateway keeps for requests that it has not finished. */
const kept = (): Record<string, number> => {
  const { gauges, services } = running.gateway;
  const { changes, sessions } = services;
  return { streams: gauges.streams(), calls: gauges.running(), listening: changes.size, pending: sessions.pending };
};
const NOTHING = { streams: 0, calls: 0, listening: 0, pending: 0 };

/** Sends a request and hangs up at once, when the bytes are on their way. */
function hangUp(body: JsonObject, headers: Record<string, string>): Promise<void> {
  return new Promise((resolve) => {
    const text = JSON.stringify(body);
    const lines = Object.entries({
      Host: `127.0.0.1:${running.port}`,
      Authorization: `Bearer ${ALICE}`,
      'Content-Type': 'application/json',
      Accept: 'application/json, text/event-stream',
      'Content-Length': String(Buffer.byteLength(text)),
      ...headers,
    }).map(([name, value]) => `${name}: ${value}\r\n`);
    const socket = connect(running.port, '127.0.0.1', () =>
      socket.write(`POST /mcp HTTP/1.1\r\n${lines.join('')}\r\n${text}`, () => socket.destroy()),
    );
    socket.on('close', () => resolve());
    socket.on('error', () => {});
  });
}

describe('ten thousand requests', () => {
  it('leave no exchange, stream, listener or session entry behind', async () => {
    const warnings: Error[] = [];
    const warned = (warning: Error): void => void warnings.push(warning);
    process.on('warning', warned);
    waiting.length = 0;
    const session = await openSession();
    const meta = { progressToken: 'p' };
    const kinds: (() => Promise<unknown>)[] = [
      async () => (await postStateless(url, 'tools/call', { name: 'echo' })).text(),
      async () => (await postStateless(url, 'tools/call', { name: 'progress' }, { meta })).text(),
      async () => (await postStateless(url, 'tools/list')).arrayBuffer(),
      async () => (await post(url, rpc('tools/call', { name: 'progress', _meta: meta }), session)).text(),
      async () => (await post(url, rpc('tools/call', { name: 'picky' }), session)).text(),
      async () => (await post(`${running.url}/api/tool/rows/invoke`, {})).text(),
      async () => (await post(url, '{')).text(),
      () => hangUp(rpc('tools/call', { name: 'wait' }), session),
    ];
    const stateless = {
      'MCP-Protocol-Version': '2026-07-28',
      'Mcp-Method': 'subscriptions/listen',
    };
    const listen = rpc('subscriptions/listen', {
      notifications: { toolsListChanged: true },
      _meta: {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientCapabilities': {},
      },
    });
    let count = 0;
    const worker = async (): Promise<void> => {
      while (count < 10_000) {
        const turn = count++;
        // A new connection for each of these: every hundredth is enough.
        if (turn % 100 === 0) await hangUp(listen, stateless);
        else await (turn % 100 === 50 ? kinds[7]! : kinds[turn % 7]!)();
      }
    };
    await Promise.all(Array.from({ length: 16 }, worker));
    await expect.poll(kept).toEqual(NOTHING);
    await expect.poll(() => alive(HttpExchange)).toBe(0);
    expect(alive(EventStream)).toBe(0);
    expect(warnings.filter((warning) => warning.name !== 'ExperimentalWarning')).toEqual([]);
    process.off('warning', warned);
  });
});

describe('a client that went away', () => {
  it('while its key was looked up opens no session stream', async () => {
    const session = await openSession();
    const get = `GET /mcp HTTP/1.1\r\nHost: 127.0.0.1:${running.port}\r\nAuthorization: Bearer ${UNHURRIED}\r\nAccept: text/event-stream\r\nMcp-Session-Id: ${session['Mcp-Session-Id']}\r\n\r\n`;
    const asked = new Promise<void>((resolve) => (store.asked = resolve));
    const socket = connect(running.port, '127.0.0.1', () => socket.write(get));
    await asked;
    socket.destroy();
    // The server has seen it go when it answers something that came after.
    await once(socket, 'close');
    await fetch(`${running.url}/healthz`);
    store.answer();
    await fetch(`${running.url}/healthz`);
    await expect.poll(kept).toEqual(NOTHING);
  });

  it('opens no stream with the first notification after it', async () => {
    await hangUp(rpc('tools/call', { name: 'held', _meta: { progressToken: 1 } }), {});
    await expect.poll(() => held[0]?.signal.aborted).toBe(true);
    held[0]?.client.progress(1);
    held[0]?.client.log('error', 'nobody reads this');
    expect(running.gateway.gauges.streams()).toBe(0);
  });
});

describe('a tool that goes on talking after its answer', () => {
  it.each([
    ['stateless', () => postStateless(url, 'tools/call', { name: 'talkative' }, { meta: { progressToken: 1 } })],
    ['session', () => post(url, rpc('tools/call', { name: 'talkative', _meta: { progressToken: 1 } }))],
  ])('is not heard, and its answer arrives (%s era)', async (_, call) => {
    // Many at once: only then are answers held back to the end of the turn.
    const answers = await Promise.all(Array.from({ length: 50 }, async () => (await call()).text()));
    for (const answer of answers) {
      expect(answer).toContain('"text":"done"');
      expect(answer).not.toContain('notifications/progress');
    }
    await expect.poll(kept).toEqual(NOTHING);
  });
});

describe('a credential that stops counting', () => {
  it('stops the call whose stream it opened, and every subscription (MCP-028)', async () => {
    const headers = { Authorization: `Bearer ${BOB}` };
    const call = postStateless(url, 'tools/call', { name: 'held' }, { headers, meta: { progressToken: 1 } });
    await expect.poll(() => held.length).toBe(1);
    held[0]?.client.progress(1);
    const ended = (await call).text().catch(() => 'cut');
    const filter = { notifications: { toolsListChanged: true } };
    const subscription = (await postStateless(url, 'subscriptions/listen', filter, { headers })).text();
    await expect.poll(() => running.gateway.gauges.streams()).toBe(2);
    revoked.add(BOB);
    await running.gateway.services.streams.round();
    await Promise.all([ended, subscription.catch(() => 'cut')]);
    expect(held[0]?.signal.aborted).toBe(true);
    await expect.poll(kept).toEqual(NOTHING);
    await expect.poll(() => alive(HttpExchange)).toBe(0);
  });
});

describe('questions of one call', () => {
  it('are all taken back when one is refused', async () => {
    const session = await openSession();
    const response = await post(url, rpc('tools/call', { name: 'two_questions' }), session);
    const seen: JsonObject[] = [];
    for await (const message of messagesOf(response)) {
      seen.push(message);
      if (seen.length === 2)
        await post(url, { jsonrpc: '2.0', id: seen[0]!['id'] as string, error: { code: -1, message: 'no' } }, session);
    }
    expect(seen[2]).toMatchObject({ method: 'notifications/cancelled', params: { requestId: seen[1]!['id'] } });
    expect(seen[3]).toMatchObject({ id: 1, result: { isError: true } });
    expect(kept()).toEqual(NOTHING);
  });
});

describe('ids of requests in flight', () => {
  it.each([0, -1, '', 'a', '__proto__'])('%j can be cancelled in a session', async (id) => {
    const session = await openSession();
    const call = post(url, rpc('tools/call', { name: 'wait' }, id), session);
    const before = waiting.length;
    await expect.poll(() => waiting.length).toBe(before + 1);
    await post(url, { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id } }, session);
    await waiting[before]?.aborted;
    expect(((await (await call).json()) as JsonObject)['id']).toBe(id);
  });

  it('that two requests share do not let the first to end hide the second from its cancellation', async () => {
    const session = await openSession();
    const before = waiting.length;
    const call = post(url, rpc('tools/call', { name: 'wait' }, 7), session);
    await expect.poll(() => waiting.length).toBe(before + 1);
    await post(url, rpc('tools/call', { name: 'rows' }, 7), session);
    await post(url, { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 7 } }, session);
    await waiting[before]?.aborted;
    await call;
  });
});

describe('draining', () => {
  it('ends subscriptions with their closing result, session streams, and no running call', async () => {
    const session = await openSession();
    const sessionStream = await fetch(url, {
      headers: { Authorization: `Bearer ${ALICE}`, Accept: 'text/event-stream', ...session },
    });
    const filter = { notifications: { toolsListChanged: true } };
    const subscription = await postStateless(url, 'subscriptions/listen', filter, { id: 7 });
    const streaming = postStateless(url, 'tools/call', { name: 'held' }, { meta: { progressToken: 1 } });
    const inSession = post(url, rpc('tools/call', { name: 'held' }), session);
    const plain = post(`${running.url}/api/tool/held/invoke`, {});
    await expect.poll(() => held.length).toBe(3);
    for (const { client } of held) client.progress(1);
    await expect.poll(() => running.gateway.gauges.streams()).toBe(3);

    running.gateway.drain();
    expect((await events(subscription)).at(-1)).toEqual({
      jsonrpc: '2.0',
      id: 7,
      result: {
        resultType: 'complete',
        _meta: {
          'io.modelcontextprotocol/subscriptionId': 7,
          'io.modelcontextprotocol/serverInfo': expect.anything(),
        },
      },
    });
    expect(await sessionStream.text()).toBe('');
    for (const { release } of held) release();
    expect((await events(await streaming)).at(-1)).toMatchObject({ result: { content: [{ text: 'done' }] } });
    expect(await (await inSession).json()).toMatchObject({ result: { content: [{ text: 'done' }] } });
    expect(await (await plain).json()).toEqual({ result: 'done' });
  });
});
