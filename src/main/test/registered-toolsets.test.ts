/** Registered tools that join a toolset: in its lists and at its doors once somebody has approved that, and not before. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CITIES, makeKey, run, start, workspace, type RunningServer, type Workspace } from './server.fixture.ts';

const CONFIG = `${CITIES}
---
kind: toolset
name: support
tools: [city]
---
kind: toolset
name: other
tools: [city]
---
kind: policy
name: support
cedar: 'permit(principal, action, resource in Toolset::"default/support");'
`;

const document = (
  toolsets: string,
  statement = 'SELECT name FROM cities ORDER BY inhabitants DESC LIMIT 1',
): string => `
kind: tool
name: largest
type: sqlite-sql
source: cities
description: The largest city of the country, by its inhabitants.
readOnly: true
toolsets: ${toolsets}
statement: ${statement}
`;

let place: Workspace;
let server: RunningServer;
let key: string;
let where: readonly string[];
beforeAll(async () => {
  place = workspace();
  where = ['--data-dir', place.dataDir, '--config', place.write('tools.yaml', CONFIG)];
  server = await start(where);
  ({ key } = await makeKey(place.dataDir));
}, 120_000);
afterAll(async () => {
  await server.stop();
  place.remove();
});

const tool = (verb: string, ...words: string[]) => run(['tool', verb, ...words, ...where]);

/** What is listed at a door, and what a call of the tool there is answered with. */
async function at(door: string): Promise<{ readonly listed: readonly string[]; readonly called: string }> {
  const mcp = new Client({ name: 'test', version: '1' });
  const headers = { Authorization: `Bearer ${key}` };
  await mcp.connect(new StreamableHTTPClientTransport(new URL(`${server.url}${door}`), { requestInit: { headers } }));
  try {
    const listed = (await mcp.listTools()).tools.map(({ name }) => name);
    const called = await mcp.callTool({ name: 'largest', arguments: {} }).then(
      ({ content }) => JSON.stringify(content),
      (error: unknown) => String(error),
    );
    return { listed, called };
  } finally {
    await mcp.close();
  }
}

async function restToolset(name: string): Promise<readonly string[]> {
  const answer = await fetch(`${server.url}/api/toolset/${name}`, { headers: { authorization: `Bearer ${key}` } });
  return Object.keys(((await answer.json()) as { tools: object }).tools);
}

const DOORS = ['/mcp', '/mcp/support', '/mcp/other'];
const listedAt = async (): Promise<readonly string[]> =>
  (await Promise.all(DOORS.map(async (door) => `${door} ${(await at(door)).listed.join()}`))).toSorted();

async function approve(): Promise<void> {
  const pin = JSON.parse((await tool('diff', 'largest', '--json')).stdout) as {
    readonly waiting: { readonly digest: string };
    readonly findings: readonly { readonly kind: string; readonly words: string }[];
  };
  expect(pin.findings).toContainEqual(expect.objectContaining({ kind: 'toolset' }));
  expect((await tool('approve', 'largest', '--digest', pin.waiting.digest)).code).toBe(0);
}

test('what joins a toolset waits for a second look, and is then in its lists and at its doors alone', async () => {
  expect((await tool('register', place.write('largest.yaml', document('[support]')))).code).toBe(0);
  await expect.poll(async () => (await at('/mcp/support')).called, { timeout: 60_000 }).toContain('quarantined');
  expect(await listedAt()).toEqual(['/mcp city', '/mcp/other city', '/mcp/support city']);
  expect(await restToolset('support')).toEqual(['city']);

  await approve();
  await expect
    .poll(listedAt, { timeout: 60_000 })
    .toEqual(['/mcp city,largest', '/mcp/other city', '/mcp/support city,largest']);
  // The policy of the toolset is what lets it be called.
  expect((await at('/mcp/support')).called).toContain('Basel');
  expect((await at('/mcp/other')).called).not.toContain('Basel');
  expect(await restToolset('support')).toEqual(['city', 'largest']);
  expect(await restToolset('other')).toEqual(['city']);

  // Another toolset is another question; meanwhile it is nowhere.
  expect((await tool('update', place.write('largest.yaml', document('[support, other]')))).code).toBe(0);
  await expect.poll(listedAt, { timeout: 60_000 }).toEqual(['/mcp city', '/mcp/other city', '/mcp/support city']);
  await approve();
  await expect
    .poll(listedAt, { timeout: 60_000 })
    .toEqual(['/mcp city,largest', '/mcp/other city,largest', '/mcp/support city,largest']);
}, 240_000);

test('a toolset that is not there is refused, with the one that was meant', async () => {
  const file = place.write('wrong.yaml', document('[suport]').replace('name: largest', 'name: wrong'));
  const refused = await tool('register', file);
  expect([refused.code, refused.stdout]).toEqual([1, '']);
  expect(refused.stderr).toContain('did you mean `support`');
});
