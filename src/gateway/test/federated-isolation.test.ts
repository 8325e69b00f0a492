/**
 * Every answer of a server, and every question, reaches the connection that it belongs to, once (invariant 26), however
 * alike callers, ids and keys are; and work that waits is resumed by whom it waits for, once.
 */
import { afterEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '#kernel';
import { person, saidIn, type Person } from './federated-client.fixture.ts';
import { closeAll, federate, serverDocument, upstream } from './federation.fixture.ts';
import { ALICE, BOB, post, postStateless } from './gateway.fixture.ts';
import { messagesIn } from './wire.fixture.ts';
import type { Era } from '../../../test/mcp-upstream.ts';

let people: Person[] = [];
afterEach(async () => {
  for (const one of people.splice(0)) await one.close();
  await closeAll();
});

const ERAS: readonly Era[] = ['stateless', 'session'];
const CLIENTS = 200;
const SETTINGS = { limits: { maxConcurrentCalls: 1_000 } };
const keyOf = (client: number): string => (client % 2 === 0 ? ALICE : BOB);

/** A session of its own for a client of the session era. */
async function beginSession(url: string, key: string): Promise<Record<string, string>> {
  const clientInfo = { name: 'test', version: '1' };
  const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo };
  const headers = { Authorization: `Bearer ${key}` };
  const response = await post(url, { jsonrpc: '2.0', id: 0, method: 'initialize', params }, headers);
  await response.text();
  const id = response.headers.get('mcp-session-id');
  if (id === null) throw new Error(`no session: ${response.status}`);
  return { ...headers, 'MCP-Protocol-Version': '2025-06-18', 'Mcp-Session-Id': id };
}

describe.each(ERAS)('before a %s server', (era) => {
  it('two hundred clients of both eras with equal ids have each its own answer, once (invariant 26) (MCP-018) (CVE-2026-25536)', async () => {
    const far = await upstream(era);
    const gateway = await federate([serverDocument('far', far.url)], { settings: SETTINGS });
    const url = `${gateway.url}/mcp`;
    const headers: (Record<string, string> | undefined)[] = [];
    for (let client = 0; client < CLIENTS; client++)
      headers.push(client % 4 < 2 ? await beginSession(url, keyOf(client)) : undefined);
    const bodies = await Promise.all(
      headers.map(async (session, client) => {
        const params = { name: 'far_echo', arguments: { text: `canary-${client}-` }, _meta: { progressToken: 1 } };
        const asked =
          session === undefined
            ? postStateless(url, 'tools/call', params, { headers: { Authorization: `Bearer ${keyOf(client)}` }, id: 7 })
            : post(url, { jsonrpc: '2.0', id: 7, method: 'tools/call', params }, session);
        return await (await asked).text();
      }),
    );
    const found = bodies.map((text) => ({
      ids: messagesIn(text).map(({ id }) => id),
      canaries: Array.from(new Set(text.match(/canary-\d+-/g)), (canary) => canary),
    }));
    expect(found).toEqual(bodies.map((_, client) => ({ ids: [7], canaries: [`canary-${client}-`] })));
  });

  it('questions of a server reach who is behind the call, though callers and capabilities are the same (invariant 26)', async () => {
    const far = await upstream(era);
    const { url } = await federate([serverDocument('far', far.url)], { settings: SETTINGS });
    for (let client = 0; client < 24; client++) {
      const options = { key: keyOf(client), name: `person ${client}` };
      people.push(await person(`${url}/mcp`, client % 4 < 2 ? 'session' : 'stateless', options));
    }
    const rounds = 3;
    const answers = await Promise.all(
      people.flatMap((one, client) =>
        Array.from({ length: rounds }, async (_, round) => {
          const answer = saidIn(await one.call('far_ask', { kind: 'elicitation', label: `for ${client}.${round}` }));
          return (Array.isArray(answer) ? answer[0] : answer) as unknown;
        }),
      ),
    );
    expect(answers).toEqual(
      people.flatMap((_, client) =>
        Array.from({ length: rounds }, () => ({ action: 'accept', content: { who: `person ${client}` } })),
      ),
    );
    expect(people.map(({ asked }) => asked.toSorted())).toEqual(
      people.map((_, client) => Array.from({ length: rounds }, (__, round) => `form: for ${client}.${round}`)),
    );
  });

  it('a call that waits is resumed by its caller alone, and once, however many try at once (invariant 26) (MCP-029) (MCP-030)', async () => {
    const far = await upstream(era);
    const { url } = await federate([serverDocument('far', far.url)], { settings: SETTINGS });
    const callOf = async (client: number, key: string, more: JsonObject = {}): Promise<JsonObject> => {
      const params = { name: 'far_ask', arguments: { kind: 'elicitation', label: `for ${client}` }, ...more };
      const headers = { Authorization: `Bearer ${key}` };
      const response = await postStateless(`${url}/mcp`, 'tools/call', params, {
        ...{ capabilities: { elicitation: {} }, headers },
      });
      return (await response.json()) as JsonObject;
    };
    const waiting = await Promise.all(Array.from({ length: 30 }, (_, client) => callOf(client, keyOf(client))));
    const resumed = await Promise.all(
      waiting.map(async ({ result }, client) => {
        const { requestState, inputRequests } = result as { requestState: string; inputRequests: JsonObject };
        const [key = ''] = Object.keys(inputRequests);
        expect(JSON.stringify(inputRequests)).toContain(`"for ${client}"`);
        const answering = (who: string): JsonObject => ({
          ...{ requestState, inputResponses: { [key]: { action: 'accept', content: { who } } } },
        });
        const theft = await callOf(client, keyOf(client + 1), answering('thief'));
        const own = await Promise.all(
          ['own', 'own', 'own'].map((who) => callOf(client, keyOf(client), answering(`${who} ${client}`))),
        );
        return { theft, given: own.filter((answer) => 'result' in answer), own };
      }),
    );
    for (const [client, { theft, given, own }] of resumed.entries()) {
      expect(theft).toMatchObject({ error: { code: -32602 } });
      expect([client, given.length, own.length]).toEqual([client, 1, 3]);
      expect(JSON.stringify(given)).toContain(`own ${client}`);
      expect(JSON.stringify([theft, own])).not.toContain('thief');
    }
  });
});
