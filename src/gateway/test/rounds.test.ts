/** Questions on the stateless revision: a call in several rounds, its state in the client's hands (MCP-030). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '#kernel';
import { BOB, postStateless, startGateway, type RunningGateway } from './gateway.fixture.ts';

let running: RunningGateway;
let url: string;
beforeAll(async () => {
  running = await startGateway();
  url = `${running.url}/mcp`;
});
afterAll(() => running.close());

const call = (
  name: string,
  options: Parameters<typeof postStateless>[2] & object = {},
  more?: Parameters<typeof postStateless>[3],
) => postStateless(url, 'tools/call', { name, ...options }, more);
const json = async (
  response: Response,
): Promise<{ result: JsonObject; error: { code: number; message: string; data: JsonObject } }> =>
  (await response.json()) as never;

describe('a call in several rounds (MRTR)', () => {
  const capabilities = { elicitation: {}, sampling: {} };
  const name = { action: 'accept', content: { who: 'Ada' } };
  const mood = { role: 'assistant', content: { type: 'text', text: 'well' }, model: 'm' };
  const open = async (): Promise<string> =>
    (await json(await call('greet', {}, { capabilities }))).result['requestState'] as string;

  it('asks, takes the answers of each round, and ends with the result', async () => {
    const first = (await json(await call('greet', {}, { capabilities }))).result;
    expect(first).toMatchObject({
      resultType: 'input_required',
      inputRequests: { name: { method: 'elicitation/create' } },
    });
    const second = (
      await json(
        await call(
          'greet',
          { requestState: first['requestState'] as string, inputResponses: { name } },
          { capabilities },
        ),
      )
    ).result;
    expect(Object.keys(second['inputRequests'] as JsonObject)).toEqual(['mood']);
    const third = (
      await json(
        await call(
          'greet',
          { requestState: second['requestState'] as string, inputResponses: { mood } },
          { capabilities },
        ),
      )
    ).result;
    expect(third['content']).toEqual([{ type: 'text', text: 'Ada is well' }]);
  });

  it('asks again for an answer that did not come', async () => {
    const again = (
      await json(await call('greet', { requestState: await open(), inputResponses: { other: name } }, { capabilities }))
    ).result;
    expect(again).toMatchObject({ resultType: 'input_required', inputRequests: { name: {} } });
  });

  const abuses: [what: string, present: (state: string) => Promise<Response>][] = [
    [
      'a changed state',
      (state) => call('greet', { requestState: flip(state), inputResponses: { name } }, { capabilities }),
    ],
    [
      'a state of another caller',
      (state) =>
        call(
          'greet',
          { requestState: state, inputResponses: { name } },
          { capabilities, headers: { Authorization: `Bearer ${BOB}` } },
        ),
    ],
    [
      'a state with other arguments',
      (state) =>
        call('greet', { arguments: { more: 1 }, requestState: state, inputResponses: { name } }, { capabilities }),
    ],
    ['a state of another tool', (state) => call('echo', { requestState: state }, { capabilities })],
    ['text that is no state', () => call('greet', { requestState: 'AAAA' }, { capabilities })],
    ['a state that is no text', () => call('greet', { requestState: 1 }, { capabilities })],
  ];
  it.each(abuses)('refuses %s (MCP-030)', async (_, present) => {
    const response = await present(await open());
    expect([response.status, (await json(response)).error.code]).toEqual([400, -32602]);
  });

  it('refuses a state the second time (MCP-030)', async () => {
    const state = await open();
    expect((await call('greet', { requestState: state, inputResponses: { name } }, { capabilities })).status).toBe(200);
    expect((await call('greet', { requestState: state, inputResponses: { name } }, { capabilities })).status).toBe(400);
  });

  const flip = (state: string): string => (state.startsWith('A') ? 'B' : 'A') + state.slice(1);
});
