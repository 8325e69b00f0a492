/** Sessions of the 2025 revisions where several processes serve: whichever a request comes to, the one that holds the session answers. */
import { connect } from 'node:net';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EVERYWHERE } from '#contract';
import { systemClock, type JsonObject } from '#kernel';
import { fixedPolicies } from '#policy';
import {
  ALICE,
  BOB,
  post,
  revoked,
  seenFrom,
  snapshotOf,
  testTool,
  TOOLS,
  waiting,
  watchers,
} from './gateway.fixture.ts';
import {
  callTool,
  inSession,
  installation,
  openSession,
  startReplica,
  takePlace,
  type Installation,
  type Replica,
} from './replicas.fixture.ts';
import { events, messagesOf } from './wire.fixture.ts';

let all: Installation & AsyncDisposable;
beforeAll(async () => {
  all = await installation();
}, 60_000);
afterAll(() => all[Symbol.asyncDispose]());

let a: Replica;
let b: Replica;
beforeEach(async () => {
  [a, b] = [await startReplica(all), await startReplica(all)];
}, 60_000);

const get = (at: Replica, session: string, key = ALICE): Promise<Response> =>
  fetch(`${at.url}/mcp`, {
    headers: { Authorization: `Bearer ${key}`, Accept: 'text/event-stream', 'Mcp-Session-Id': session },
  });
const end = (at: Replica, session: string, key = ALICE): Promise<Response> =>
  fetch(`${at.url}/mcp`, { method: 'DELETE', headers: { Authorization: `Bearer ${key}`, 'Mcp-Session-Id': session } });
const status = async (response: Promise<Response>): Promise<number> => {
  const { status: code, body } = await response;
  await body?.cancel();
  return code;
};

describe('the official client behind a balancer that takes turns', () => {
  it('calls, is asked, is told of progress and changes, and ends its session', async () => {
    const turns = [a, b];
    const asked: string[] = [];
    const told: string[] = [];
    const client = new Client({ name: 'test', version: '1' }, { capabilities: { elicitation: {}, sampling: {} } });
    client.setRequestHandler('elicitation/create', async () => {
      asked.push('elicitation');
      return { action: 'accept' as const, content: { who: 'Ada' } };
    });
    client.setRequestHandler('sampling/createMessage', async () => {
      asked.push('sampling');
      return { role: 'assistant' as const, content: { type: 'text' as const, text: 'well' }, model: 'm' };
    });
    client.fallbackNotificationHandler = async ({ method }) => void told.push(method);
    const transport = new StreamableHTTPClientTransport(new URL(`${a.url}/mcp`), {
      requestInit: { headers: { Authorization: `Bearer ${ALICE}` } },
      fetch: (to, init) => {
        const turn = turns[0] as Replica;
        turns.reverse();
        return fetch(new URL(new URL(to).pathname, turn.url), init);
      },
    });
    await client.connect(transport);
    const holder = [a, b].find(({ siblings }) => transport.sessionId?.startsWith(`${siblings.self}.`)) as Replica;
    for (let round = 0; round < 4; round++) {
      const { content } = await client.callTool({ name: 'greet' });
      expect(content).toEqual([{ type: 'text', text: 'Ada is well' }]);
    }
    expect(asked).toHaveLength(8);
    const steps: number[] = [];
    await client.callTool({ name: 'progress' }, { onprogress: ({ progress }) => void steps.push(progress) });
    expect(steps).toEqual([1, 2, 3]);
    await client.subscribeResource({ uri: 'test://readme' });
    await expect.poll(() => holder.gateway.gauges.streams()).toBeGreaterThan(0);
    watchers.at(-1)?.();
    await expect.poll(() => told).toContain('notifications/resources/updated');
    const session = transport.sessionId as string;
    await transport.terminateSession();
    for (const replica of [a, b])
      expect(await status(inSession(replica, session, { id: 1, method: 'ping' }))).toBe(404);
    await client.close();
    expect([a, b].map(({ gateway }) => gateway.gauges.sessions())).toEqual([0, 0]);
    expect([...a.forwarded, ...b.forwarded].length).toBeGreaterThan(4);
  });
});

describe('a session that another process holds', () => {
  it('has an id that names the process, and 256 bits beside it', async () => {
    const session = await openSession(b);
    const [process, own] = session.split('.');
    expect(process).toBe(b.siblings.self);
    expect(Buffer.from(own as string, 'base64url')).toHaveLength(32);
  });

  it('is asked, and answered through any of them (sampling, elicitation)', async () => {
    const session = await openSession(b, ALICE, { elicitation: {}, sampling: {} });
    const stream = messagesOf(await inSession(b, session, callTool(1, 'greet')));
    const first = (await stream.next()).value as JsonObject;
    expect(first['method']).toBe('elicitation/create');
    const answer = { id: first['id'] as string, result: { action: 'accept', content: { who: 'Ada' } } };
    expect(await status(inSession(a, session, answer, { Authorization: `Bearer ${BOB}` }))).toBe(404);
    expect(await status(inSession(a, session, answer))).toBe(202);
    const second = (await stream.next()).value as JsonObject;
    expect(second['method']).toBe('sampling/createMessage');
    const said = { role: 'assistant', content: { type: 'text', text: 'well' }, model: 'm' };
    await inSession(a, session, { id: second['id'] as string, result: said });
    expect((await stream.next()).value).toMatchObject({ result: { content: [{ text: 'Ada is well' }] } });
  });

  it('is put on record once, by who holds it, with the address of the client', async () => {
    const session = await openSession(b);
    const before = a.trail.events.length;
    expect(await status(inSession(a, session, callTool(1, 'echo')))).toBe(200);
    expect(a.trail.events).toHaveLength(before);
    expect(b.trail.calls()).toEqual(['tool.call echo intent', 'tool.call echo success']);
    expect(b.trail.events.at(-1)?.address).toBe('127.0.0.1');
  });

  it('carries a stream through until it is ended, and tells its client of changes', async () => {
    const session = await openSession(b);
    const stream = messagesOf(await get(a, session));
    expect(b.gateway.gauges.streams()).toBe(1);
    b.replace(snapshotOf([...TOOLS, testTool({ name: 'new', run: async () => ({ kind: 'value', value: 1 }) })]));
    expect((await stream.next()).value).toMatchObject({ method: 'notifications/tools/list_changed' });
    expect(await status(end(a, session))).toBe(204);
    expect((await stream.next()).done).toBe(true);
    for (const replica of [a, b])
      expect(await status(inSession(replica, session, { id: 1, method: 'ping' }))).toBe(404);
  });

  it('hears a cancellation, and of a client that goes away', async () => {
    const session = await openSession(b);
    const before = waiting.length;
    const call = inSession(a, session, callTool('slow', 'wait'));
    await expect.poll(() => waiting.length).toBe(before + 1);
    const cancelled = { method: 'notifications/cancelled', params: { requestId: 'slow' } };
    await inSession(a, session, cancelled);
    await waiting[before]?.aborted;
    await (await call).body?.cancel();
    const controller = new AbortController();
    const gone = fetch(`${a.url}/mcp`, {
      method: 'POST',
      signal: controller.signal,
      headers: {
        ...{ 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream' },
        ...{ Authorization: `Bearer ${ALICE}`, 'Mcp-Session-Id': session },
      },
      body: JSON.stringify({ jsonrpc: '2.0', ...callTool(2, 'wait') }),
    }).catch(() => 'gone');
    await expect.poll(() => waiting.length).toBe(before + 2);
    controller.abort();
    await waiting[before + 1]?.aborted;
    expect(await gone).toBe('gone');
  });

  it('answers each client and no other, whatever their ids (MCP-018)', async () => {
    const sessions = await Promise.all(Array.from({ length: 20 }, (_, at) => openSession(at % 2 === 0 ? a : b)));
    const answers = await Promise.all(
      Array.from({ length: 400 }, async (_, at) => {
        const canary = `canary-${at}`;
        const session = sessions[at % sessions.length] as string;
        const answer = await inSession(at % 3 === 0 ? a : b, session, callTool(0, 'echo', { canary }));
        return ((await answer.json()) as { result: { content: [{ text: string }] } }).result.content[0].text;
      }),
    );
    expect(answers).toEqual(answers.map((_, at) => JSON.stringify({ canary: `canary-${at}` })));
  });

  it('is refused to a request that is too large, before it is passed on', async () => {
    const session = await openSession(b);
    const large = callTool(1, 'echo', { text: 'x'.repeat(1_048_576) });
    expect(await status(inSession(a, session, large))).toBe(413);
    expect(a.forwarded).toEqual([]);
    const fits = callTool(2, 'echo', { text: 'x'.repeat(900_000) });
    expect(await status(inSession(a, session, fits))).toBe(200);
  });
});

describe('MCP-017 across replicas', () => {
  it.each([
    ['with the key of another caller', { Authorization: `Bearer ${BOB}` }, 404],
    ['with a key that is nobody’s', { Authorization: 'Bearer chk_nobody' }, 401],
    ['without a key', { Authorization: '' }, 401],
  ])('%s it is not had', async (_, headers, code) => {
    const session = await openSession(b);
    expect(await status(inSession(a, session, { id: 1, method: 'ping' }, headers))).toBe(code);
    expect(await status(inSession(a, session, { id: 1, method: 'ping' }))).toBe(200);
  });

  it('a key that was revoked opens it at none of them, from the next request on', async () => {
    const session = await openSession(b);
    revoked.add(ALICE);
    try {
      for (const replica of [a, b])
        expect(await status(inSession(replica, session, { id: 1, method: 'ping' }))).toBe(401);
    } finally {
      revoked.delete(ALICE);
    }
  });

  it('a stream through another process ends when its key is revoked (MCP-028)', async () => {
    const session = await openSession(b);
    const stream = await get(a, session);
    revoked.add(ALICE);
    try {
      await b.gateway.services.streams.round();
      expect(await events(stream)).toEqual([]);
    } finally {
      revoked.delete(ALICE);
    }
  });

  it.each([
    ['of a process that never was', () => `${'x'.repeat(12)}.${'y'.repeat(43)}`],
    ['that its process never gave', () => `${b.siblings.self}.${'y'.repeat(43)}`],
    ['of no process', () => 'y'.repeat(43)],
    ['of this very process', () => `${a.siblings.self}.${'y'.repeat(43)}`],
  ])('an id %s is answered as one that has ended', async (_, id) => {
    expect(await status(inSession(a, id(), { id: 1, method: 'ping' }))).toBe(404);
    expect(await status(inSession(a, id(), { id: 1, method: 'ping' }, { Authorization: '' }))).toBe(401);
  });

  it('nobody else cancels or ends in it through another process (MCP-029)', async () => {
    const session = await openSession(b);
    const before = waiting.length;
    const call = inSession(b, session, callTool('mine', 'wait'));
    await expect.poll(() => waiting.length).toBe(before + 1);
    const bob = { Authorization: `Bearer ${BOB}` };
    const cancelled = { method: 'notifications/cancelled', params: { requestId: 'mine' } };
    expect(await status(inSession(a, session, cancelled, bob))).toBe(404);
    expect(await status(end(a, session, BOB))).toBe(404);
    expect(b.gateway.services.sessions.pending).toBe(1);
    await end(a, session);
    await waiting[before]?.aborted;
    await (await call).body?.cancel();
  });
});

describe('what policies and throttles go by', () => {
  it('is the address that the first process saw, by its own proxies', async () => {
    const proxied = await startReplica(all, { settings: { trustedProxies: ['127.0.0.1'] } });
    const session = await openSession(b);
    const headers = { 'X-Forwarded-For': '203.0.113.7' };
    expect(await status(inSession(proxied, session, callTool(1, 'echo'), headers))).toBe(200);
    expect(seenFrom.get(ALICE)).toBe('203.0.113.7');
    expect(b.trail.events.at(-1)?.address).toBe('203.0.113.7');
    // Who writes the header at a process that trusts no proxy says nothing.
    expect(await status(inSession(a, session, callTool(2, 'echo'), headers))).toBe(200);
    expect(seenFrom.get(ALICE)).toBe('127.0.0.1');
  });

  it('so a policy on addresses decides alike, wherever the request came in (POL-008)', async () => {
    const cedar =
      'permit(principal, action, resource) when { context has address && context.address.isInRange(ip("203.0.113.0/24")) };';
    const policies = fixedPolicies([{ id: '*/p', namespace: EVERYWHERE, priority: 0, cedar }]);
    const holder = await startReplica(all, { policies });
    const proxied = await startReplica(all, { settings: { trustedProxies: ['127.0.0.1'] } });
    const session = await openSession(holder);
    const call = async (from: string): Promise<unknown> => {
      const answer = await inSession(proxied, session, callTool(1, 'echo'), { 'X-Forwarded-For': from });
      return Object.keys((await answer.json()) as object).includes('result');
    };
    expect([await call('203.0.113.7'), await call('198.51.100.1')]).toEqual([true, false]);
  });
});

describe('a reader that stops reading (MCP-028)', () => {
  it('is cut off by who holds the session, and holds nobody’s memory in between', async () => {
    const big = 'x'.repeat(64 * 1024);
    const session = await openSession(b);
    const socket = connect(a.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(
      `GET /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\nAuthorization: Bearer ${ALICE}\r\nMcp-Session-Id: ${session}\r\n\r\n`,
    );
    socket.once('data', () => socket.pause());
    await expect.poll(() => b.gateway.gauges.streams()).toBe(1);
    const held = b.gateway.services.sessions.find(session, { iss: 'chatelaine', sub: 'alice' } as never, 'default');
    const start = process.memoryUsage().arrayBuffers;
    let sent = 0;
    while (b.gateway.gauges.streams() > 0 && sent < 4096) {
      held?.notify('notifications/message', { data: big });
      sent++;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(b.gateway.gauges.streams()).toBe(0);
    expect(process.memoryUsage().arrayBuffers - start).toBeLessThan(64 * 1024 * 1024);
    socket.destroy();
  });
});

describe('a process that ends', () => {
  it('lets go of the streams that it carries for others, cleanly, and of its own', async () => {
    const session = await openSession(b);
    const carried = await get(a, session);
    a.gateway.drain();
    expect(await events(carried)).toEqual([]);
    expect(await status(inSession(a, session, { id: 1, method: 'ping' }))).toBe(503);
    const c = await startReplica(all);
    const other = await get(c, session);
    b.gateway.drain();
    expect(await events(other)).toEqual([]);
  });

  it('takes its sessions with it: 404 at the others once it said so, 503 as long as it only does not answer', async () => {
    const session = await openSession(b);
    expect(await status(inSession(a, session, { id: 1, method: 'ping' }))).toBe(200);
    await b.vanish();
    const away = await inSession(a, session, { id: 1, method: 'ping' });
    expect([away.status, away.headers.get('retry-after')]).toEqual([503, '2']);
    expect(await away.json()).toMatchObject({ code: 'SIBLING_UNREACHABLE' });
    await b.siblings.leave();
    await expect.poll(() => status(inSession(a, session, { id: 1, method: 'ping' }))).toBe(404);
    expect(await openSession(a)).toContain(`${a.siblings.self}.`);
    expect(a.forwarded).toContain('unreachable');
    expect(a.forwarded).toContain('gone');
  });

  it('that is killed and started again where it was has none of the sessions of before', async () => {
    const { siblings, answerBy } = await takePlace(all);
    await answerBy(b.gateway.handler);
    const session = `${siblings.self}.${'y'.repeat(43)}`;
    const ended = await inSession(a, session, { id: 1, method: 'ping' });
    expect([ended.status, (await ended.json()) as JsonObject]).toMatchObject([404, { code: 'SESSION_ENDED' }]);
    expect(a.forwarded).toEqual(['gone']);
  });

  it('that falls silent on a connection that stays open has its streams cut, and its sessions are over', async () => {
    let ahead = 0;
    const watching = await startReplica(all, { clock: { now: () => systemClock.now() + ahead } });
    const session = await openSession(b);
    const stream = await get(watching, session);
    const cut = stream.text().then(
      () => 'ended',
      () => 'cut',
    );
    // Each unknown id has it look; no line of the others moves.
    for (; ahead <= 25_000; ahead += 5000)
      await status(inSession(watching, `${'x'.repeat(12)}.${'y'.repeat(43)}`, { id: 1, method: 'ping' }));
    expect(await cut).toBe('cut');
    expect(await status(inSession(watching, session, { id: 1, method: 'ping' }))).toBe(404);
  });

  it('fails a call that it was sent and did not answer, without saying that it may be sent again', async () => {
    const session = await openSession(b);
    const before = waiting.length;
    const call = inSession(a, session, callTool(1, 'wait'));
    await expect.poll(() => waiting.length).toBe(before + 1);
    await b.vanish();
    const broken = await call;
    expect([broken.status, broken.headers.get('retry-after')]).toEqual([502, null]);
    await waiting[before]?.aborted;
  });
});

it('requests without a session, and of the stateless era, are answered where they come in', async () => {
  const session = await openSession(b);
  expect(await status(post(`${a.url}/mcp`, { jsonrpc: '2.0', ...callTool(1, 'echo') }))).toBe(200);
  const stateless = { 'MCP-Protocol-Version': '2026-07-28', 'Mcp-Session-Id': session };
  await status(post(`${a.url}/mcp`, { jsonrpc: '2.0', ...callTool(1, 'echo') }, stateless));
  expect(a.forwarded).toEqual([]);
});
