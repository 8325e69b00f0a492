/** What one process says to another of a request: believed with the key of the installation, for that request, once and now. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { randomBytes } from 'node:crypto';
import { systemClock } from '#kernel';
import { ALICE, BOB, seenFrom } from './gateway.fixture.ts';
import {
  callTool,
  inSession,
  installation,
  openSession,
  startReplica,
  vouch,
  type Installation,
  type Replica,
} from './replicas.fixture.ts';

let all: Installation & AsyncDisposable;
beforeAll(async () => {
  all = await installation();
}, 60_000);
afterAll(() => all[Symbol.asyncDispose]());

let b: Replica;
let session: string;
beforeEach(async () => {
  b = await startReplica(all);
  session = await openSession(b);
  seenFrom.clear();
}, 60_000);

/** The headers that the digest binds, as `inSession` sends them. */
const bound = (more: Record<string, string> = {}): Record<string, string> => ({
  host: new URL(b.url).host,
  authorization: `Bearer ${ALICE}`,
  'mcp-session-id': session,
  ...more,
});

const send = async (header: string, headers: Record<string, string> = {}, id = session): Promise<number> => {
  const response = await inSession(b, id, callTool(1, 'echo'), { 'Chatelaine-Forwarded': header, ...headers });
  await response.body?.cancel();
  return response.status;
};

const at = (shift: number) => ({ now: () => systemClock.now() + shift });

describe('the header of a sibling', () => {
  it('is believed: the address in it is the client’s', async () => {
    expect(await send(vouch(all, b.siblings.self, { headers: bound() }))).toBe(200);
    expect(seenFrom.get(ALICE)).toBe('192.0.2.1');
  });

  it('says nothing of who is calling: the credential is checked here', async () => {
    const revokedNow = bound({ authorization: 'Bearer chk_nobody' });
    const header = vouch(all, b.siblings.self, { headers: revokedNow });
    expect(await send(header, { Authorization: 'Bearer chk_nobody' })).toBe(401);
    const bob = vouch(all, b.siblings.self, { headers: bound({ authorization: `Bearer ${BOB}` }) });
    expect(await send(bob, { Authorization: `Bearer ${BOB}` })).toBe(404);
  });

  it('is believed once (replay)', async () => {
    const header = vouch(all, b.siblings.self, { headers: bound() });
    expect([await send(header), await send(header)]).toEqual([200, 403]);
  });

  it.each([-31_000, 31_000])('is not believed %d ms from now', async (shift) => {
    expect(await send(vouch({ ...all, clock: at(shift) }, b.siblings.self, { headers: bound() }))).toBe(403);
    const within = shift - Math.sign(shift) * 5000;
    expect(await send(vouch({ ...all, clock: at(within) }, b.siblings.self, { headers: bound() }))).toBe(200);
  });

  it('for another process is answered as misdirected, and nothing is done', async () => {
    expect(await send(vouch(all, 'B'.repeat(12), { headers: bound() }))).toBe(421);
    expect(seenFrom.size).toBe(0);
  });

  it.each<[string, Parameters<typeof vouch>[2]]>([
    ['another method', { method: 'DELETE', headers: {} }],
    ['another path', { url: '/mcp/few', headers: {} }],
    ['another query', { url: '/mcp?a=b', headers: {} }],
    ['another session', { headers: { 'mcp-session-id': 'A'.repeat(12) } }],
    ['another credential', { headers: { authorization: `Bearer ${BOB}` } }],
    ['a proof beside the credential', { headers: { dpop: 'proof' } }],
    ['another host', { headers: { host: 'evil.test' } }],
    ['another origin', { headers: { origin: 'https://evil.test' } }],
  ])('made for %s is refused', async (_, { headers, ...made }) => {
    const header = vouch(all, b.siblings.self, { ...made, headers: bound(headers) });
    expect(await send(header)).toBe(403);
    expect(seenFrom.size).toBe(0);
  });

  it('made under another key is refused', async () => {
    expect(await send(vouch({ key: randomBytes(32) }, b.siblings.self, { headers: bound() }))).toBe(403);
  });

  it.each(['', '.', 'x', 'x.y', 'x.y.z', 'e30.', `${'A'.repeat(43)}.${'A'.repeat(43)}`])(
    '%j is refused, on record, and counted',
    async (header) => {
      expect(await send(header === '' ? ' ' : header)).toBe(403);
      expect(b.trail.events.at(-1)).toMatchObject({ type: 'door', outcome: 'denied', error: 'FORWARDING_REFUSED' });
      expect(b.forwarded).toEqual(['refused']);
      expect(seenFrom.size).toBe(0);
    },
  );

  it('is refused at every door, with or without a session', async () => {
    for (const path of ['/api/toolset', '/', '/healthz', '/.well-known/oauth-protected-resource/mcp', '/nowhere']) {
      const response = await fetch(`${b.url}${path}`, { headers: { 'Chatelaine-Forwarded': 'x.y' } });
      await response.body?.cancel();
      expect([path, response.status]).toEqual([path, 403]);
    }
  });

  it('opens the endpoint of MCP alone', async () => {
    const headers = { host: new URL(b.url).host, authorization: `Bearer ${ALICE}` };
    const header = vouch(all, b.siblings.self, { method: 'GET', url: '/api/toolset', headers });
    const response = await fetch(`${b.url}/api/toolset`, {
      headers: { Authorization: `Bearer ${ALICE}`, 'Chatelaine-Forwarded': header },
    });
    await response.body?.cancel();
    expect(response.status).toBe(404);
  });

  it('of a client is never carried further', async () => {
    const a = await startReplica(all);
    const response = await inSession(a, session, callTool(1, 'echo'), { 'Chatelaine-Forwarded': 'x.y' });
    await response.body?.cancel();
    expect([response.status, a.forwarded]).toEqual([403, ['refused']]);
  });
});

it('what is forwarded is not forwarded again: a session of a third process is none here', async () => {
  const c = await startReplica(all);
  const third = await openSession(c);
  const header = vouch(all, b.siblings.self, { headers: bound({ 'mcp-session-id': third }) });
  expect(await send(header, {}, third)).toBe(404);
  expect([b.forwarded, c.forwarded]).toEqual([[], []]);
  expect(await send(vouch(all, b.siblings.self, { headers: bound() }))).toBe(200);
});

it('a request that came in at a listener of agents is refused where there is none', async () => {
  const shown = { serial: '01', thumbprint: 'x', identity: { uri: 'spiffe://td.test/agent/alice' } };
  const header = vouch(all, b.siblings.self, { headers: bound() }, { listener: 'agents', shown });
  expect(await send(header)).toBe(403);
});

it('one process alone looks at no such header, and believes none', async () => {
  const { startGateway } = await import('./gateway.fixture.ts');
  const alone = await startGateway();
  const own = await openSession(alone);
  expect(own).not.toContain('.');
  const response = await inSession(alone, own, callTool(1, 'echo'), { 'Chatelaine-Forwarded': 'x.y' });
  await response.body?.cancel();
  expect([response.status, seenFrom.get(ALICE)]).toEqual([200, '127.0.0.1']);
  await alone.close();
});
