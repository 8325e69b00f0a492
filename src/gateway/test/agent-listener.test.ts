/** The agent listener, by real handshakes: who comes in by certificate, and everybody who does not. */
import { connect as connectPlain } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { svid, testAuthority, type LeafContents, type TestCertificate } from '../../../test/certificates.ts';
import {
  AGENT,
  call,
  DISABLED,
  keepingAgent,
  startAgentDoor,
  UNREADABLE_AGENT,
  type AgentDoor,
} from './agent-listener.fixture.ts';
import { ALICE, BOB } from './gateway.fixture.ts';
import { holdHandshake } from './held-handshake.fixture.ts';

const HOUR = 3_600_000;
const authority = testAuthority('Agents CA');
const second = testAuthority('Agents CA 2');
const stranger = testAuthority('Stranger CA');
const lookalike = testAuthority('Agents CA');
const alice = authority.issue([], svid(AGENT));

let now = Date.now();
const clock = { now: () => now };
let door: AgentDoor;
beforeAll(async () => {
  door = await startAgentDoor({ bundle: authority.cert + second.cert, clock });
});
afterAll(() => door.close());
beforeEach(() => {
  now = Date.now();
  door.running.trail.events.length = 0;
});

/** An alert, or the end of the connection where that overtakes it. */
const TURNED_AWAY = /alert|ECONNRESET|EPIPE|hang up|disconnected/;

const bearer = (key: string) => ({ Authorization: `Bearer ${key}` });
const ago = (ms: number) => new Date(Date.now() - ms);

describe('an agent with a client certificate', () => {
  it.each<[what: string, certificate: () => TestCertificate]>([
    ['the right SVID', () => alice],
    ['a rotated SVID', () => authority.issue([], svid(AGENT))],
    ['an SVID of the second authority in the bundle', () => second.issue([], svid(AGENT))],
    ['an SVID with a DNS name beside', () => authority.issue(['alice.td.test'], svid(AGENT))],
  ])('comes in with %s, and the serial is on record', async (_, make) => {
    const certificate = make();
    const answer = await call(door, { certificate });
    expect(answer).toMatchObject({ status: 200 });
    expect(answer.body).toContain('hello');
    const records = door.running.trail.events.filter((event) => event.outcome === 'success');
    expect(records.map((event) => event.class)).toContain('tool-call');
    for (const record of records) {
      expect(record).toMatchObject({ certificateSerial: certificate.serial, actor: { kind: 'agent', sub: 'alice' } });
    }
  });

  it('comes in by an intermediate authority whose root is trusted, when it shows it', async () => {
    const below = authority.intermediate('Below');
    const leaf = below.issue([], svid(AGENT));
    expect((await call(door, { certificate: { ...leaf, cert: leaf.cert + below.cert } })).status).toBe(200);
    await expect(call(door, { certificate: leaf })).rejects.toThrow(TURNED_AWAY);
  });

  it('may send a token of its own beside, whose rights then hold', async () => {
    expect((await call(door, { certificate: alice, headers: bearer(ALICE) })).status).toBe(200);
    const record = door.running.trail.events.find((event) => event.class === 'tool-call');
    expect(record).toMatchObject({ certificateSerial: alice.serial, actor: { keyId: 'alice' } });
  });

  it('is refused with the token of another agent: no confused deputy', async () => {
    const answer = await call(door, { certificate: alice, headers: bearer(BOB) });
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toContain('invalid_token');
    expect(door.running.trail.events).toMatchObject([
      { outcome: 'denied', details: { reason: 'mismatch' }, certificateSerial: alice.serial },
    ]);
  });

  it.each([
    ['a token that nobody knows', bearer('chk_nobody')],
    ['a malformed token', { Authorization: 'Bearer  two' }],
    ['another scheme', { Authorization: 'Basic YTpi' }],
  ])('is refused with %s: a certificate does not make up for it', async (_, headers) => {
    expect((await call(door, { certificate: alice, headers })).status).toBe(401);
  });

  it('is who its certificate says, whatever headers say (INT-016)', async () => {
    const nobody = authority.issue([], svid('spiffe://td.test/agent/nobody'));
    const headers = {
      'X-Forwarded-Client-Cert': `By=x;URI=${AGENT}`,
      'X-SSL-Client-S-DN': 'CN=alice',
      'X-Spiffe-Id': AGENT,
      'X-Client-Cert': encodeURIComponent(alice.cert),
    };
    expect((await call(door, { certificate: nobody, headers })).status).toBe(401);
  });

  it('sees health and readiness there as well', async () => {
    expect((await call(door, { certificate: alice, path: '/healthz' })).status).toBe(200);
    expect((await call(door, { certificate: alice, path: '/readyz' })).status).toBe(200);
  });
});

describe('the handshake refuses', () => {
  const future = new Date(Date.now() + HOUR);
  const rows: [what: string, certificate: (() => { cert: string; key: string }) | undefined][] = [
    ['no certificate (INT-001)', undefined],
    ['another authority (INT-002)', () => stranger.issue([], svid(AGENT))],
    ['an authority of the same name with another key (INT-002)', () => lookalike.issue([], svid(AGENT))],
    ['a self-signed certificate (INT-002)', () => testAuthority(AGENT)],
    ['a leaf signed by a leaf (INT-002)', signedByLeaf],
    ['an expired certificate', () => authority.issue([], { ...svid(AGENT), notAfter: ago(HOUR) })],
    ['a certificate that is not valid yet', () => authority.issue([], { ...svid(AGENT), notBefore: future })],
    ['serverAuth only (INT-008)', () => authority.issue([], { ...svid(AGENT), purposes: ['serverAuth'] })],
  ];
  function signedByLeaf() {
    const leaf = authority.issue([], svid(AGENT));
    const below = testAuthority('Leaf');
    const signed = below.issue([], svid(AGENT));
    return { cert: signed.cert + leaf.cert, key: signed.key };
  }

  it.each(rows)('%s, and no handler runs', async (_, certificate) => {
    await expect(call(door, { certificate: certificate?.() })).rejects.toThrow(TURNED_AWAY);
    expect(door.running.trail.events).toEqual([]);
  });

  it('a valid token instead of a certificate (INT-001)', async () => {
    await expect(call(door, { headers: bearer(ALICE) })).rejects.toThrow(TURNED_AWAY);
    expect(door.running.trail.events).toEqual([]);
  });

  it('TLS 1.2', async () => {
    await expect(call(door, { certificate: alice, maxVersion: 'TLSv1.2' })).rejects.toThrow(/version/i);
  });

  it('plain HTTP, without an answer (INT-001)', async () => {
    const said = await new Promise<string>((resolve) => {
      const socket = connectPlain(door.port, '127.0.0.1', () =>
        socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'),
      );
      let text = '';
      socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
      socket.on('error', () => {});
      socket.on('close', () => resolve(text));
    });
    expect(said).not.toContain('HTTP/');
    expect(door.refusals.length).toBeGreaterThan(0);
  });
});

describe('the door answers 401, and says no more, to', () => {
  const rows: [what: string, contents: LeafContents, names?: readonly string[]][] = [
    ['a common name only', { ...svid(AGENT), uris: [], commonName: AGENT }],
    ['a DNS name only', { ...svid(AGENT), uris: [] }, ['alice.td.test']],
    ['two URIs (INT-006)', { ...svid(AGENT), uris: [AGENT, 'spiffe://td.test/agent/bob'] }],
    ['two URIs, the other way round (INT-006)', { ...svid(AGENT), uris: ['https://x.test', AGENT] }],
    ['the same URI twice (INT-006)', { ...svid(AGENT), uris: [AGENT, AGENT] }],
    ['text that looks like a second URI (INT-007)', svid(`spiffe://td.test/agent/x, URI:${AGENT}`)],
    ['`URI:` in a DNS name (INT-007)', { ...svid(AGENT), uris: [] }, [`x.test, URI:${AGENT}`]],
    ['a NUL (INT-007)', svid(`${AGENT}\0x`)],
    ['cA=true (INT-008)', { ...svid(AGENT), isAuthority: true }],
    ['keyCertSign (INT-008)', { ...svid(AGENT), usage: ['digitalSignature', 'keyCertSign'] }],
    ['cRLSign (INT-008)', { ...svid(AGENT), usage: ['digitalSignature', 'cRLSign'] }],
    ['another trust domain (INT-010)', svid('spiffe://td2.test/agent/alice')],
    ['an upper-case trust domain', svid('spiffe://TD.test/agent/alice')],
    ['a port', svid('spiffe://td.test:443/agent/alice')],
    ['userinfo', svid('spiffe://alice@td.test/agent/alice')],
    ['a query', svid(`${AGENT}?x=1`)],
    ['dot segments', svid('spiffe://td.test/agent/bob/../alice')],
    ['percent-encoding', svid('spiffe://td.test/agent/%61lice')],
    ['a trailing slash', svid(`${AGENT}/`)],
    ['a wildcard', svid('spiffe://td.test/agent/*')],
    ['an agent that nobody knows', svid('spiffe://td.test/agent/nobody')],
    ['a longer name than the agent’s', svid(`${AGENT}/more`)],
    ['another case of the path', svid('spiffe://td.test/agent/Alice')],
    ['an agent that is disabled', svid(DISABLED)],
  ];
  it.each(rows)('%s', async (_, contents, names = []) => {
    const answer = await call(door, { certificate: authority.issue(names, contents) });
    expect(answer.status).toBe(401);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'CERTIFICATE_REFUSED' });
    expect(answer.body).not.toMatch(/spiffe:\/\//);
    expect(door.running.trail.events).toMatchObject([{ class: 'authentication', outcome: 'denied' }]);
  });

  it('a certificate without digitalSignature (INT-008), or in the handshake', async () => {
    const certificate = authority.issue([], { ...svid(AGENT), usage: [] });
    const outcome = await call(door, { certificate }).then(
      ({ status }) => status,
      () => 'refused',
    );
    expect([401, 'refused']).toContain(outcome);
  });

  it('nobody, while agents cannot be looked up: that is 503', async () => {
    const answer = await call(door, { certificate: authority.issue([], svid(UNREADABLE_AGENT)) });
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '2' } });
  });
});

describe('a connection that is open', () => {
  it('ends with the validity of its certificate (INT-014)', async () => {
    const agent = keepingAgent(door, alice);
    expect((await call(door, { agent })).status).toBe(200);
    now = Date.now() + 25 * HOUR;
    expect((await call(door, { agent })).status).toBe(401);
    agent.destroy();
  });

  it('ends with the trust in its authority; new ones are refused in the handshake (INT-023)', async () => {
    const agent = keepingAgent(door, alice);
    expect((await call(door, { agent })).status).toBe(200);
    await door.replace('bundle', second.cert);
    expect((await call(door, { agent })).status).toBe(401);
    await expect(call(door, { certificate: alice })).rejects.toThrow(TURNED_AWAY);
    await door.replace('bundle', authority.cert + second.cert);
    expect((await call(door, { certificate: alice })).status).toBe(200);
    agent.destroy();
  });

  it.each<[what: string, bundle: string, status: number]>([
    ['is let in where both trust it', authority.cert, 200],
    ['is refused where its authority is not trusted any more', second.cert, 401],
    ['is refused where its authority was replaced by one of its name', lookalike.cert + second.cert, 401],
  ])('whose handshake began before the bundle changed %s (INT-023)', async (_, bundle, status) => {
    const wire = await holdHandshake(door.port);
    const answer = call({ ...door, port: wire.port }, { certificate: alice });
    await wire.held;
    await door.replace('bundle', bundle);
    wire.letGo();
    expect((await answer).status).toBe(status);
    await door.replace('bundle', authority.cert + second.cert);
    wire.close();
  });

  it('whose chain has an intermediate authority goes on while the bundle grows, and ends when it shrinks', async () => {
    const below = authority.intermediate('Below');
    const leaf = below.issue([], svid(AGENT));
    const agent = keepingAgent(door, { ...leaf, cert: leaf.cert + below.cert });
    expect((await call(door, { agent })).status).toBe(200);
    await door.replace('bundle', authority.cert + second.cert + stranger.cert);
    expect((await call(door, { agent })).status).toBe(200);
    await door.replace('bundle', second.cert + stranger.cert);
    expect((await call(door, { agent })).status).toBe(401);
    await door.replace('bundle', authority.cert + second.cert);
    agent.destroy();
  });

  it('goes on while the bundle holds something that is none', async () => {
    const agent = keepingAgent(door, alice);
    expect((await call(door, { agent })).status).toBe(200);
    await door.replace('bundle', alice.cert);
    await door.look();
    expect(door.tls.state()).toBe('refused');
    expect((await call(door, { agent })).status).toBe(200);
    await door.replace('bundle', authority.cert + second.cert);
    expect(door.tls.state()).toBe('ok');
    agent.destroy();
  });
});

describe('with revocation lists (RFC 5280 §6.3)', () => {
  let strict: AgentDoor;
  const lists = (revoked: readonly string[]) => authority.revocationList({ revoked }) + second.revocationList();
  beforeAll(async () => {
    strict = await startAgentDoor({ bundle: authority.cert + second.cert, crl: lists([]), clock });
  });
  afterAll(() => strict.close());

  it('a certificate that is not on them comes in', async () => {
    expect((await call(strict, { certificate: alice })).status).toBe(200);
  });

  it('a revoked one is refused on new and on open connections (INT-014)', async () => {
    const agent = keepingAgent(strict, alice);
    expect((await call(strict, { agent })).status).toBe(200);
    await strict.replace('crl', lists([alice.serial]));
    expect((await call(strict, { agent })).status).toBe(401);
    expect((await call(strict, { certificate: alice })).status).toBe(401);
    expect((await call(strict, { certificate: authority.issue([], svid(AGENT)) })).status).toBe(200);
    await strict.replace('crl', lists([]));
    agent.destroy();
  });

  it('a list that is past its nextUpdate vouches for nobody: 503 (INT-014)', async () => {
    now = Date.now() + 2 * HOUR;
    expect((await call(strict, { certificate: alice })).status).toBe(503);
    expect(strict.running.trail.events.at(-1)).toMatchObject({
      outcome: 'failure',
      details: { credential: expect.stringContaining('is not current') as string },
    });
  });

  it('an issuer without a list vouches for nobody: 503', async () => {
    await strict.replace('crl', second.revocationList());
    expect((await call(strict, { certificate: alice })).status).toBe(503);
    await strict.replace('crl', lists([]));
  });

  it('an intermediate authority in the bundle is judged by its list, one that is not vouches for nobody', async () => {
    const below = authority.intermediate('Below');
    const leaf = below.issue([], svid(AGENT));
    const certificate = { ...leaf, cert: leaf.cert + below.cert };
    expect((await call(strict, { certificate })).status).toBe(503);
    await strict.replace('bundle', authority.cert + second.cert + below.cert);
    await strict.replace('crl', lists([]) + below.revocationList({ revoked: [leaf.serial] }));
    expect((await call(strict, { certificate })).status).toBe(401);
    await strict.replace('crl', lists([]) + below.revocationList());
    expect((await call(strict, { certificate })).status).toBe(200);
    await strict.replace('crl', lists([]));
    await strict.replace('bundle', authority.cert + second.cert);
  });

  it.each([
    ['another authority’s', () => stranger.revocationList()],
    ['one of its name with another key', () => lookalike.revocationList()],
    ['one without nextUpdate', () => authority.revocationList({ nextUpdate: null })],
    ['one for a part of its certificates only', () => authority.revocationList({ critical: ['551d1c'] })],
    ['the changes to another list only', () => authority.revocationList({ critical: ['551d1b'] })],
    ['no list at all', () => 'nothing\n'],
  ])('the lists of before go on when the file holds %s (INT-014)', async (_, make) => {
    await strict.replace('crl', make());
    await strict.look();
    expect(strict.tls.state()).toBe('refused');
    expect((await call(strict, { certificate: alice })).status).toBe(200);
    await strict.replace('crl', lists([]));
    expect(strict.tls.state()).toBe('ok');
  });
});
