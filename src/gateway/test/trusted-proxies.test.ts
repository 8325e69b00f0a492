/** Who called, where proxies stand in front (RFC 7239 has the same list in another spelling). */
import { afterEach, describe, expect, it } from 'vitest';
import { EVERYWHERE, serverSchema } from '#contract';
import { fixedPolicies } from '#policy';
import { clientAddress, rangesOf } from '../pipeline/peer.ts';
import { ALICE, seenFrom, snapshotOf, startGateway, type RunningGateway } from './gateway.fixture.ts';

let running: RunningGateway | undefined;
afterEach(async () => {
  await running?.close();
  running = undefined;
});

const PROXIES = rangesOf(['10.0.0.0/8', '2001:db8::/32']);

it.each([
  ['one proxy says whom it saw', '10.0.0.1', '203.0.113.7', '203.0.113.7'],
  ['of several proxies the first says it', '10.0.0.1', '203.0.113.7, 10.9.9.9', '203.0.113.7'],
  ['what a caller wrote before them counts for nothing', '10.0.0.1', '192.0.2.1, 203.0.113.7, 10.9.9.9', '203.0.113.7'],
  ['who comes past the proxies says nothing of others', '198.51.100.1', '203.0.113.7', '198.51.100.1'],
  ['a proxy without the header is who called', '10.0.0.1', undefined, '10.0.0.1'],
  ['what is no address ends the reading', '10.0.0.1', '203.0.113.7, unknown', '10.0.0.1'],
  ['an empty place too', '10.0.0.1', '203.0.113.7, ', '10.0.0.1'],
  ['a port is left off', '10.0.0.1', '203.0.113.7:51234', '203.0.113.7'],
  ['of IPv6 with its brackets', '2001:db8::1', '[2001:db9::7]:51234', '2001:db9::7'],
  ['a mapped address is its IPv4 one', '10.0.0.1', '::ffff:203.0.113.7', '203.0.113.7'],
  ['in whatever case', '10.0.0.1', '::FFFF:203.0.113.7', '203.0.113.7'],
  ['or written as IPv6 throughout', '10.0.0.1', '::ffff:cb00:7107', '203.0.113.7'],
  ['and so is that of a proxy', '::ffff:10.0.0.1', '203.0.113.7, ::ffff:a00:2', '203.0.113.7'],
  ['IPv6 has one spelling', '10.0.0.1', '2001:DB9:0:0:0::07', '2001:db9::7'],
  ['through which interface says nothing of who', '10.0.0.1', 'fe80::1%eth0', 'fe80::1'],
  ['spaces and tabs do not count', '10.0.0.1', ' \t203.0.113.7\t, 10.9.9.9 ', '203.0.113.7'],
  ['octal is no address', '10.0.0.1', '0313.0.0161.07', '10.0.0.1'],
  ['nor are fewer numbers', '10.0.0.1', '203.7', '10.0.0.1'],
  ['nor is a network', '10.0.0.1', '203.0.113.0/24', '10.0.0.1'],
  ['nor a bracket that is not closed', '10.0.0.1', '[2001:db9::7', '10.0.0.1'],
  ['nor what RFC 7239 would write', '10.0.0.1', 'for=203.0.113.7', '10.0.0.1'],
  ['proxies alone are proxies', '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
])('%s', (_, seen, forwarded, expected) => {
  expect(clientAddress(seen, forwarded, PROXIES)).toBe(expected);
});

it.each(['10.0.0.1/8', 'ingress', '10.*', ''])('a configuration that names %j for a proxy is refused', (named) => {
  const parsed = serverSchema.safeParse({ kind: 'server', trustedProxies: [named] });
  expect(parsed.error?.issues).toMatchObject([
    { path: ['trustedProxies', 0], message: expect.stringMatching(/network/) },
  ]);
});

it('the verifier, and so every limit to networks, goes by who is behind the proxy that is named', async () => {
  running = await startGateway({ trustedProxies: ['127.0.0.1'] });
  const headers = { Authorization: `Bearer ${ALICE}`, 'X-Forwarded-For': '10.0.0.1, 203.0.113.7' };
  expect((await fetch(`${running.url}/api/toolset`, { headers })).status).toBe(200);
  expect(seenFrom.get(ALICE)).toBe('203.0.113.7');
});

describe('policies on addresses (POL-008)', () => {
  const start = async (condition: string, settings: object = {}): Promise<void> => {
    const cedar = `permit(principal, action, resource) when { ${condition} };`;
    const policies = fixedPolicies([{ id: '*/p', namespace: EVERYWHERE, priority: 0, cedar }]);
    running = await startGateway(settings, snapshotOf(), [], [], undefined, policies);
  };

  /** What a call of `echo` comes to: 200, or 404 for what policies on addresses hide. */
  const call = async (headers: Record<string, string> = {}): Promise<number> => {
    const { status } = await fetch(`${running!.url}/api/tool/echo/invoke`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${ALICE}`, 'Content-Type': 'application/json', ...headers },
      body: '{}',
    });
    return status;
  };

  const OFFICE = 'context has address && context.address.isInRange(ip("203.0.113.0/24"))';
  const SWISS = 'context has country && context.country == "CH"';

  it.each([
    ['X-Forwarded-For', '203.0.113.7'],
    ['X-Forwarded-For', Array.from({ length: 500 }, () => '203.0.113.7').join(',')],
    ['Forwarded', 'for=203.0.113.7'],
    ['X-Real-IP', '203.0.113.7'],
    ['True-Client-IP', '203.0.113.7'],
    ['CF-Connecting-IP', '203.0.113.7'],
    ['X-Client-IP', '203.0.113.7'],
    ['Via', '1.1 203.0.113.7'],
  ])('go by the connection, whatever its %s says', async (name, value) => {
    await start(OFFICE);
    expect(await call({ [name]: value })).toBe(404);
    await running?.close();
    await start('context has address && context.address.isLoopback()');
    expect(await call({ [name]: value })).toBe(200);
  });

  it.each([
    ['203.0.113.7', 200],
    ['192.0.2.1, 203.0.113.7', 200],
    ['203.0.113.7, 192.0.2.1', 404],
    ['::ffff:203.0.113.7', 200],
    ['::FFFF:cb00:7107', 200],
    ['203.0.113.7:443', 200],
    ['203.0.113.7, unknown', 404],
    ['', 404],
  ])('go by the last hop that is no proxy of ours: %j is %d', async (forwarded, status) => {
    await start(OFFICE, { trustedProxies: ['127.0.0.1'] });
    expect(await call({ 'X-Forwarded-For': forwarded })).toBe(status);
  });

  it('read nothing but X-Forwarded-For of a proxy of ours', async () => {
    await start(OFFICE, { trustedProxies: ['127.0.0.1'] });
    expect(await call({ Forwarded: 'for=203.0.113.7', 'X-Real-IP': '203.0.113.7' })).toBe(404);
  });

  it.each([
    ['130.59.1.1', 200],
    ['2001:620::1', 200],
    ['::ffff:130.59.1.1', 200],
    ['8.8.8.8', 404],
    ['10.0.0.1', 404],
    ['fe80::1', 404],
  ])('and on countries (POL-009): %s is %d', async (forwarded, status) => {
    await start(SWISS, { trustedProxies: ['127.0.0.1'] });
    expect(await call({ 'X-Forwarded-For': forwarded })).toBe(status);
  });

  it.each([
    ['CF-IPCountry', 'CH'],
    ['X-Country-Code', 'CH'],
    ['X-AppEngine-Country', 'CH'],
    ['Date', 'Mon, 12 Jan 2026 08:00:00 GMT'],
  ])('take no country, and no time, from a header: %s (POL-009)', async (name, value) => {
    await start(SWISS);
    expect(await call({ [name]: value })).toBe(404);
  });

  it.each(['CH', 'US'])(
    'deny everybody where nobody can tell the country, in the country or not: %s',
    async (country) => {
      const cedar =
        'permit(principal, action, resource); forbid(principal, action, resource) when { context has country && context.country == "XX" };';
      const policies = fixedPolicies([{ id: '*/p', namespace: EVERYWHERE, priority: 0, cedar }]);
      const places = { country: '/nowhere/country.mmdb' };
      running = await startGateway(
        { places, trustedProxies: ['127.0.0.1'] },
        snapshotOf(),
        [],
        [],
        undefined,
        policies,
      );
      const forwarded = country === 'CH' ? '130.59.1.1' : '8.8.8.8';
      expect(await call({ 'X-Forwarded-For': forwarded })).toBe(404);
      await running.close();
      running = await startGateway({ trustedProxies: ['127.0.0.1'] }, snapshotOf(), [], [], undefined, policies);
      expect(await call({ 'X-Forwarded-For': forwarded })).toBe(200);
    },
  );

  it('deny what looks at the system of an address, as long as no file says it', async () => {
    await start('!(context has asn) || context.asn != 1', { trustedProxies: ['127.0.0.1'] });
    expect(await call({ 'X-Forwarded-For': '130.59.1.1' })).toBe(404);
  });
});
