/** Calls of the stateless era that wait in one process for an answer, which comes to another (ADR 0054). */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { JsonObject } from '#kernel';
import { closeAll, FEDERATED, openFederation, serverDocument, upstream } from './federation.fixture.ts';
import { ALICE, BOB, post, postStateless } from './gateway.fixture.ts';
import { installation, openSession, startReplica, type Installation, type Replica } from './replicas.fixture.ts';

let all: Installation & AsyncDisposable;
beforeAll(async () => {
  all = await installation();
}, 60_000);
afterAll(() => all[Symbol.asyncDispose]());
afterEach(closeAll);

async function replicas(): Promise<readonly [Replica, Replica]> {
  const server = await upstream('session');
  const start = async (): Promise<Replica> => {
    const { toolbox, servers } = await openFederation([serverDocument('far', server.url)]);
    await servers.settled(20_000);
    return await startReplica(all, { snapshot: toolbox.current(), policies: FEDERATED });
  };
  return [await start(), await start()];
}

async function call(
  at: Replica,
  more: JsonObject = {},
  { path = '/mcp', name = 'far_ask', key = ALICE } = {},
): Promise<{ readonly status: number; readonly result?: JsonObject; readonly error?: JsonObject }> {
  const params = { name, arguments: { kind: 'elicitation' }, ...more };
  const answer = await postStateless(`${at.url}${path}`, 'tools/call', params, {
    capabilities: { elicitation: {} },
    headers: { Authorization: `Bearer ${key}` },
  });
  const { result, error } = (await answer.json()) as { readonly result?: JsonObject; readonly error?: JsonObject };
  return { status: answer.status, ...(result && { result }), ...(error && { error }) };
}

/** What the client sends in the next round: the answer to everything that was asked. */
function answered(result: JsonObject | undefined): JsonObject {
  expect(result).toMatchObject({ resultType: 'input_required' });
  const { inputRequests, requestState } = result as { inputRequests: JsonObject; requestState: string };
  const response = { action: 'accept', content: { who: 'Ada' } };
  return {
    requestState,
    inputResponses: Object.fromEntries(Object.keys(inputRequests).map((key) => [key, response])),
  };
}

it.each([
  ['/mcp', 'far_ask'],
  ['/mcp/s/default/far', 'ask'],
])(
  'at %s the answer finds the process that waits, whichever it comes to',
  async (path, name) => {
    const [a, b] = await replicas();
    const next = answered((await call(a, {}, { path, name })).result);
    const { result } = await call(b, next, { path, name });
    expect(JSON.stringify(result)).toContain('Ada');
    expect(b.forwarded).toEqual(['answered']);
    // Once: a state that was used is not taken, neither there nor here.
    expect((await call(b, next, { path, name })).status).toBe(400);
    expect((await call(a, next, { path, name })).status).toBe(400);
  },
  60_000,
);

it('a session that another holds is passed on at the door of one server as well', async () => {
  const [a, b] = await replicas();
  const session = await openSession(b);
  const list = { jsonrpc: '2.0', id: 1, method: 'tools/list' };
  const listed = await post(`${a.url}/mcp/s/default/far`, list, { 'Mcp-Session-Id': session });
  expect([listed.status, await listed.text()]).toEqual([200, expect.stringContaining('"name":"ask"')]);
  expect(a.forwarded).toEqual(['answered']);
}, 60_000);

it('nobody else goes on with it, and nothing is forwarded for them', async () => {
  const [a, b] = await replicas();
  const next = answered((await call(a)).result);
  expect((await call(b, next, { key: BOB })).status).toBe(400);
  expect(b.forwarded).toEqual([]);
  expect(JSON.stringify((await call(b, next)).result)).toContain('Ada');
}, 60_000);

it('of a process that has left the call begins again', async () => {
  const [a, b] = await replicas();
  const next = answered((await call(a)).result);
  await a.vanish();
  await a.siblings.leave();
  const { status, error } = await call(b, next);
  expect([status, error?.['message']]).toEqual([400, expect.stringContaining('has ended; start the call again')]);
}, 60_000);
