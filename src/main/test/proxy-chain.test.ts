/** Tokens of people through a proxy: everybody’s own, nobody else’s, and none after they have left. */
import { expect, test } from 'vitest';
import { CACHE_CEILING_MS } from '#token-exchange';
import { callAt, guarded, sentTo, startChain } from './proxy-chain.fixture.ts';

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

test('a proxy of another owner gets nobody’s token, whatever tokens it is sent (INT-013)', async () => {
  const chain = await startChain();
  const { backEnd, resources } = chain;
  await chain.proxy('flights');
  const ana = await chain.signIn('ana', resources.flights);
  await ana.call('hello');
  // It would take tokens that are for somebody else, as one that means ill does.
  const hotels = await chain.proxy('hotels', ['--audience', resources.flights.href]);
  const known = new Set(sentTo(backEnd).filter((one) => one !== undefined));
  const before = backEnd.requests.length;
  const answer = await callAt(hotels.url, ana.token);
  expect(answer).toContain('CALLER_NOT_SIGNED_IN');
  expect(
    sentTo(backEnd)
      .slice(before)
      .filter((one) => one !== undefined),
  ).toEqual([]);
  expect(known.size).toBe(1);
  // One that asks in the name of the first has another certificate than that.
  await expect(chain.proxy('hotels', ['--owner', 'travel/flights'])).rejects.toThrow(/is not who the certificate/);
  // As it should be, it does not let in the token at all.
  await hotels.stop();
  const honest = await chain.proxy('hotels');
  expect(await callAt(honest.url, ana.token)).toMatch(/^401 /);
}, 240_000);

test('after a sign-out the proxy goes on for no longer than the ceiling of its cache (INT-020)', async () => {
  const chain = await startChain();
  const { backEnd, resources, issuer } = chain;
  const proxy = await chain.proxy('flights');
  const ana = await chain.signIn('ana', resources.flights);
  await ana.call('hello');
  const revoked = await fetch(new URL('/oauth/revoke', issuer), {
    method: 'POST',
    body: new URLSearchParams({ token: ana.token, client_id: ana.clientId }),
  });
  expect(revoked.status).toBe(200);
  const since = Date.now();
  await expect
    .poll(() => callAt(proxy.url, ana.token), { timeout: 60_000, interval: 1000 })
    .toContain('CALLER_NOT_SIGNED_IN');
  expect(Date.now() - since).toBeLessThan(CACHE_CEILING_MS + 5_000);
  const before = backEnd.requests.length;
  await callAt(proxy.url, ana.token);
  expect(backEnd.requests.length).toBe(before);
}, 240_000);

test('a token that the back end refuses is exchanged anew once, and the request sent again once', async () => {
  // So short a life that the authorization server refreshes it at each exchange.
  const chain = await startChain({ accessTokenSeconds: () => 50 });
  const guard = await guarded(chain.backEnd, true);
  await chain.proxy('flights', ['--upstream', guard.url]);
  const ana = await chain.signIn('ana', chain.resources.flights);
  await ana.call('hello');
  const first = guard.came.at(-1) as string;
  guard.refused.add(first);
  const before = guard.came.length;
  expect(await ana.call('again')).toContain('again');
  const [refused, taken, ...more] = guard.came.slice(before);
  expect([refused, more]).toEqual([first, []]);
  expect(taken).not.toBe(first);
  // One that refuses everybody is told of, and not asked for ever.
  for (const token of chain.idp.accessTokens) guard.refused.add(`Bearer ${token}`);
  const calls = guard.came.length;
  chain.idp.intercept = ({ url }, response) => {
    if (url !== '/token') return false;
    response.writeHead(503).end();
    return true;
  };
  expect(await ana.call('never')).toMatch(/SERVER_REFUSED|GRANT_UNAVAILABLE/);
  expect(guard.came.length - calls).toBeLessThanOrEqual(2);
}, 240_000);
