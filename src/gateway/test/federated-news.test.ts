/** What changes at servers behind reaches clients of the stateless era through their subscription, and no others. */
import type { McpSubscription } from '@modelcontextprotocol/client';
import { afterEach, describe, expect, it } from 'vitest';
import { person, type Person } from './federated-client.fixture.ts';
import { closeAll, federate, serverDocument, upstream, type Federated } from './federation.fixture.ts';
import { BOB } from './gateway.fixture.ts';
import { usualTools, type Era, type Upstream } from '../../../test/mcp-upstream.ts';

let people: Person[] = [];
afterEach(async () => {
  for (const one of people.splice(0)) await one.close();
  await closeAll();
});

const ERAS: readonly Era[] = ['stateless', 'session'];
const PATIENCE = { timeout: 30_000, interval: 200 };
const README = 'test://readme';

async function listener(
  url: string,
  filter: Parameters<Person['client']['listen']>[0],
  options?: Parameters<typeof person>[2],
): Promise<Person & { readonly subscription: McpSubscription }> {
  const one = await person(url, 'stateless', options);
  people.push(one);
  return Object.assign(one, { subscription: await one.client.listen(filter) });
}

/** A server of that era at its own door. */
async function behind(era: Era): Promise<{ far: Upstream; gateway: Federated; url: string }> {
  const far = await upstream(era);
  const gateway = await federate([serverDocument('far', far.url)]);
  return { far, gateway, url: `${gateway.url}/mcp/s/default/far` };
}

/** Touches until the client has heard of it: when a server knows of a subscription it does not say. */
const hearsOf = async (far: Upstream, one: Person, uri = README): Promise<void> => {
  one.news.length = 0;
  await expect.poll(async () => (await far.touch(uri), one.news), PATIENCE).toContain(uri);
};

describe.each(ERAS)('a client of the stateless era before a %s server', (era) => {
  it('hears that tools, prompts and resources are others, of each that it asked for and of no other', async () => {
    const { far, url } = await behind(era);
    const all = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true };
    const ada = await listener(url, all);
    const bob = await listener(url, { promptsListChanged: true }, { key: BOB });
    expect(ada.subscription.honoredFilter).toEqual(all);
    far.offer.tools = [...usualTools(), { name: 'new', inputSchema: { type: 'object' } }];
    await expect.poll(async () => (await far.changed('tools'), ada.news), PATIENCE).toContain('tools');
    far.offer.resources = [...far.offer.resources, { uri: 'test://new', name: 'new' }];
    await expect.poll(async () => (await far.changed('resources'), ada.news), PATIENCE).toContain('resources');
    far.offer.prompts = [...far.offer.prompts, { name: 'new' }];
    await expect.poll(async () => (await far.changed('prompts'), bob.news), PATIENCE).toEqual(['prompts']);
    await expect.poll(() => ada.news, PATIENCE).toContain('prompts');
    expect((await ada.client.listTools()).tools.map(({ name }) => name)).toContain('new');
  });

  it('hears of the resource that it named, and nobody else does; and of nothing once it has hung up', async () => {
    const { far, gateway, url } = await behind(era);
    const ada = await listener(url, { resourceSubscriptions: [README] });
    const bob = await listener(`${gateway.url}/mcp`, { toolsListChanged: true }, { key: BOB });
    expect(ada.subscription.honoredFilter).toEqual({ resourceSubscriptions: [README] });
    await hearsOf(far, ada);
    await ada.subscription.close();
    await bob.client.listTools();
    ada.news.length = 0;
    const later = await listener(`${gateway.url}/mcp`, { resourceSubscriptions: [README] }, { key: BOB });
    await hearsOf(far, later);
    expect([ada.news, bob.news]).toEqual([[], []]);
  });

  it('hears of it again after the server’s streams broke off', async () => {
    const { far, url } = await behind(era);
    const ada = await listener(url, { resourceSubscriptions: [README] });
    await hearsOf(far, ada);
    ada.news.length = 0;
    far.cut();
    // A session may hold what it had to say for who comes back; nobody else does.
    if (era === 'stateless') await expect.poll(() => ada.news, PATIENCE).toContain(README);
    await hearsOf(far, ada);
    expect(new Set(ada.news)).toEqual(new Set([README]));
  });

  it('hears of it after a reload put another connection, and another server, in its place', async () => {
    const { far, gateway, url } = await behind(era);
    const ada = await listener(url, { resourceSubscriptions: [README] });
    const bob = await person(url, 'session', { key: BOB });
    people.push(bob);
    await bob.client.subscribeResource({ uri: README });
    await hearsOf(far, ada);
    await gateway.reload([serverDocument('far', far.url, 'timeout: 7s\n')]);
    await hearsOf(far, ada);
    const other = await upstream(era === 'session' ? 'stateless' : 'session');
    await gateway.reload([serverDocument('far', other.url)]);
    await hearsOf(other, ada);
    await hearsOf(other, bob);
    expect(ada.subscription.honoredFilter).toEqual({ resourceSubscriptions: [README] });
  });
});
