/** What a credential is for limits what its owner may do: access, named tools, roles of the namespace. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ALICE,
  CALLER,
  FOREIGN_ROLE,
  GLOBAL_ROLE,
  ONE_TOOL,
  post,
  READER,
  seenFrom,
  startGateway,
  type RunningGateway,
} from './gateway.fixture.ts';

let running: RunningGateway;
beforeAll(async () => {
  running = await startGateway();
});
afterAll(() => running.close());

const bearer = (key: string) => ({ Authorization: `Bearer ${key}` });
const rpc = (key: string, method: string, params: object = {}) =>
  post(`${running.url}/mcp`, { jsonrpc: '2.0', id: 1, method, params }, bearer(key));
const get = (key: string, path: string) => fetch(`${running.url}${path}`, { headers: bearer(key) });
const invoke = (key: string, tool: string) => post(`${running.url}/api/tool/${tool}/invoke`, {}, bearer(key));

/** Each way to list or read, and each way to call. */
const READING: readonly (readonly [string, (key: string) => Promise<Response>])[] = [
  ['tools/list', (key) => rpc(key, 'tools/list')],
  ['prompts/list', (key) => rpc(key, 'prompts/list')],
  ['resources/list', (key) => rpc(key, 'resources/list')],
  ['resources/templates/list', (key) => rpc(key, 'resources/templates/list')],
  ['resources/read', (key) => rpc(key, 'resources/read', { uri: 'test://readme' })],
  ['prompts/get', (key) => rpc(key, 'prompts/get', { name: 'trip', arguments: { city: 'Basel' } })],
  ['a toolset over REST', (key) => get(key, '/api/toolset')],
  ['a tool over REST', (key) => get(key, '/api/tool/echo')],
];
const CALLING: typeof READING = [
  ['tools/call', (key) => rpc(key, 'tools/call', { name: 'echo', arguments: {} })],
  ['invoke over REST', (key) => invoke(key, 'echo')],
];

describe('access', () => {
  it.each(READING)('%s takes `read`', async (_, ask) => {
    expect([(await ask(READER)).status, (await ask(CALLER)).status]).toEqual([200, 403]);
  });

  it.each(CALLING)('%s takes `execute`', async (_, ask) => {
    expect([(await ask(CALLER)).status, (await ask(READER)).status]).toEqual([200, 403]);
  });

  it('a refusal says what the credential is not for', async () => {
    expect(await (await invoke(READER, 'echo')).json()).toMatchObject({
      error: expect.stringContaining('not for `execute`') as string,
    });
  });
});

describe('a credential for named tools', () => {
  it('lists those of them that there are, at every door', async () => {
    const listed = (await (await rpc(ONE_TOOL, 'tools/list')).json()) as { result: { tools: { name: string }[] } };
    const rest = (await (await get(ONE_TOOL, '/api/toolset')).json()) as { tools: object };
    expect([listed.result.tools.map(({ name }) => name), Object.keys(rest.tools)]).toEqual([['echo'], ['echo']]);
    const everything = (await (await rpc(ALICE, 'tools/list')).json()) as { result: { tools: unknown[] } };
    expect(everything.result.tools.length).toBeGreaterThan(1);
  });

  it('calls them, and gets for any other what it gets for one that nobody has', async () => {
    expect((await invoke(ONE_TOOL, 'echo')).status).toBe(200);
    const message = async (response: Response, name: string): Promise<string> =>
      `${response.status} ${(await response.text()).replaceAll(name, '?').replaceAll(/"[0-9a-z]+-[0-9a-z]+"/g, 'id')}`;
    const call = (name: string) => rpc(ONE_TOOL, 'tools/call', { name, arguments: {} });
    for (const name of ['scoped', 'not_there', 'ECHO']) {
      const at = encodeURIComponent(name);
      expect(await message(await call(name), name)).toBe(await message(await call('nobodys'), 'nobodys'));
      expect(await message(await invoke(ONE_TOOL, at), at)).toBe(
        await message(await invoke(ONE_TOOL, 'nobodys'), 'nobodys'),
      );
      expect(await message(await get(ONE_TOOL, `/api/tool/${at}`), at)).toBe(
        await message(await get(ONE_TOOL, '/api/tool/nobodys'), 'nobodys'),
      );
    }
  });
});

describe('roles', () => {
  it.each(CALLING)('of another namespace count for nothing: %s', async (_, ask) => {
    expect(await (await ask(FOREIGN_ROLE)).text()).toContain('no tool is called `echo`');
  });

  it.each(CALLING)('that hold everywhere hold here: %s', async (_, ask) => {
    const answer = await ask(GLOBAL_ROLE);
    expect([answer.status, await answer.text()]).toEqual([200, expect.not.stringContaining('no tool is called')]);
  });
});

it('the verifier learns the address that the listener saw, and no header can say another', async () => {
  await fetch(`${running.url}/api/toolset`, {
    headers: { ...bearer(ALICE), 'X-Forwarded-For': '10.0.0.1', Forwarded: 'for=10.0.0.1' },
  });
  expect(seenFrom.get(ALICE)).toBe('127.0.0.1');
});
