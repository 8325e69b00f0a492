/** What servers say while they work (`notifications/message`) reaches the call that it belongs to, at its level. */
import { afterEach, describe, expect, it } from 'vitest';
import { person, type Person } from './federated-client.fixture.ts';
import { closeAll, federate, serverDocument, upstream } from './federation.fixture.ts';
import { LOG_LEVEL, logOf, saidBefore, together } from './far-log.fixture.ts';
import { BOB } from './gateway.fixture.ts';
import type { Era } from '../../../test/mcp-upstream.ts';

let people: Person[] = [];
afterEach(async () => {
  for (const one of people.splice(0)) await one.close();
  await closeAll();
});

const ERAS: readonly Era[] = ['stateless', 'session'];
const MESSAGE = 'notifications/message';

describe.each(ERAS)('messages of a %s server', (era) => {
  it('reach a client of the stateless era that asked for the level in `_meta`, before the answer; no other hears any', async () => {
    const far = await upstream(era);
    const { url } = await federate([serverDocument('far', far.url)]);
    const ada = await person(`${url}/mcp`, 'stateless');
    people.push(ada);
    await ada.client.callTool({ name: 'far_log', arguments: {}, _meta: { [LOG_LEVEL]: 'info' } });
    expect(ada.logs).toMatchObject([
      { level: 'info', logger: 'upstream', data: { at: 'info' } },
      { level: 'error', logger: 'upstream' },
    ]);
    await ada.call('far_log');
    expect(ada.logs).toHaveLength(2);
  });

  it('reach the call that they belong to, each at its own level, though calls of one caller run at once', async () => {
    const far = await upstream(era);
    const { url } = await federate([serverDocument('far', far.url)]);
    together(far, 4);
    const said = await Promise.all([
      logOf(url, 'one', 'debug'),
      logOf(url, 'two', 'error'),
      logOf(url, 'three', undefined),
      logOf(url, 'four', 'info', BOB),
    ]);
    expect(said.map(saidBefore)).toEqual([
      ['debug', 'info', 'error'].map((level) => [MESSAGE, level, 'one']),
      [[MESSAGE, 'error', 'two']],
      [],
      ['info', 'error'].map((level) => [MESSAGE, level, 'four']),
    ]);
  });

  it('reach a later call at its level, whatever an earlier one wanted', async () => {
    const far = await upstream(era);
    const { url } = await federate([serverDocument('far', far.url)]);
    for (const [label, level, count] of [
      ['one', 'error', 1],
      ['two', 'debug', 3],
      ['three', undefined, 0],
      ['four', 'info', 2],
    ] as const)
      expect(saidBefore(await logOf(url, label, level))).toHaveLength(count);
  });
});
