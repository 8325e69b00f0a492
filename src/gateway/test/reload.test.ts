/** Reloads under clients that are there: sessions open, streams held, names gone. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '#kernel';
import { ALICE, post, snapshotOf, startGateway, type RunningGateway } from './gateway.fixture.ts';
import { events } from './wire.fixture.ts';

let running: RunningGateway;
let url: string;
beforeAll(async () => {
  running = await startGateway();
  url = `${running.url}/mcp`;
});
afterAll(() => running.close());

const rpc = (method: string, params: JsonObject = {}): JsonObject => ({ jsonrpc: '2.0', id: 1, method, params });

describe('a reload', () => {
  it('that removes the toolset of an open session tells it once, and refuses what comes next', async () => {
    const few = `${url}/few`;
    const opened = await post(few, rpc('initialize', { protocolVersion: '2025-11-25', capabilities: {} }));
    const session = { 'Mcp-Session-Id': opened.headers.get('mcp-session-id') as string };
    const stream = await fetch(few, {
      headers: { Authorization: `Bearer ${ALICE}`, Accept: 'text/event-stream', ...session },
    });
    const whole = snapshotOf();
    const view = whole.namespaces.get('default')!;
    running.replace({ version: 'without', namespaces: new Map([['default', { ...view, groups: new Map() }]]) });
    const told = await events(stream, 3);
    expect(told.map((message) => message['method'])).toEqual([
      'notifications/tools/list_changed',
      'notifications/prompts/list_changed',
      'notifications/resources/list_changed',
    ]);
    expect((await post(few, rpc('tools/list'), session)).status).toBe(404);
    expect((await post(url, rpc('tools/list'), session)).status).toBe(200);
    running.replace(whole);
    expect((await post(few, rpc('tools/list'), session)).status).toBe(200);
  });

  it('that removes the namespace answers as one that never was', async () => {
    const whole = snapshotOf();
    running.replace({ version: 'none', namespaces: new Map() });
    expect((await post(url, rpc('tools/list'))).status).toBe(404);
    running.replace(whole);
    expect((await post(url, rpc('tools/list'))).status).toBe(200);
  });
});
