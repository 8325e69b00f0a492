/** News on the stateless revision: the answer of `subscriptions/listen` stays open. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  postStateless,
  snapshotOf,
  startGateway,
  testTool,
  TOOLS,
  watchers,
  type RunningGateway,
} from './gateway.fixture.ts';
import { events } from './wire.fixture.ts';

let running: RunningGateway;
let url: string;
beforeAll(async () => {
  running = await startGateway();
  url = `${running.url}/mcp`;
});
afterAll(() => running.close());

describe('subscriptions/listen', () => {
  it('acknowledges first, tags everything, and sends only what was asked for', async () => {
    const response = await postStateless(
      url,
      'subscriptions/listen',
      { notifications: { toolsListChanged: true, resourceSubscriptions: ['test://readme', 'test://foreign'] } },
      { id: 7 },
    );
    const read = events(response, 3);
    await expect.poll(() => watchers.length).toBeGreaterThan(0);
    running.replace(snapshotOf([...TOOLS, testTool({ name: 'new', run: async () => ({ kind: 'value', value: 1 }) })]));
    running.replace(snapshotOf());
    const messages = await read;
    expect(messages[0]).toMatchObject({
      method: 'notifications/subscriptions/acknowledged',
      params: { notifications: { toolsListChanged: true, resourceSubscriptions: ['test://readme'] } },
    });
    expect(messages.slice(1).map((message) => message['method'])).toEqual([
      'notifications/tools/list_changed',
      'notifications/tools/list_changed',
    ]);
    for (const message of messages)
      expect(message['params']).toMatchObject({ _meta: { 'io.modelcontextprotocol/subscriptionId': 7 } });
  });

  it('needs a client that reads streams', async () => {
    const response = await postStateless(
      url,
      'subscriptions/listen',
      { notifications: {} },
      { headers: { Accept: 'application/json' } },
    );
    expect(response.status).toBe(406);
  });
});
