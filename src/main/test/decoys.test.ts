/** Decoys at the doors of a real server: who touches one is told of at once, and does not learn what it was. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '#kernel';
import { withServices } from './api.fixture.ts';
import { CITIES, makeKey, run, start, workspace, type RunningServer, type Workspace } from './server.fixture.ts';

const TRAP = `
---
kind: tool
name: export_customers
type: sqlite-sql
source: cities
description: All customers with their cards.
readOnly: true
decoy: true
statement: SELECT name FROM cities
`;

let place: Workspace;
let server: RunningServer;
let decoy: { readonly id: string; readonly key: string };
const heard: { readonly type: string; readonly data: Record<string, string> }[] = [];
const receiver = createServer((request, response) => {
  let body = '';
  request.on('data', (piece: Buffer) => (body += piece.toString()));
  request.on('end', () => {
    heard.push(JSON.parse(body) as (typeof heard)[number]);
    response.writeHead(204).end();
  });
});

beforeAll(async () => {
  place = workspace();
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
  decoy = await makeKey(place.dataDir, '--agent', 'nightly-export');
  // Without anomalies: a trap needs no history.
  const alerts = [
    'alerts:',
    '  anomalies: false',
    `  decoyKeys: [${decoy.id}]`,
    `  webhook: {url: "${url}", secret: a secret of more than 24 characters, allowPrivateNetworks: true}`,
  ];
  const config = place.write('tools.yaml', `${CITIES}${TRAP}---\nkind: server\nmetrics: false\n${alerts.join('\n')}\n`);
  server = await start(['--config', config, '--data-dir', place.dataDir]);
});
afterAll(async () => {
  await server.stop();
  receiver.close();
  place.remove();
});

const bearer = (key: string) => ({ authorization: `Bearer ${key}`, 'content-type': 'application/json' });

/** What a caller can see of an answer, but for what differs from request to request. */
async function face(answer: Response, ...differing: readonly string[]): Promise<readonly unknown[]> {
  let text = await answer.text();
  for (const one of [...differing, answer.headers.get('x-request-id') ?? ' ']) text = text.replaceAll(one, '…');
  const headers = [...answer.headers].filter(([name]) => !['date', 'content-length'].includes(name));
  return [answer.status, headers.map(([name]) => name), answer.headers.get('www-authenticate'), text];
}

const invoke = (key: string, name: string): Promise<Response> =>
  fetch(`${server.url}/api/tool/${name}/invoke`, { method: 'POST', headers: bearer(key), body: '{}' });

const mcp = (key: string, method: string, params: object): Promise<Response> =>
  fetch(`${server.url}/mcp`, {
    method: 'POST',
    headers: {
      ...bearer(key),
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      ...('name' in params && { 'mcp-name': String(params.name) }),
    },
    body: JSON.stringify({
      ...{ jsonrpc: '2.0', id: 1, method },
      params: {
        ...params,
        _meta: {
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
          'io.modelcontextprotocol/clientCapabilities': {},
        },
      },
    }),
  });

const alerts = async () =>
  (
    JSON.parse((await run(['alert', 'list', '--json', '--data-dir', place.dataDir])).stdout) as {
      readonly alerts: readonly Record<string, string>[];
    }
  ).alerts;

const recordOf = (id: string) => withServices(place.dataDir, systemClock, ({ audit }) => audit.find(id));

describe('REG-022: a decoy tool', () => {
  test('is in no list, and answers as a tool that nobody has, at every door', async () => {
    const { key } = await makeKey(place.dataDir, '--agent', 'looker', '--role', 'admin');
    const listed = await (await mcp(key, 'tools/list', {})).text();
    expect(listed).toContain('"city"');
    expect(listed).not.toContain('export_customers');
    const rest = await (await fetch(`${server.url}/api/toolset`, { headers: bearer(key) })).text();
    expect(rest).toContain('"city"');
    expect(rest).not.toContain('export_customers');
    const seen = async (name: string) => [
      await face(await fetch(`${server.url}/api/tool/${name}`, { headers: bearer(key) }), name),
      await face(await mcp(key, 'tools/call', { name, arguments: {} }), name),
      await face(await invoke(key, name), name),
    ];
    expect(await seen('export_customers')).toEqual(await seen('nobody_has_this'));
  });

  test('raises one alert of the highest severity at the first call, which is told at once and on record', async () => {
    const { key } = await makeKey(place.dataDir, '--agent', 'thief');
    const before = heard.length;
    for (let times = 0; times < 5; times++) expect((await invoke(key, 'export_customers')).status).toBe(404);
    await expect.poll(() => heard.length, { timeout: 20_000 }).toBeGreaterThan(before);
    const [alert] = (await alerts()).filter(({ tool }) => tool === 'export_customers') as [Record<string, string>];
    const mine = (await alerts()).filter(({ principal }) => principal === alert['principal']);
    expect(mine).toMatchObject([
      { kind: 'decoy', severity: 'critical', tool: 'export_customers', namespace: 'default' },
    ]);
    expect(heard.at(-1)).toMatchObject({
      type: 'decoy.touched',
      data: { kind: 'decoy', severity: 'critical', tool: 'export_customers', alert: alert['id'] },
    });
    expect(await recordOf(alert['record'] as string)).toMatchObject({
      type: 'decoy.touched',
      object: { kind: 'agent', name: 'thief' },
      details: { decoy: 'tool', name: 'export_customers', severity: 'critical', address: '127.0.0.1' },
    });
  });

  test('is noticed though the key may call nothing, or other tools alone', async () => {
    const reading = await makeKey(place.dataDir, '--agent', 'reader', '--access', 'read');
    const narrow = await makeKey(place.dataDir, '--agent', 'narrow', '--tool', 'city');
    const before = (await alerts()).length;
    for (const { key } of [reading, narrow]) expect((await invoke(key, 'export_customers')).ok).toBe(false);
    await expect.poll(async () => (await alerts()).length, { timeout: 20_000 }).toBe(before + 2);
  });

  test('lets whoever calls what is there alone', async () => {
    const { key } = await makeKey(place.dataDir, '--agent', 'honest');
    const before = (await alerts()).length;
    const answer = await fetch(`${server.url}/api/tool/city/invoke`, {
      ...{ method: 'POST', headers: bearer(key), body: '{"id":1}' },
    });
    expect([answer.status, (await invoke(key, 'nobody_has_this')).status]).toEqual([200, 404]);
    expect((await alerts()).length).toBe(before);
  });
});

describe('REG-022: a decoy key', () => {
  test('opens no door, answers as a key that nobody made, and raises an alert with whose it is said to be', async () => {
    const forged = decoy.key.replace(/^chk_.{26}/, `chk_${'0'.repeat(25)}1`);
    const seen = async (key: string) => [
      await face(await mcp(key, 'tools/list', {}), key),
      await face(await invoke(key, 'city'), key),
      await face(await fetch(`${server.url}/api/v1/keys`, { headers: bearer(key) }), key),
    ];
    expect(await seen(decoy.key)).toEqual(await seen(forged));
    await expect
      .poll(async () => (await alerts()).filter(({ tool }) => tool === `key ${decoy.id}`).length, { timeout: 20_000 })
      .toBe(1);
    const [alert] = (await alerts()).filter(({ tool }) => tool === `key ${decoy.id}`) as [Record<string, string>];
    expect(alert).toMatchObject({ kind: 'decoy', severity: 'critical' });
    expect(await recordOf(alert['record'] as string)).toMatchObject({
      type: 'decoy.touched',
      object: { kind: 'agent', name: 'nightly-export' },
      details: { decoy: 'key', name: decoy.id, address: '127.0.0.1' },
    });
    await expect
      .poll(() => heard.some(({ data }) => data['tool'] === `key ${decoy.id}`), { timeout: 20_000 })
      .toBe(true);
  });

  test('is known by its whole text: whoever has its id alone raises nothing', async () => {
    const before = (await alerts()).length;
    const guessed = `${decoy.key.slice(0, -8)}AAAAAAAA`;
    expect((await invoke(guessed, 'city')).status).toBe(401);
    expect((await alerts()).length).toBe(before);
  });
});
