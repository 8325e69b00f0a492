import { afterEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '#kernel';
import { snapshotOf, testTool, TOOLS, waiting } from './gateway.fixture.ts';
import { open } from './line-client.fixture.ts';

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

  it('reads U+2028 inside a string as what it is, and takes CRLF for the end of a line', async () => {
    const { send, next } = await start();
    send(JSON.stringify(call(1, 'echo', { arguments: { text: 'a\u2028b\u2029c' } })));
    expect(await next()).toMatchObject({ result: { content: [{ text: '{"text":"a\u2028b\u2029c"}' }] } });
    send(`${JSON.stringify(call(2, 'rows'))}\r`);
    expect(await next()).toMatchObject({ id: 2, result: {} });
  });

  it('refuses bytes that are not UTF-8 and lines beyond the limit, keeps neither, and goes on', async () => {
    const { input, send, next } = await start();
    input.write(Buffer.from([0x22, 0xff, 0x22, 0x0a]));
    expect(await next()).toMatchObject({ error: { code: -32700, message: expect.stringContaining('UTF-8') } });
    for (let piece = 0; piece < 30; piece++) input.write('x'.repeat(1000));
    send('');
    expect(await next()).toMatchObject({ error: { code: -32600, message: 'the line is longer than 10000 bytes' } });
    send(call(1, 'rows'));
    expect(await next()).toMatchObject({ id: 1, result: {} });
  });

  it('answers with an error, and lives, when a reload took away what it serves', async () => {
    const { send, next, removePlace } = await start();
    removePlace();
    send(call(1, 'rows'));
    expect(await next()).toMatchObject({ id: 1, error: { message: 'there is no toolset `few`' } });
    send(call(2, 'rows', { _meta: meta() }));
    expect(await next()).toMatchObject({ id: 2, error: { message: 'there is no toolset `few`' } });
  });

  it('refuses a second request under the id of one that runs, and cancels the first by it', async () => {
    const { send, next } = await start();
    const before = waiting.length;
    send(call(0, 'wait', { _meta: meta() }));
    await expect.poll(() => waiting.length).toBe(before + 1);
    send(call(0, 'rows', { _meta: meta() }));
    expect(await next()).toMatchObject({ id: 0, error: { code: -32600, message: expect.stringContaining('running') } });
    send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 0 } });
    await waiting[before]?.aborted;
    send(call(0, 'rows', { _meta: meta() }));
    expect(await next()).toMatchObject({ id: 0, result: {} });
  });

  it('says nothing of a request after its answer', async () => {
    const { send, next } = await start();
    send(call(1, 'talkative', { _meta: { ...meta(), progressToken: 1 } }));
    expect(await next()).toMatchObject({ id: 1, result: {} });
    send(call(2, 'rows'));
    expect(await next()).toMatchObject({ id: 2 });
  });

  const listen = (id: string) => ({
    jsonrpc: '2.0',
    id,
    method: 'subscriptions/listen',
    params: { notifications: { toolsListChanged: true }, _meta: meta() },
  });

  it('sends nothing more on a subscription that the client ended', async () => {
    const { send, next, running } = await start();
    send(listen('s1'));
    expect(await next()).toMatchObject({ method: 'notifications/subscriptions/acknowledged' });
    send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 's1' } });
    send(call(1, 'rows'));
    expect(await next()).toMatchObject({ id: 1 });
    running.replace(snapshotOf());
    send(call(2, 'rows'));
    expect(await next()).toMatchObject({ id: 2 });
  });

  it('closes a subscription with its result, and word of its end, when the server ends it', async () => {
    const { send, next, running } = await start();
    send(listen('s1'));
    await next();
    running.gateway.drain();
    expect(await next()).toMatchObject({
      id: 's1',
      result: { resultType: 'complete', _meta: { 'io.modelcontextprotocol/subscriptionId': 's1' } },
    });
    expect(await next()).toMatchObject({ method: 'notifications/cancelled', params: { requestId: 's1' } });
  });

  it('ignores answers to nothing and malformed cancellations', async () => {
    const { send, next } = await start();
    send({ jsonrpc: '2.0', id: 'chatelaine-1', result: {} });
    for (const params of [undefined, {}, { requestId: null }, { requestId: {} }, { requestId: 99 }])
      send({ jsonrpc: '2.0', method: 'notifications/cancelled', ...(params && { params }) });
    send(call(1, 'rows'));
    expect(await next()).toMatchObject({ id: 1, result: {} });
  });

  it('reads no further while its client reads nothing', async () => {
    const { input, output, end } = await open();
    const line = `${JSON.stringify(call(1, 'echo', { arguments: { text: 'x'.repeat(9000) } }))}\n`;
    let written = 0;
    // Until the input is full as well, or far more has been taken than any buffer holds.
    while (written < 2000 && input.writableLength < 100_000) {
      input.write(line.replace('"id":1', `"id":${++written}`));
      await new Promise(setImmediate);
    }
    expect(written).toBeLessThan(2000);
    output.resume();
    await end();
  });

  it('ends when nobody reads its output any more', async () => {
    const client = await open();
    const before = waiting.length;
    client.send(call(1, 'wait'));
    await expect.poll(() => waiting.length).toBe(before + 1);
    client.output.destroy(new Error('EPIPE'));
    await waiting[before]?.aborted;
    await client.end();
    expect(client.running.gateway.gauges.running()).toBe(0);
  });

  it('ends running calls when the input ends, and waits for none that does not listen', async () => {
    const client = await open();
    const before = waiting.length;
    client.send(call(1, 'wait'));
    client.send(call(2, 'deaf'));
    client.send(listen('s'));
    await expect.poll(() => waiting.length).toBe(before + 1);
    await client.end();
    await waiting[before]?.aborted;
    expect(client.running.gateway.services.changes.size).toBe(0);
  });
});
