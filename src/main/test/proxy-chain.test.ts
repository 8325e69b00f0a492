/** Tokens of people through a proxy: everybody’s own, nobody else’s, and none after they have left. */
import { expect, test } from 'vitest';
import { sentTo, startChain } from './proxy-chain.fixture.ts';

test('each of two people acts as themselves at the back end, and no token of ours reaches it (MCP-016)', async () => {
  const chain = await startChain();
  const { idp, backEnd, resources } = chain;
  await chain.proxy('flights');
  const ana = await chain.signIn('ana', resources.flights);
  const bo = await chain.signIn('bo', resources.flights);
  const [ofAna, ofBo] = idp.accessTokens.map((token) => `Bearer ${token}`);
  for (const [who, token] of [
    [ana, ofAna],
    [bo, ofBo],
    [ana, ofAna],
  ] as const) {
    const before = backEnd.requests.length;
    expect(await who.call('hello')).toContain('hello');
    const sent = sentTo(backEnd).slice(before);
    expect(sent.length).toBeGreaterThan(0);
    expect(new Set(sent)).toEqual(new Set([token]));
  }
  const seen = JSON.stringify(backEnd.requests);
  for (const { token } of [ana, bo]) expect(seen).not.toContain(token);
}, 240_000);
