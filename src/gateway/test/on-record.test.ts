/** What every door puts on record, and what nobody gets before it is there. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '#kernel';
import {
  ALICE,
  AUDITOR,
  BOB,
  OUTSIDER,
  post,
  postStateless,
  snapshotOf,
  startGateway,
  testTool,
  TOOLS,
  type RunningGateway,
} from './gateway.fixture.ts';

let running: RunningGateway;
let ran: string[];

const reads = testTool({
  name: 'reads',
  run: async () => {
    ran.push('reads');
    return { kind: 'value', value: 'what stands there' };
  },
  overrides: { mayWrite: () => false },
});
const writes = testTool({
  name: 'writes',
  run: async () => {
    ran.push('writes');
    return { kind: 'value', value: 'written' };
  },
});
const talks = testTool({
  name: 'talks',
  run: async (_, { client }) => {
    client.progress(1, 2, 'half');
    return { kind: 'value', value: 'told' };
  },
  overrides: { mayWrite: () => false },
});
const hangs = testTool({
  name: 'hangs',
  run: (_, { signal }) =>
    new Promise((_, reject) => {
      ran.push('hangs');
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    }),
});

beforeEach(async () => {
  ran = [];
  running = await startGateway({}, snapshotOf([...TOOLS, reads, writes, talks, hangs]));
});
afterEach(() => running.close());

const authorized = (key: string): Record<string, string> => ({ Authorization: `Bearer ${key}` });

type Call = (name: string, args?: JsonObject, headers?: Record<string, string>) => Promise<Response>;

const mcp: Call = (name, args = {}, headers = {}) =>
  post(
    `${running.url}/mcp`,
    { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } },
    headers,
  );
const stateless: Call = (name, args = {}, headers = {}) =>
  postStateless(`${running.url}/mcp`, 'tools/call', { name, arguments: args }, { headers });
const rest: Call = (name, args = {}, headers = {}) => post(`${running.url}/api/tool/${name}/invoke`, args, headers);

const DOORS: readonly [door: string, call: Call][] = [
  ['MCP in a session', mcp],
  ['MCP 2026-07-28', stateless],
  ['REST', rest],
];

/** Whether a promise has settled by the time the server has had several turns to do so. */
async function settledSoon(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  void promise.finally(() => (settled = true)).catch(() => {});
  // A whole request of another kind passes meanwhile, so the server was not merely slow.
  for (let round = 0; round < 5; round++) await fetch(`${running.url}/healthz`);
  return settled;
}

describe.each(DOORS)('%s', (_, call) => {
  it('answers a call when its outcome is on record, and not before', async () => {
    await call('reads');
    const release = running.trail.hold();
    const answer = call('reads');
    await expect.poll(() => ran.length).toBe(2);
    expect(await settledSoon(answer)).toBe(false);
    release();
    expect((await answer).status).toBe(200);
    expect(running.trail.calls()).toEqual(['tool.call reads success', 'tool.call reads success']);
  });

  it('runs a tool that may write when its intent is on record, and not before', async () => {
    await call('reads');
    const release = running.trail.hold();
    const answer = call('writes');
    expect(await settledSoon(answer)).toBe(false);
    expect(ran).toEqual(['reads']);
    release();
    expect((await answer).status).toBe(200);
    const [, intent, outcome] = running.trail.events.filter((event) => event.class === 'tool-call');
    expect([intent?.outcome, outcome?.outcome, ran]).toEqual(['intent', 'success', ['reads', 'writes']]);
    expect(outcome?.details?.['intent']).toMatch(/^record-\d+$/);
  });

  it('refuses every call while the log cannot be written, runs nothing that writes, and goes on after', async () => {
    await call('reads');
    running.trail.broken = true;
    const written = await call('writes');
    const read = await call('reads');
    expect([written.status, read.status]).toEqual([503, 503]);
    expect([written, read].map(({ headers }) => headers.get('retry-after'))).toEqual(['1', '1']);
    expect((await fetch(`${running.url}/readyz`)).status).toBe(503);
    for (const refused of [written, read]) expect(await refused.text()).toContain('the audit log cannot be written');
    expect(ran).not.toContain('writes');
    running.trail.broken = false;
    expect((await call('writes')).status).toBe(200);
    expect((await fetch(`${running.url}/readyz`)).status).toBe(200);
  });

  it('records who, what, through which key and from where, and no argument', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    await call(
      'echo',
      { city: 'a value of the caller' },
      { 'User-Agent': 'a client/1.0', traceparent: `00-${traceId}-00f067aa0ba902b7-01` },
    );
    await call('echo', { city: 'a value of the caller' });
    await call('echo', { city: 'another' });
    const calls = running.trail.events.filter((event) => event.type === 'tool.call' && event.outcome === 'success');
    expect(calls[0]).toMatchObject({
      actor: { kind: 'agent', iss: 'chatelaine', sub: 'alice', name: 'alice', keyId: 'alice' },
      action: 'call',
      object: { kind: 'tool', namespace: 'default', name: 'echo' },
      decision: 'permit',
      policy: {
        version: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
        ids: ['*/declared-tools'],
        principal: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
        resource: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
      },
      address: '127.0.0.1',
      userAgent: 'a client/1.0',
    });
    expect(calls[0]?.argumentsDigest).toBe(calls[1]?.argumentsDigest);
    expect(calls[0]?.argumentsDigest).not.toBe(calls[2]?.argumentsDigest);
    expect(JSON.stringify(running.trail.events)).not.toContain('a value of the caller');
  });

  it.each([
    ['a tool that is not there', 'nowhere', ALICE, 'TOOL_UNKNOWN'],
    ['a caller whom no policy permits anything', 'echo', AUDITOR, 'TOOL_UNKNOWN'],
    ['scopes that the key lacks', 'two_scopes', BOB, 'INSUFFICIENT_SCOPE'],
    ['arguments that do not fit', 'picky', ALICE, 'ARGUMENTS_INVALID'],
    ['a token that nothing verifies', 'google_only', ALICE, 'TOOL_TOKEN_REQUIRED'],
  ])('records the refusal of %s', async (_, tool, key, code) => {
    await call(tool, {}, authorized(key));
    expect(running.trail.calls()).toEqual([`tool.call ${tool} denied ${code}`]);
    expect(running.trail.events.at(-1)).toMatchObject({ decision: 'forbid', action: 'call' });
  });

  it('records a tool that failed, which was permitted', async () => {
    await call('broken');
    expect(running.trail.calls()).toEqual(['tool.call broken intent', 'tool.call broken failure INTERNAL']);
    expect(running.trail.events.at(-1)?.decision).toBe('permit');
  });

  it('records as unknown what was cut off while it ran, because nobody can tell how far it got', async () => {
    const controller = new AbortController();
    const gone = fetch(`${running.url}/api/tool/hangs/invoke`, {
      method: 'POST',
      signal: controller.signal,
      headers: { ...authorized(ALICE), 'Content-Type': 'application/json' },
      body: '{}',
    }).catch(() => {});
    await expect.poll(() => ran).toEqual(['hangs']);
    controller.abort();
    await gone;
    await expect
      .poll(() => running.trail.calls())
      .toEqual(['tool.call hangs intent', 'tool.call hangs unknown CALL_CANCELLED']);
  });

  it('records a credential that is none, and one that is new once in a while', async () => {
    await call('reads');
    await call('reads');
    await call('reads', {}, authorized('chk_wrong'));
    const authentications = running.trail.events.filter((event) => event.class === 'authentication');
    expect(authentications.map(({ outcome, actor, details }) => [outcome, actor.name, details?.['reason']])).toEqual([
      ['success', 'alice', undefined],
      ['denied', 'anonymous', 'unknown'],
    ]);
    expect(JSON.stringify(authentications)).not.toContain('chk_wrong');
  });
});

describe('a stream', () => {
  it('has no byte before the intent of its call is on record', async () => {
    await mcp('reads');
    const release = running.trail.hold();
    const streamed = post(`${running.url}/mcp`, {
      jsonrpc: '2.0',
      id: 2,
      method: 'tools/call',
      params: { name: 'talks', arguments: {}, _meta: { progressToken: 7 } },
    });
    expect(await settledSoon(streamed)).toBe(false);
    release();
    const text = await (await streamed).text();
    expect(text.indexOf('notifications/progress')).toBeGreaterThan(-1);
    expect(text.indexOf('told')).toBeGreaterThan(text.indexOf('notifications/progress'));
    expect(running.trail.calls().slice(1)).toEqual(['tool.call talks intent', 'tool.call talks success']);
  });
});

describe('what is no call', () => {
  const request = (method: string, params: JsonObject): Promise<Response> =>
    post(`${running.url}/mcp`, { jsonrpc: '2.0', id: 1, method, params });

  it.each<[string, JsonObject, string]>([
    ['prompts/get', { name: 'trip', arguments: { city: 'Bern' } }, 'prompt.get trip success'],
    ['prompts/get', { name: 'none' }, 'prompt.get none denied PROMPT_UNKNOWN'],
    ['prompts/get', { name: 'trip' }, 'prompt.get trip denied ARGUMENTS_INVALID'],
    ['resources/read', { uri: 'test://readme' }, 'resource.read test://readme success'],
    ['resources/read', { uri: 'test://other' }, 'resource.read test://other denied RESOURCE_UNKNOWN'],
    [
      'completion/complete',
      { ref: { type: 'ref/prompt', name: 'trip' }, argument: { name: 'city', value: 'B' } },
      'completion.complete trip success',
    ],
  ])('%s %j is on record all the same', async (method, params, line) => {
    await request(method, params);
    expect(running.trail.calls()).toEqual([line]);
  });

  it('is refused while the log cannot be written', async () => {
    await request('ping', {});
    running.trail.broken = true;
    expect((await request('resources/read', { uri: 'test://readme' })).status).toBe(503);
  });
});

describe('what gets no further than the door', () => {
  const recorded = (): unknown =>
    running.trail.events.filter(({ type }) => type === 'door').map(({ actor, error }) => [actor.name, error]);

  it('is on record where a page of another origin called (DNS rebinding)', async () => {
    await rest('reads', {}, { Origin: 'https://evil.test' });
    expect(recorded()).toEqual([['anonymous', 'ORIGIN_REFUSED']]);
  });

  it('is on record where the namespace is not the caller’s', async () => {
    await rest('reads', {}, authorized(OUTSIDER));
    expect(recorded()).toEqual([['outsider', 'DOOR_UNKNOWN']]);
  });
});

describe('a flood of wrong keys', () => {
  it('hides nothing of what a caller that is known tries', async () => {
    for (let attempt = 0; attempt < 40; attempt++) await rest('reads', {}, authorized(`chk_wrong-${attempt}`));
    for (let attempt = 0; attempt < 32; attempt++) await rest('reads', {}, authorized(OUTSIDER));
    const stopped = running.trail.events.filter(({ type }) => type === 'door');
    expect(stopped.map(({ actor }) => actor.name)).toEqual(Array.from({ length: 30 }, () => 'outsider'));
    await running.gateway.close();
    expect(
      running.trail.events.slice(-2).map(({ type, actor, details }) => [type, actor.name, details?.['refusals']]),
    ).toEqual([
      ['authentication.flood', 'anonymous', 10],
      ['authorization.flood', 'outsider', 2],
    ]);
  });

  it('is recorded one by one up to a number, and counted beyond it', async () => {
    for (let attempt = 0; attempt < 40; attempt++) await rest('reads', {}, authorized(`chk_wrong-${attempt}`));
    const refused = (): number => running.trail.events.filter(({ type }) => type === 'authentication').length;
    expect(refused()).toBe(30);
    await running.gateway.close();
    expect(refused()).toBe(30);
    expect(running.trail.events.at(-1)).toMatchObject({
      type: 'authentication.flood',
      outcome: 'denied',
      details: { refusals: 10 },
    });
  });
});
