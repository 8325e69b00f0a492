/** What no SDK lets through: a server made by hand, whose answers hold what nobody knows yet. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import type { JsonObject } from '#kernel';
import { closeAll, federate, serverDocument } from './federation.fixture.ts';
import { postStateless } from './gateway.fixture.ts';

const servers: (() => void)[] = [];
afterEach(async () => {
  for (const close of servers.splice(0)) close();
  await closeAll();
});

const HOLOGRAM = { type: 'hologram', waves: ['λ'], caption: 'card 4111 1111 1111 1111', hidden: 'a\u200bb' };

async function byHand(): Promise<string> {
  const results: Readonly<Record<string, JsonObject>> = {
    'server/discover': {
      resultType: 'complete',
      supportedVersions: ['2026-07-28'],
      capabilities: { tools: {} },
      ...{ ttlMs: 0, cacheScope: 'private' },
    },
    'tools/list': {
      resultType: 'complete',
      tools: [{ name: 'odd', inputSchema: { type: 'object' }, execution: { taskSupport: 'forbidden' } }],
      ...{ ttlMs: 0, cacheScope: 'private' },
    },
    'tools/call': {
      resultType: 'complete',
      content: [HOLOGRAM, { type: 'image', data: 'AAAA', mimeType: 'image/png', alt: 'x' }],
      'x-member': { deep: [null, 1.5] },
    },
  };
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const { id, method } = JSON.parse(body) as { id?: number; method: string };
      if (id === undefined) return void response.writeHead(202).end();
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify({ jsonrpc: '2.0', id, result: results[method] ?? {} }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(() => (server.close(), server.closeAllConnections()));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
}

const resultOf = async (response: Response): Promise<JsonObject> =>
  ((await response.json()) as { result: JsonObject }).result;

it('blocks and members that nobody knows reach the client; what is hidden in them is shown, what masks cover is covered', async () => {
  const { url } = await federate([
    serverDocument('far', await byHand()),
    'kind: mask\nname: cards\npatterns: [card]\nhow: redact',
  ]);
  const { tools } = await resultOf(await postStateless(`${url}/mcp/s/default/far`, 'tools/list'));
  expect(tools).toMatchObject([{ name: 'odd', execution: { taskSupport: 'forbidden' } }]);
  const result = await resultOf(await postStateless(`${url}/mcp/s/default/far`, 'tools/call', { name: 'odd' }));
  expect(result).toMatchObject({
    content: [
      { type: 'hologram', waves: ['λ'], caption: 'card •••', hidden: 'a<U+200B>b' },
      { type: 'image', data: 'AAAA', mimeType: 'image/png', alt: 'x' },
    ],
    'x-member': { deep: [null, 1.5] },
  });
});
