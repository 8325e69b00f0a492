/** Who comes in at the internal listener, by real handshakes: the matrix of the security bar, and those who may. */
import { request as httpRequest } from 'node:http';
import { connect as connectTls } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { reveal } from '#kernel';
import { svid, testAuthority, type LeafContents, type TestCertificate } from '../../../../test/certificates.ts';
import { A, ask, B, keeping, ownerOf, startExchange, type ExchangePlace } from './exchange.fixture.ts';

const HOUR = 3_600_000;
/** An alert, or the end of the connection where that overtakes it. */
const TURNED_AWAY = /alert|ECONNRESET|EPIPE|hang up|disconnected/;
const INVALID_CLIENT = { status: 401, body: { error: 'invalid_client' } };

/** Somebody with a session of A whose account is linked, so that only the certificate is in the way. */
async function withSession(place: ExchangePlace) {
  const alice = await place.session(A.owner);
  return { ...alice, upstreamToken: await place.link(alice) };
}

test('the right SVID comes in, a rotated one, one of the second authority in the bundle, and by an intermediate', async () => {
  const second = testAuthority('Owners CA 2');
  const place = await startExchange({ bundle: ({ cert }) => cert + second.cert });
  const alice = await withSession(place);
  const below = place.authority.intermediate('Below');
  const leaf = below.issue([], svid(A.spiffeId));
  const rows: Record<string, { cert: string; key: string }> = {
    'the right SVID': place.certificate(A.spiffeId),
    'a rotated SVID': place.certificate(A.spiffeId),
    'one of the second authority': second.issue([], svid(A.spiffeId)),
    'one with a DNS name beside': place.authority.issue(['srv-a.ns-a.svc'], svid(A.spiffeId)),
    'one by an intermediate authority that it shows': { ...leaf, cert: leaf.cert + below.cert },
  };
  for (const [what, certificate] of Object.entries(rows)) {
    const { status, body } = await ask(place, alice.accessToken, { certificate });
    expect([what, status, body['access_token']]).toEqual([what, 200, alice.upstreamToken]);
  }
});

test('the handshake refuses who shows nothing, or what nobody vouches for, and no handler runs (INT-001) (INT-002)', async () => {
  const place = await startExchange();
  const alice = await withSession(place);
  const { authority } = place;
  const stranger = testAuthority('Stranger CA');
  const leaf = place.certificate(A.spiffeId);
  const byLeaf = testAuthority('Leaf').issue([], svid(A.spiffeId));
  const rows: Record<string, { cert: string; key: string } | undefined> = {
    'no certificate': undefined,
    'another authority': stranger.issue([], svid(A.spiffeId)),
    'an authority of the same name with another key': testAuthority('Owners CA').issue([], svid(A.spiffeId)),
    'a self-signed certificate': testAuthority(A.spiffeId),
    'a leaf signed by a leaf': { cert: byLeaf.cert + leaf.cert, key: byLeaf.key },
    'an expired certificate': authority.issue([], { ...svid(A.spiffeId), notAfter: new Date(Date.now() - HOUR) }),
    'one that is not valid yet': authority.issue([], { ...svid(A.spiffeId), notBefore: new Date(Date.now() + HOUR) }),
    'serverAuth alone (INT-008)': authority.issue([], { ...svid(A.spiffeId), purposes: ['serverAuth'] }),
  };
  for (const [what, certificate] of Object.entries(rows)) {
    const headers = { authorization: `Bearer ${reveal(alice.accessToken)}` };
    await expect(ask(place, alice.accessToken, { certificate, headers }), what).rejects.toThrow(TURNED_AWAY);
  }
  await expect(ask(place, alice.accessToken, { certificate: leaf, maxVersion: 'TLSv1.2' })).rejects.toThrow(/version/i);
  const plain = new Promise((_, reject) => {
    httpRequest({ host: '127.0.0.1', port: place.url.port, method: 'POST', path: '/internal/token-exchange' })
      .on('error', reject)
      .end();
  });
  await expect(plain).rejects.toThrow(/ECONNRESET|hang up|EPIPE/);
  expect(place.outcomes).toEqual([]);
  expect(await place.records()).toEqual([]);
  expect(place.refusals.length).toBeGreaterThan(0);
});

const URI_A = A.spiffeId;

type Row = readonly [what: string, contents: LeafContents, names?: readonly string[]];

/** Every row is refused: by the handshake, where OpenSSL has an opinion of its own, or at the door. */
async function expectNobody(rows: readonly Row[]): Promise<void> {
  const place = await startExchange();
  for (const [what, contents, names = []] of rows) {
    const certificate = place.authority.issue(names, contents);
    const answer = await ask(place, 'x.y.z', { certificate }).catch((error: Error) => error);
    if (answer instanceof Error) {
      expect([what, answer.message]).toEqual([what, expect.stringMatching(TURNED_AWAY)]);
      continue;
    }
    expect([what, answer.status, answer.body['error']]).toEqual([what, 401, 'invalid_client']);
    const [record] = await place.records();
    expect(record).toMatchObject({ outcome: 'denied', error: 'invalid_client', certificateSerial: certificate.serial });
  }
}

test('nobody is an owner by two URIs, whichever of them is right and in whatever order (INT-006)', async () => {
  await expectNobody([
    ['the URIs of two owners', { ...svid(URI_A), uris: [URI_A, B.spiffeId] }],
    ['the same two in the other order', { ...svid(URI_A), uris: [B.spiffeId, URI_A] }],
    ['another URI beside', { ...svid(URI_A), uris: [URI_A, 'https://x.test'] }],
    ['one URI twice', { ...svid(URI_A), uris: [URI_A, URI_A] }],
    ['a second extension of names', { ...svid(URI_A), secondUris: [B.spiffeId] }],
  ]);
});

test('nobody is an owner by a name that reads as another (INT-007)', async () => {
  await expectNobody([
    ['text that reads as a second URI', svid(`${B.spiffeId}, URI:${URI_A}`)],
    ['the same behind ours', svid(`${URI_A}, URI:${B.spiffeId}`)],
    ['a quote', svid(`${URI_A}"`)],
    ['a NUL', svid(`${URI_A}\0.evil.test`)],
    ['a newline', svid(`${URI_A}\n`)],
    ['`URI:` in a DNS name', { ...svid(URI_A), uris: [] }, [`x.test, URI:${URI_A}`]],
  ]);
});

test('nobody is an owner by the certificate of an authority, or one for another use (INT-008)', async () => {
  await expectNobody([
    ['cA=true', { ...svid(URI_A), isAuthority: true }],
    ['keyCertSign', { ...svid(URI_A), usage: ['digitalSignature', 'keyCertSign'] }],
    ['cRLSign', { ...svid(URI_A), usage: ['digitalSignature', 'cRLSign'] }],
    ['no digitalSignature', { ...svid(URI_A), usage: [] }],
  ]);
});

test('nobody is an owner by anything else than a registered ID of the template, letter by letter', async () => {
  await expectNobody([
    ['a common name alone (CVE-2025-6037)', { ...svid(URI_A), uris: [], commonName: URI_A }],
    ['a DNS name alone', { ...svid(URI_A), uris: [] }, ['srv-a.ns-a']],
    ['another trust domain', svid(URI_A.replace('td.test', 'td2.test'))],
    ['an upper-case trust domain', svid(URI_A.replace('td.test', 'TD.test'))],
    ['an upper-case name', svid(URI_A.replace('srv-a', 'Srv-A'))],
    ['a port', svid(URI_A.replace('td.test', 'td.test:443'))],
    ['userinfo', svid(URI_A.replace('td.test', 'x@td.test'))],
    ['a query', svid(`${URI_A}?x`)],
    ['a dot segment', svid(URI_A.replace('/ns/ns-a', '/ns/ns-b/../ns-a'))],
    ['percent-encoding', svid(URI_A.replace('ns-a', 'ns%2da'))],
    ['a trailing slash', svid(`${URI_A}/`)],
    ['a wildcard', svid(URI_A.replace('srv-a', '*'))],
    ['another template', svid('spiffe://td.test/agent/srv-a')],
    ['a segment more', svid(`${URI_A}/x`)],
    ['another kind, which is not registered', svid(URI_A.replace('mcpserver', 'gateway'))],
    ['a kind that there is not', svid(URI_A.replace('mcpserver', 'mcp'))],
    ['an owner that is not registered', svid(URI_A.replace('srv-a', 'srv-c'))],
  ]);
});

test('who is refused by certificate learns nothing of the token beside it, and is hung up on', async () => {
  const place = await startExchange();
  const alice = await withSession(place);
  const certificate = place.authority.issue([], { ...svid(URI_A), uris: [URI_A, B.spiffeId] });
  const answers = [await ask(place, alice.accessToken, { certificate }), await ask(place, 'nothing', { certificate })];
  expect(answers[0]?.text).toBe(answers[1]?.text);
  expect(answers[0]?.headers['connection']).toBe('close');
});

test('narrowing lists let in whom they name', async () => {
  for (const [internal, status] of [
    [{ namespaces: ['ns-b'], requestsPerMinute: 60_000 }, 401],
    [{ names: ['srv-b'], requestsPerMinute: 60_000 }, 401],
    [{ namespaces: ['ns-a', 'ns-b'], names: ['srv-a'], requestsPerMinute: 60_000 }, 200],
  ] as const) {
    const place = await startExchange({ internal });
    const alice = await withSession(place);
    const answer = await ask(place, alice.accessToken, { certificate: place.certificate(URI_A) });
    expect([internal, answer.status]).toEqual([internal, status]);
  }
});

test('a partner vouches for its own domain alone (INT-010)', async () => {
  const partner = testAuthority('Partner CA');
  const THEIRS = { owner: 'ns-p/srv-p', spiffeId: 'spiffe://td2.test/ns/ns-p/mcpserver/srv-p' };
  const place = await startExchange({ partner, owners: [ownerOf(A), ownerOf(THEIRS)] });
  const alice = await withSession(place);
  const paula = await place.session(THEIRS.owner);
  const token = await place.link(paula);
  expect(await ask(place, paula.accessToken, { certificate: partner.issue([], svid(THEIRS.spiffeId)) })).toMatchObject({
    status: 200,
    body: { access_token: token },
  });
  const below = partner.intermediate('Below');
  const leaf = below.issue([], svid(URI_A));
  const forged: Record<string, { cert: string; key: string }> = {
    'our domain by their authority': partner.issue([], svid(URI_A)),
    'by one below it': { ...leaf, cert: leaf.cert + below.cert },
    'their domain by ours': place.authority.issue([], svid(THEIRS.spiffeId)),
  };
  for (const [what, certificate] of Object.entries(forged)) {
    const { status, body } = await ask(place, alice.accessToken, { certificate });
    expect([what, status, body['error']]).toEqual([what, 401, 'invalid_client']);
    expect((await place.records())[0]).toMatchObject({ details: { reason: 'certificate_untrusted' } });
  }
  // Its name would stand before ours wherever an issuer is looked for by name.
  await place.replace('partner', testAuthority('Owners CA').cert);
  await place.tls.look();
  expect(place.tls.state()).toBe('refused');
  expect((await ask(place, alice.accessToken, { certificate: place.certificate(URI_A) })).status).toBe(200);
});

test('a revoked certificate is refused on new connections, and the open one ends (INT-014)', async () => {
  const place = await startExchange({ crl: (authority) => authority.revocationList() });
  const alice = await withSession(place);
  const certificate = place.certificate(URI_A);
  const agent = keeping(place, certificate);
  expect((await ask(place, alice.accessToken, { agent })).status).toBe(200);
  const open = connectTls({
    ...{ host: '127.0.0.1', port: Number(place.url.port), servername: 'localhost', ca: place.serverCa.cert },
    ...{ cert: certificate.cert, key: certificate.key },
  });
  await new Promise<void>((resolve) => open.once('secureConnect', resolve));
  // With TLS 1.3 the client has finished before the server has read the certificate.
  expect((await ask(place, alice.accessToken, { certificate })).status).toBe(200);
  const closed = new Promise<void>((resolve) => open.once('close', () => resolve()));
  open.on('error', () => {});
  await place.replace('crl', place.authority.revocationList({ revoked: [certificate.serial] }));
  await closed;
  const again = await ask(place, alice.accessToken, { agent }).catch((error: Error) => error);
  if (!(again instanceof Error)) expect(again).toMatchObject(INVALID_CLIENT);
  expect(await ask(place, alice.accessToken, { certificate })).toMatchObject(INVALID_CLIENT);
  expect((await place.records())[0]).toMatchObject({
    certificateSerial: certificate.serial,
    details: { reason: 'certificate_revoked', uris: [URI_A] },
  });
  expect((await ask(place, alice.accessToken, { certificate: place.certificate(URI_A) })).status).toBe(200);
});

test('a list that is not current lets nobody in, and neither does one of somebody else (INT-014)', async () => {
  const place = await startExchange({ crl: (authority) => authority.revocationList() });
  const alice = await withSession(place);
  const certificate = place.certificate(URI_A);
  const agent = keeping(place, certificate);
  expect((await ask(place, alice.accessToken, { agent })).status).toBe(200);
  for (const list of [
    testAuthority('Stranger').revocationList(),
    testAuthority('Owners CA').revocationList({ revoked: [] }),
    place.authority.revocationList({ nextUpdate: null }),
    'no list at all',
  ]) {
    await place.replace('crl', list);
    await place.tls.look();
    expect(place.tls.state(), 'what was in force goes on, and readiness says so').toBe('refused');
    expect((await ask(place, alice.accessToken, { certificate })).status).toBe(200);
  }
  place.clock.advance(2 * HOUR);
  for (const shown of [{ agent }, { certificate }]) {
    const answer = await ask(place, alice.accessToken, shown);
    expect(answer).toMatchObject({ status: 503, body: { error: 'server_error' }, headers: { connection: 'close' } });
  }
  expect((await place.records())[0]).toMatchObject({ details: { reason: 'certificate_revocation_unknown' } });
  expect(place.outcomes.at(-1)).toBe('server_error');
});

test('headers that tell of another peer count for nothing (INT-016)', async () => {
  const place = await startExchange();
  const alice = await withSession(place);
  const a = place.certificate(URI_A);
  const headers = {
    'x-forwarded-client-cert': `By=x;URI=${URI_A}`,
    'x-ssl-client-s-dn': 'CN=srv-a',
    'x-ssl-client-verify': 'SUCCESS',
    'x-client-cert': encodeURIComponent(a.cert),
    'x-spiffe-id': URI_A,
    'x-router-key': 'default',
    forwarded: 'for=127.0.0.1',
  };
  const foreign = await ask(place, alice.accessToken, { certificate: place.certificate(B.spiffeId), headers });
  expect(foreign).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
  const nobody = place.authority.issue([], svid('spiffe://td.test/ns/ns-a/mcpserver/nobody'));
  expect(await ask(place, alice.accessToken, { certificate: nobody, headers })).toMatchObject(INVALID_CLIENT);
  expect((await ask(place, alice.accessToken, { certificate: a, headers })).status).toBe(200);
});

test('no connection is resumed, and whom no bundle vouches for any more is cut off (INT-023)', async () => {
  const second = testAuthority('Owners CA 2');
  const place = await startExchange({ bundle: ({ cert }) => cert + second.cert });
  const alice = await withSession(place);
  const certificate: TestCertificate = place.certificate(URI_A);
  const sessions: Buffer[] = [];
  const connect = async (session?: Buffer) => {
    const socket = connectTls({
      ...{ host: '127.0.0.1', port: Number(place.url.port), servername: 'localhost', ca: place.serverCa.cert },
      ...{ cert: certificate.cert, key: certificate.key, session },
    });
    onTestFinished(() => void socket.destroy());
    socket.on('error', () => {});
    socket.on('session', (one: Buffer) => sessions.push(one));
    await new Promise<void>((resolve) => socket.once('secureConnect', resolve));
    return socket;
  };
  const first = await connect();
  expect((await ask(place, alice.accessToken, { certificate })).status).toBe(200);
  for (const session of [first.getSession(), ...sessions])
    expect((await connect(session)).isSessionReused()).toBe(false);
  const closed = new Promise<void>((resolve) => first.once('close', () => resolve()));
  await place.replace('bundle', second.cert);
  await closed;
  await expect(ask(place, alice.accessToken, { certificate })).rejects.toThrow(TURNED_AWAY);
  expect((await ask(place, alice.accessToken, { certificate: second.issue([], svid(URI_A)) })).status).toBe(200);
});
