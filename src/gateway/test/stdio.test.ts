import { PassThrough } from 'node:stream';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from 'vitest';
import type { Principal } from '#contract';
import type { JsonObject } from '#kernel';
import { serveStdio } from '../index.ts';
import { group, snapshotOf, startGateway, testTool, TOOLS, waiting, type RunningGateway } from './gateway.fixture.ts';

const local: Principal = {
  kind: 'user',
  iss: 'chatelaine',
  sub: 'local',
  name: 'local',
  namespace: 'default',
  roles: ['user'],
  groups: [],
  scopes: new Set(),
  via: { method: 'local' },
};

/** A client that writes lines and reads lines. */
async function open(): Promise<{
  running: RunningGateway;
  send: (message: object | string) => void;
  next: () => Promise<JsonObject>;
  end: () => Promise<void>;
}> {
  const running = await startGateway();
  const input = new PassThrough();
  const output = new PassThrough();
  let current = snapshotOf();
  const done = serveStdio({
    input,
    output,
    services: running.gateway.services,
    principal: local,
    place: () => ({ view: current.namespaces.get('default')!, group: group('', TOOLS) }),
  });
  const lines = createInterface({ input: output })[Symbol.asyncIterator]();
  return {
    running,
    send: (message) => void input.write(`${typeof message === 'string' ? message : JSON.stringify(message)}\n`),
    next: async () => JSON.parse((await lines.next()).value as string) as JsonObject,
    end: async () => {
      input.end();
      await done;
      await running.close();
    },
  };
}

let end: (() => Promise<void>) | undefined;
afterEach(async () => {
  await end?.();
  end = undefined;
});
async function start() {
  const client = await open();
  end = client.end;
  return client;
}

const meta = (capabilities: JsonObject = {}) => ({
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': capabilities,
});
const call = (id: number, name: string, params: JsonObject = {}) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name, ...params },
});

describe('MCP over standard input and output', () => {
  it('answers a stateless probe with a discover result', async () => {
    const { send, next } = await start();
    send({ jsonrpc: '2.0', id: 'd', method: 'server/discover', params: { _meta: meta() } });
    expect(await next()).toMatchObject({
      id: 'd',
      result: { resultType: 'complete', supportedVersions: expect.arrayContaining(['2026-07-28']) },
    });
  });

  it('serves a session after initialize: calls, questions to the client, list changes', async () => {
    const { send, next, running } = await start();
    send({
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-11-25', capabilities: { elicitation: {}, sampling: {} } },
    });
    expect(await next()).toMatchObject({ id: 1, result: { protocolVersion: '2025-11-25' } });
    send({ jsonrpc: '2.0', method: 'notifications/initialized' });
    send(call(2, 'greet'));
    const first = await next();
    expect(first).toMatchObject({ method: 'elicitation/create' });
    send({ jsonrpc: '2.0', id: first['id'], result: { action: 'accept', content: { who: 'Ada' } } });
    const second = await next();
    expect(second).toMatchObject({ method: 'sampling/createMessage' });
    send({ jsonrpc: '2.0', id: second['id'], result: { content: { text: 'well' } } });
    expect(await next()).toMatchObject({ id: 2, result: { content: [{ text: 'Ada is well' }] } });
    running.replace(snapshotOf([...TOOLS, testTool({ name: 'new', run: async () => ({ kind: 'value', value: 1 }) })]));
    expect(await next()).toEqual({ jsonrpc: '2.0', method: 'notifications/tools/list_changed', params: {} });
  });

  it('shows the model that the client said no', async () => {
    const { send, next } = await start();
    send({
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-11-25', capabilities: { elicitation: {}, sampling: {} } },
    });
    await next();
    send(call(2, 'greet'));
    send({ jsonrpc: '2.0', id: (await next())['id'], error: { code: -1, message: 'not now' } });
    expect(await next()).toMatchObject({
      id: 2,
      result: { isError: true, content: [{ text: expect.stringContaining('not now') }] },
    });
  });

  it('interleaves calls, and cancels the one that the client names without answering it', async () => {
    const { send, next } = await start();
    const before = waiting.length;
    send(call(1, 'wait', { _meta: meta() }));
    send(call(2, 'rows', { _meta: meta() }));
    expect(await next()).toMatchObject({ id: 2 });
    await expect.poll(() => waiting.length).toBe(before + 1);
    send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } });
    await waiting[before]?.aborted;
    send(call(3, 'rows', { _meta: meta() }));
    expect(await next()).toMatchObject({ id: 3 });
  });

  it('answers what it cannot read with an error and goes on', async () => {
    const { send, next } = await start();
    send('{"jsonrpc":');
    expect(await next()).toMatchObject({ id: null, error: { code: -32700 } });
    send('[]');
    expect(await next()).toMatchObject({ error: { code: -32600 } });
    send({
      jsonrpc: '2.0',
      id: 5,
      method: 'tools/list',
      params: {
        _meta: {
          'io.modelcontextprotocol/protocolVersion': '2031-01-01',
          'io.modelcontextprotocol/clientCapabilities': {},
        },
      },
    });
    expect(await next()).toMatchObject({ id: 5, error: { code: -32022 } });
    send({ jsonrpc: '2.0', id: 6, method: 'ping' });
    expect(await next()).toEqual({ jsonrpc: '2.0', id: 6, result: {} });
  });

  it('gives the local user no scope that it was not given', async () => {
    const { send, next } = await start();
    send(call(1, 'scoped'));
    expect(await next()).toMatchObject({ id: 1, error: { message: 'insufficient scopes for tool `scoped`' } });
  });

  it('ends running calls when the input ends', async () => {
    const client = await open();
    const before = waiting.length;
    client.send(call(1, 'wait'));
    await expect.poll(() => waiting.length).toBe(before + 1);
    await client.end();
    await waiting[before]?.aborted;
  });
});
