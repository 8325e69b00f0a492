/** Which tokens open something at the internal listener, and whose: everything that a peer with a right SVID may try. */
import { X509Certificate } from 'node:crypto';
import { SignJWT, UnsecuredJWT, decodeJwt, generateKeyPair } from 'jose';
import { expect, test } from 'vitest';
import { operator } from '#identity';
import { reveal, sha256 } from '#kernel';
import { proofKey, prove } from '../../../../test/dpop.ts';
import { CALLBACK, SECRET } from '../../test/authorization-server.fixture.ts';
import * as flow from '../../test/code-flow.fixture.ts';
import { A, ask, B, formOf, ownerOf, startExchange, type Answer, type ExchangePlace } from './exchange.fixture.ts';

async function linked(place: ExchangePlace, owner = A.owner, upstreams: readonly string[] = ['linked']) {
  const person = await place.session(owner, upstreams);
  return { ...person, upstreamToken: await place.link(person) };
}

const REFUSED = { status: 400, body: { error: 'invalid_request' } };
/** What a peer can tell two answers apart by, beside time. */
const seen = ({ status, text, headers }: Answer) => ({ status, text, headers: { ...headers, date: undefined } });

test('a session of another owner answers as one that there is not, to the byte and at the same beat (INT-018)', async () => {
  const place = await startExchange();
  const alice = await linked(place);
  const over = await linked(place, B.owner);
  const certificate = place.certificate(B.spiffeId);
  expect((await ask(place, over.accessToken, { certificate })).status).toBe(200);
  await place.end(over.accessToken);
  const foreign = await ask(place, alice.accessToken, { certificate });
  const unknown = await ask(place, over.accessToken, { certificate });
  expect(foreign).toMatchObject(REFUSED);
  expect(seen(foreign)).toEqual(seen(unknown));
  expect(foreign.text).not.toContain('ns-a');
  const [, record] = await place.records();
  expect(record).toMatchObject({
    ...{ outcome: 'denied', error: 'invalid_request', actor: { sub: B.spiffeId } },
    certificateSerial: certificate.serial,
    details: { reason: 'owner_mismatch', owner: B.owner, sessionOwner: A.owner },
  });
  for (const token of [alice.accessToken, over.accessToken]) {
    const began = performance.now();
    await ask(place, token, { certificate });
    // No answer leaves before the first beat, however soon it was known.
    expect(performance.now() - began).toBeGreaterThan(24);
  }
  expect((await ask(place, alice.accessToken, { certificate: place.certificate(A.spiffeId) })).status).toBe(200);
});

test('owners that look alike are apart, in every kind, domain and spelling (INT-013)', async () => {
  const pairs = [
    ['a-b/c', 'a/b-c'],
    ['a/b.c', 'a.b/c'],
    ['default/srv', 'srv/default'],
  ].flat();
  const owners = pairs.map((owner) => ({
    owner,
    spiffeId: `spiffe://td.test/ns/${owner.replace('/', '/mcpserver/')}`,
  }));
  const place = await startExchange({ owners: owners.map((one) => ownerOf(one)) });
  const people = [];
  for (const { owner } of owners) people.push(await linked(place, owner));
  for (const [at, { spiffeId }] of owners.entries()) {
    const certificate = place.certificate(spiffeId);
    const statuses = [];
    for (const { accessToken } of people) statuses.push((await ask(place, accessToken, { certificate })).status);
    expect([spiffeId, statuses]).toEqual([spiffeId, people.map((_, other) => (other === at ? 200 : 400))]);
  }
});

test('who has the name of an owner later has none of its sessions: another kind, another uid, another resource (INT-013)', async () => {
  const place = await startExchange({ owners: [ownerOf(A, ['linked'], { uid: 'first' })] });
  const alice = await linked(place);
  const exchange = (spiffeId: string) => ask(place, alice.accessToken, { certificate: place.certificate(spiffeId) });
  expect((await exchange(A.spiffeId)).status).toBe(200);
  const gateway = A.spiffeId.replace('mcpserver', 'gateway');
  for (const [spiffeId, document] of [
    [gateway, ownerOf({ ...A, spiffeId: gateway }, ['linked'], { uid: 'first' })],
    [A.spiffeId, ownerOf(A, ['linked'], { uid: 'second' })],
    [A.spiffeId, ownerOf(A, ['linked'])],
    [A.spiffeId, ownerOf(A, ['linked'], { uid: 'first', resource: 'https://elsewhere.example/mcp' })],
  ] as const) {
    place.owners.splice(0, 1, document);
    expect(await exchange(spiffeId)).toMatchObject(REFUSED);
    expect((await place.records())[0]).toMatchObject({ details: { reason: 'owner_changed' } });
  }
  // The next sign-in is with whoever is there now, and what was before stays over even when the name comes back.
  place.owners.splice(0, 1, ownerOf(A, ['linked'], { uid: 'second' }));
  place.clock.advance(10);
  const bob = await linked(place);
  expect((await ask(place, bob.accessToken, { certificate: place.certificate(A.spiffeId) })).status).toBe(200);
  expect(await exchange(A.spiffeId)).toMatchObject(REFUSED);
  place.owners.splice(0, 1, ownerOf(A, ['linked'], { uid: 'first' }));
  place.clock.advance(10);
  await linked(place);
  expect(await exchange(A.spiffeId)).toMatchObject(REFUSED);
});

test('nothing but a token that we signed for a session that goes on is a subject token (INT-019)', async () => {
  const place = await startExchange();
  const alice = await linked(place);
  const bob = await linked(place);
  const certificate = place.certificate(A.spiffeId);
  const token = reveal(alice.accessToken);
  const claims = decodeJwt(token);
  const tsid = String(claims['tsid']);
  const [head, , signature] = token.split('.');
  const edited = { ...decodeJwt(reveal(bob.accessToken)), tsid };
  const { privateKey } = await generateKeyPair('ES256');
  const header = { alg: 'ES256', typ: 'at+jwt', kid: 'srv-a' };
  const tokens: Record<string, string> = {
    'the bare id of a session': tsid,
    'a token without a signature': new UnsecuredJWT(claims).encode(),
    'one that the owner signed itself': await new SignJWT(claims).setProtectedHeader(header).sign(privateKey),
    "bob's with alice's session in it": `${head}.${Buffer.from(JSON.stringify(edited)).toString('base64url')}.${signature}`,
    'the refresh token': alice.refreshToken,
  };
  for (const [what, subject] of Object.entries(tokens)) {
    const { status, body } = await ask(place, subject, { certificate });
    expect([what, status, body['error']]).toEqual([what, 400, 'invalid_request']);
  }
  const TYPE = 'urn:ietf:params:oauth:token-type';
  for (const fields of [
    { tsid },
    { subject_token_type: `${TYPE}:id_token` },
    { subject_token_type: `${TYPE}:jwt` },
    { subject_token_type: undefined },
    { subject_token: undefined },
    { grant_type: undefined },
  ])
    expect([fields, (await ask(place, token, { certificate, fields })).body['error']]).toEqual([
      fields,
      'invalid_request',
    ]);
});

test('a token of a program for itself opens nothing: it has no session', async () => {
  const place = await startExchange();
  const basic = { authorization: `Basic ${Buffer.from(`c2:${SECRET}`).toString('base64')}` };
  const fields = { grant_type: 'client_credentials', resource: ownerOf(A).resource, scope: 'read:flights' };
  const { body } = await flow.ask(place.process, '/oauth/token', fields, basic);
  const token = String(body['access_token']);
  expect(decodeJwt(token)['aud']).toBe(ownerOf(A).resource);
  expect(await ask(place, token, { certificate: place.certificate(A.spiffeId) })).toMatchObject(REFUSED);
  expect((await place.records())[0]).toMatchObject({ details: { reason: 'subject_no_session' } });
});

test('a token that does not count any more opens nothing (INT-020)', async () => {
  const place = await startExchange();
  const certificate = place.certificate(A.spiffeId);
  const [revoked, disabled, withdrawn, expired] = [
    await linked(place),
    await linked(place),
    await linked(place),
    await linked(place),
  ];
  for (const one of [revoked, disabled, withdrawn, expired])
    expect((await ask(place, one.accessToken, { certificate })).status).toBe(200);
  // Of whose family the refresh token is revoked (RFC 7009).
  await flow.ask(place.process, '/oauth/revoke', { client_id: 'c1', token: revoked.refreshToken });
  expect(await ask(place, revoked.accessToken, { certificate })).toMatchObject(REFUSED);
  await place.process.users.disable(operator(), disabled.userId);
  expect(await ask(place, disabled.accessToken, { certificate })).toMatchObject(REFUSED);
  await place.end(withdrawn.accessToken);
  expect(await ask(place, withdrawn.accessToken, { certificate })).toMatchObject(REFUSED);
  const elsewhere = await linked(place, B.owner);
  expect(await ask(place, elsewhere.accessToken, { certificate })).toMatchObject(REFUSED);
  place.clock.advance(3600_000);
  expect(await ask(place, expired.accessToken, { certificate })).toMatchObject(REFUSED);
});

test('an owner has no more than it was granted, and never a refresh token or an ID token (INT-021)', async () => {
  const place = await startExchange({ owners: [ownerOf(A), ownerOf(A, ['linked', 'other']), ownerOf(B)] });
  const alice = await linked(place);
  const certificate = place.certificate(A.spiffeId);
  const TYPE = 'urn:ietf:params:oauth:token-type';
  for (const [fields, error] of [
    [{ audience: 'other' }, 'invalid_target'],
    [{ audience: 'nonesuch' }, 'invalid_target'],
    [{ resource: ownerOf(B).resource }, 'invalid_target'],
    [{ audience: ownerOf(B).resource }, 'invalid_request'],
    [{ scope: 'admin' }, 'invalid_scope'],
    [{ requested_token_type: `${TYPE}:refresh_token` }, 'invalid_request'],
    [{ requested_token_type: `${TYPE}:id_token` }, 'invalid_request'],
    [{ actor_token: reveal(alice.accessToken), actor_token_type: `${TYPE}:access_token` }, 'invalid_request'],
    [{ grant_type: 'client_credentials' }, 'unsupported_grant_type'],
  ] as const) {
    const answer = await ask(place, alice.accessToken, { certificate, fields });
    expect([fields, answer.status, answer.body['error']]).toEqual([fields, 400, error]);
  }
  const whole = formOf(reveal(alice.accessToken)).toString();
  for (const body of [
    `${whole}&audience=other`,
    `${whole}&audience=linked`,
    `${whole}&x=%zz`,
    `${whole}&y="`,
    '',
    '{}',
  ])
    expect([body, (await ask(place, '', { certificate, body })).status]).toEqual([body, 400]);
  for (const headers of [{ 'content-type': 'application/json' }, { 'content-encoding': 'gzip' }] as Record<
    string,
    string
  >[])
    expect(await ask(place, alice.accessToken, { certificate, headers })).toMatchObject(REFUSED);
  expect((await ask(place, '', { certificate, body: `x=${'a'.repeat(40_000)}` })).status).toBe(413);
  const given = await ask(place, alice.accessToken, { certificate });
  expect(Object.keys(given.body).toSorted()).toEqual([
    ...['access_token', 'expires_in', 'issued_token_type', 'scope', 'token_type'],
  ]);
});

test('a token that is bound to another key than that of the connection is told so (RFC 8705 §3, INT-023)', async () => {
  const place = await startExchange();
  const certificate = place.certificate(B.spiffeId);
  const other = place.certificate(A.spiffeId);
  const thumbprint = sha256(new X509Certificate(other.cert).raw).toString('base64url');
  const alice = await linked(place);
  const [head, payload, signature] = reveal(alice.accessToken).split('.');
  const claims = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString()) as Record<string, unknown>;
  const bound = Buffer.from(JSON.stringify({ ...claims, cnf: { 'x5t#S256': thumbprint } })).toString('base64url');
  expect(await ask(place, `${head}.${bound}.${signature}`, { certificate })).toMatchObject({
    ...{ status: 401, body: { error: 'invalid_token' } },
    headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
  });
  // Written into the token by whoever sends it, that it is bound to this very connection makes it no better.
  expect(await ask(place, `${head}.${bound}.${signature}`, { certificate: other })).toMatchObject(REFUSED);
});

test('a token that we bound to a key of its client is of no use to an owner (RFC 9449 §7, INT-023)', async () => {
  const place = await startExchange();
  const alice = await linked(place);
  const verifier = flow.newVerifier();
  const { resource } = ownerOf(A);
  const code = await flow.codeFor(place.process, alice.surfer.browser, verifier, { resource });
  const fields = { grant_type: 'authorization_code', client_id: 'c1', code, code_verifier: verifier };
  const dpop = await prove(await proofKey(), { url: `${place.process.url.origin}/oauth/token` });
  const { body } = await flow.ask(place.process, '/oauth/token', { ...fields, redirect_uri: CALLBACK }, { dpop });
  const answer = await ask(place, String(body['access_token']), { certificate: place.certificate(A.spiffeId) });
  expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_token' } });
});

test('a person whose account is not linked, or not any more, and a provider that is down, are told apart', async () => {
  const place = await startExchange();
  const certificate = place.certificate(A.spiffeId);
  const alice = await place.session(A.owner);
  expect(await ask(place, alice.accessToken, { certificate })).toMatchObject({
    status: 400,
    body: { error: 'invalid_grant' },
  });
  await place.link(alice);
  place.expire();
  place.provider('down');
  const down = await ask(place, alice.accessToken, { certificate });
  expect(down).toMatchObject({ status: 503, body: { error: 'temporarily_unavailable' } });
  expect(Number(down.headers['retry-after'])).toBeGreaterThan(0);
  place.provider('up');
  place.clock.advance(60_000);
  expect((await ask(place, alice.accessToken, { certificate })).status).toBe(200);
});

test('an owner that asks more often than it may waits, and others do not', async () => {
  const place = await startExchange({ internal: { requestsPerMinute: 2 } });
  const [a, b] = [place.certificate(A.spiffeId), place.certificate(B.spiffeId)];
  const asked = [];
  for (const certificate of [a, a, b]) asked.push(await ask(place, 'nothing', { certificate }));
  expect(asked.map(({ status }) => status)).toEqual([400, 429, 400]);
  expect(Number(asked[1]?.headers['retry-after'])).toBeGreaterThan(0);
});

test('no answer leaves that cannot be put on record', async () => {
  const place = await startExchange();
  const alice = await linked(place);
  const certificate = place.certificate(A.spiffeId);
  await place.process.audit.close();
  const answer = await ask(place, alice.accessToken, { certificate });
  expect(answer).toMatchObject({ status: 503, body: { error: 'server_error' } });
  expect(answer.text).not.toContain(alice.upstreamToken);
});

test('nothing else is there: every other path and public ones are unknown, another method is not heard (INT-017)', async () => {
  const place = await startExchange();
  const alice = await linked(place);
  const certificate = place.certificate(A.spiffeId);
  const PATH = '/internal/token-exchange';
  const answers = [];
  for (const path of [
    ...['//internal/token-exchange', '/%69nternal/token-exchange', '/mcp/../internal/token-exchange', `${PATH}/`],
    ...[`${PATH}?x`, '/INTERNAL/token-exchange', `http://127.0.0.1${PATH}`, '/oauth/token', '/mcp', '/', '/healthz'],
  ])
    answers.push(await ask(place, alice.accessToken, { certificate, path }));
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 404));
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  const got = await ask(place, alice.accessToken, { certificate, method: 'PUT' });
  expect(got).toMatchObject({ status: 405, headers: { allow: 'POST' } });
  // The public listener of these tests has the same doors as the real one, which is tried in src/main.
  expect(place.process.server.answers(PATH)).toBe(false);
});
