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
  expect(await callAt(hotels.url, ana.token)).toContain('no tool is called');
  expect(await callAt(hotels.url, ana.token, 'connect_account')).toContain('no sign-in that has one');
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
    .toContain('no sign-in that has one');
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

test.each(['session', 'stateless'] as const)(
  'two processes on PostgreSQL, a back end of the %s era: while keys, certificates and tokens rotate and one process ends, everybody has their own',
  async (era) => {
    const chain = await startChain({ dialect: 'postgres', era, accessTokenSeconds: () => 50 });
    const { backEnd, resources } = chain;
    await chain.proxy('flights');
    const people = {
      ana: await chain.signIn('ana', resources.flights),
      bo: await chain.signIn('bo', resources.flights),
    };
    const wrong: string[] = [];
    const over = new AbortController();
    let calls = 0;
    /** One caller after the other: whose credential it is that comes then is plain. */
    async function callOn(): Promise<void> {
      for (; !over.signal.aborted && wrong.length === 0; calls++) {
        const name = calls % 2 === 0 ? 'ana' : 'bo';
        const before = backEnd.requests.length;
        const answer = await people[name].call(`call ${calls}`).catch((error: unknown) => String(error));
        if (!answer.includes(`call ${calls}`)) wrong.push(`${calls} ${answer}`);
        for (const credential of new Set(sentTo(backEnd).slice(before))) {
          const whose = await chain.whose(credential);
          if (whose !== name) wrong.push(`${calls} of ${name} came as ${whose}`);
        }
      }
    }
    const calling = callOn();
    const meanwhile = async (least: number): Promise<void> => {
      const from = calls;
      await expect.poll(() => wrong.length > 0 || calls - from > least, { timeout: 60_000, interval: 100 }).toBe(true);
      expect(wrong).toEqual([]);
    };
    try {
      await meanwhile(4);
      for (const step of [['prepare'], ['activate', '--now'], ['retire']] as const) {
        const { code, stderr } = await chain.operate('key', 'rotate-signing', ...step);
        expect([step, code, stderr]).toEqual([step, 0, expect.anything()]);
        await meanwhile(4);
      }
      const refreshes = chain.idp.refreshes;
      chain.certify('flights');
      await expect.poll(() => chain.idp.refreshes, { timeout: 90_000, interval: 200 }).toBeGreaterThan(refreshes);
      await meanwhile(4);
      await chain.authServers[0]?.stop('SIGKILL');
      await meanwhile(8);
    } finally {
      over.abort();
      await calling;
    }
    expect(wrong).toEqual([]);
    // Who signs in now has a token by the new key, and the exchange knows us by the new certificate.
    const again = await chain.signIn('bo', resources.flights);
    expect(await again.call('anew')).toContain('anew');
  },
  300_000,
);
