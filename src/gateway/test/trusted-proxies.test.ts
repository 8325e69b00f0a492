/** Who called, where proxies stand in front (RFC 7239 has the same list in another spelling). */
import { afterEach, expect, it } from 'vitest';
import { serverSchema } from '#contract';
import { clientAddress, rangesOf } from '../pipeline/peer.ts';
import { ALICE, seenFrom, startGateway, type RunningGateway } from './gateway.fixture.ts';

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
