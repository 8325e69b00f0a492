/** Work of a session server that waits for a client of the stateless era: how it ends when nobody comes back. */
import { afterEach, expect, it } from 'vitest';
import type { JsonObject } from '#kernel';
import { person } from './federated-client.fixture.ts';
import { closeAll, federate, serverDocument, upstream, type Federated } from './federation.fixture.ts';
import { ALICE, BOB, postStateless } from './gateway.fixture.ts';

afterEach(closeAll);

const POLL = { timeout: 10_000, interval: 50 };

interface Asked {
  readonly requestState: string;
  readonly inputRequests: JsonObject;
}

async function ask({ url }: Federated, label: string, key = ALICE, more: JsonObject = {}): Promise<JsonObject> {
  const params = { name: 'far_ask', arguments: { kind: 'elicitation', label }, ...more };
  const response = await postStateless(`${url}/mcp`, 'tools/call', params, {
    capabilities: { elicitation: {} },
    headers: { Authorization: `Bearer ${key}` },
  });
  return (await response.json()) as JsonObject;
}

const waiting = async (...asked: Parameters<typeof ask>): Promise<Asked> => (await ask(...asked))['result'] as never;

/** Comes back with the answer. */
async function answer(gateway: Federated, label: string, { requestState, inputRequests }: Asked, key = ALICE) {
  const [question = ''] = Object.keys(inputRequests);
  const inputResponses = { [question]: { action: 'accept', content: { who: label } } };
  return await ask(gateway, label, key, { requestState, inputResponses });
}

it('is called off at the server when the time is up; who comes later is told to start again, and nothing is left', async () => {
  const far = await upstream('session');
  const gateway = await federate([serverDocument('far', far.url, 'idle: 1s\n')], { answersWithinMs: 1_500 });
  const before = far.sessions();
  const kept = await waiting(gateway, 'in time');
  const late = await waiting(gateway, 'late');
  expect(await answer(gateway, 'in time', kept)).toHaveProperty('result.content.0.text');
  expect(far.calledOff).toEqual([]);
  await expect.poll(() => far.calledOff, POLL).toEqual(['late']);
  expect(await answer(gateway, 'late', late)).toMatchObject({
    result: { isError: true, _meta: { 'dev.chatelaine/error': { code: 'ROUND_EXPIRED' } } },
  });
  // The session was held for it: now it is nobody's, and ended with the server too.
  await expect.poll(() => far.sessions(), POLL).toBe(before);
  expect(far.calledOff).toEqual(['late']);
});

it('goes when the server is taken away, which is told so', async () => {
  const far = await upstream('session');
  const gateway = await federate([serverDocument('far', far.url)]);
  await waiting(gateway, 'left');
  await gateway.toolbox.close();
  await expect.poll(() => far.calledOff, POLL).toEqual(['left']);
  await expect.poll(() => far.sessions(), POLL).toBe(0);
});

it('of one caller makes room for that caller’s, and for nobody else’s', async () => {
  const far = await upstream('session');
  const gateway = await federate([serverDocument('far', far.url)]);
  const bobs = await waiting(gateway, 'of bob', BOB);
  const first = await waiting(gateway, 'first');
  for (let more = 0; more < 32; more++) await waiting(gateway, `more ${more}`);
  await expect.poll(() => far.calledOff, POLL).toEqual(['first']);
  expect(JSON.stringify(await answer(gateway, 'first', first))).toContain('ROUND_EXPIRED');
  expect(JSON.stringify(await answer(gateway, 'of bob', bobs, BOB))).toContain('accept');
});

it('is called off where a client of a session goes away while it is asked', async () => {
  const far = await upstream('session');
  const gateway = await federate([serverDocument('far', far.url)]);
  const ada = await person(`${gateway.url}/mcp`, 'session');
  const leaving = new AbortController();
  ada.client.setRequestHandler('elicitation/create', () => {
    leaving.abort();
    return new Promise(() => {});
  });
  const asked = ada.call('far_ask', { kind: 'elicitation', label: 'left' }, { signal: leaving.signal });
  await expect(asked).rejects.toThrow(/abort/i);
  await expect.poll(() => far.calledOff, POLL).toEqual(['left']);
  await ada.close();
});
