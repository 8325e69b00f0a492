import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { exchangeJwtAuthGrant } from '@modelcontextprotocol/client';
import { calculateJwkThumbprint, decodeJwt, exportJWK, SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { authServerAfterRestore } from '#authserver';
import { operator } from '#identity';
import { dialects } from '../../../test/databases.ts';
import { signingKey } from '../../../test/issuer.ts';
import { SECRET } from './authorization-server.fixture.ts';
import { ask, refresh, type TokenAnswer } from './code-flow.fixture.ts';
import { known, startCompany } from './assertion-grant.fixture.ts';
import { JWT_BEARER } from './grant-types.fixture.ts';

const said = ({ status, body }: TokenAnswer) => [status, body['error']];
const REFUSED = [400, 'invalid_grant'];

test('what a trusted issuer says of somebody who has been here is a sign-in, for one client at one resource', async () => {
  const { process, alice, assertion, ask: grant } = await startCompany();
  const { status, body } = await grant(await assertion());
  expect([status, body['token_type'], body['scope']]).toEqual([200, 'Bearer', 'read:flights write:flights']);
  expect(body).not.toHaveProperty('refresh_token');
  const verified = await process.server.verifier.verify(body['access_token'] as string);
  expect(verified.ok && verified.value).toMatchObject({
    ...{ kind: 'user', sub: alice.id, clientId: 'bot', aud: process.resource },
    // Who comes by somebody else's word lists and calls, and administers nothing.
    access: new Set(['read', 'execute']),
  });
  // The session is one that the person can end, and lasts as long as the token.
  const [session] = await process.server.sessions.list(alice.id);
  expect(session).toMatchObject({
    clientId: 'bot',
    owner: 'default/gateway',
    id: decodeJwt(body['access_token'] as string)['tsid'],
  });
  expect(session?.expiresAt).toBeLessThan(Date.now() + 16 * 60_000);
  await process.server.sessions.end({ userId: alice.id }, 'by the user');
  expect((await process.server.verifier.verify(body['access_token'] as string)).ok).toBe(false);
  expect((await refresh(process, body['access_token'] as string)).status).toBeGreaterThanOrEqual(400);
});

test('the record says who came, through which client, under which session', async () => {
  const { process, alice, assertion, ask: grant } = await startCompany();
  await grant(await assertion());
  const { records } = await process.audit.query({ type: 'oauth.token' }, { limit: 1 });
  expect(records[0]).toMatchObject({
    ...{ outcome: 'success', actor: { kind: 'user', sub: alice.id }, object: { kind: 'client', id: 'bot' } },
    details: { grantType: JWT_BEARER, resource: process.resource },
  });
  expect(records[0]?.details?.['tsid']).toBeTruthy();
});

test('the official client of MCP brings its assertion (enterprise-managed authorization)', async () => {
  const { process, alice, assertion } = await startCompany();
  const tokens = await exchangeJwtAuthGrant({
    tokenEndpoint: new URL('/oauth/token', process.url),
    jwtAuthGrant: await assertion({ client_id: 'secretive' }),
    clientId: 'secretive',
    clientSecret: SECRET,
  });
  expect(decodeJwt(tokens.access_token)).toMatchObject({
    sub: alice.id,
    client_id: 'secretive',
    aud: process.resource,
  });
});

test('an assertion is for us, for this client, this moment and one resource, and about somebody', async () => {
  const { assertion, ask: grant, process } = await startCompany();
  const now = Math.floor(Date.now() / 1000);
  const bad: Readonly<Record<string, unknown>>[] = [
    { aud: 'https://other-as.test' },
    { aud: [process.url.origin, 'https://evil.test'] },
    { aud: `${process.url.origin}/oauth/token` },
    { client_id: 'desk' },
    { client_id: undefined },
    { iss: 'https://evil.test' },
    { sub: undefined },
    { sub: '' },
    { jti: undefined },
    { iat: undefined },
    { exp: undefined },
    { exp: now - 60 },
    { iat: now + 300, exp: now + 400 },
    { nbf: now + 300 },
    { exp: now + 3600 },
    { iat: now - 10_000, exp: now + 60 },
    { resource: undefined },
    { resource: [process.resource, `${process.resource}/flights`] },
    { cnf: { 'x5t#S256': 'abc' } },
  ];
  for (const claims of bad)
    expect([claims, ...said(await grant(await assertion(claims)))]).toEqual([claims, ...REFUSED]);
});

test('only the key of the issuer signs, under an algorithm of public keys, and a token of that type (RFC 8725 §3)', async () => {
  const { assertion, ask: grant, issuer } = await startCompany();
  const attacker = signingKey();
  const secret = new TextEncoder().encode(JSON.stringify(issuer.key.jwk));
  const good = decodeJwt(await assertion());
  const type = 'oauth-id-jag+jwt';
  const forged = [
    new UnsecuredJWT(good).encode(),
    await new SignJWT(good).setProtectedHeader({ alg: 'HS256', typ: type, kid: issuer.key.kid }).sign(secret),
    await assertion({}, { key: attacker }),
    await assertion({}, { key: attacker, header: { jwk: attacker.jwk } }),
    await assertion({}, { key: { ...attacker, kid: issuer.key.kid } }),
    await assertion({}, { header: { typ: 'JWT' } }),
    await assertion({}, { header: { typ: 'at+jwt' } }),
    await assertion({}, { header: { typ: undefined } }),
    'no.jwt.atall',
    'x'.repeat(20_000),
  ];
  for (const one of forged) expect(said(await grant(one))).toEqual(REFUSED);
  // Made-up key ids were asked about once.
  expect(issuer.asked('/keys').length).toBeLessThanOrEqual(2);
});

test('while the keys of its issuer cannot be had nothing is said of an assertion', async () => {
  const { assertion, ask: grant, issuer } = await startCompany();
  issuer.trouble.set('/keys', (_, response) => void response.writeHead(503).end());
  const down = await grant(await assertion());
  expect([...said(down), down.headers.get('retry-after')]).toEqual([503, 'temporarily_unavailable', '1']);
  issuer.trouble.clear();
  expect((await grant(await assertion())).status).toBe(200);
});

test('an issuer is asked in the networks that its declaration opens, and in no other', async () => {
  const { assertion, ask: grant, issuer } = await startCompany('sqlite', { allowedIpRanges: [] });
  expect((await grant(await assertion())).status).toBe(503);
  expect(issuer.server.connections()).toBe(0);
});

test('nobody becomes known by an assertion, and nobody comes in who is cut off', async () => {
  const { process, assertion, ask: grant, issuer } = await startCompany();
  const [stranger, local] = [
    await grant(await assertion({ sub: 'mallory' })),
    await grant(await assertion({ sub: 'bob' })),
  ];
  expect([said(stranger), said(local)]).toEqual([REFUSED, REFUSED]);
  expect(await process.users.findBySubject(issuer.url, 'mallory')).toBeUndefined();
  // The same subject at another provider is somebody else.
  await process.person('bob');
  expect(said(await grant(await assertion({ sub: 'bob' })))).toEqual(REFUSED);
  const carol = await known(process, issuer.url, 'carol');
  expect((await grant(await assertion({ sub: 'carol' }))).status).toBe(200);
  await process.users.disable(operator(), carol.id);
  const cutOff = await grant(await assertion({ sub: 'carol' }));
  expect(cutOff.body).toEqual(stranger.body);
});

test('scopes and resource are those of the assertion, and less where less is asked or allowed', async () => {
  const { process, assertion, ask: grant } = await startCompany();
  const one = { scope: 'read:flights' };
  expect((await grant(await assertion(), one)).body['scope']).toBe('read:flights');
  expect((await grant(await assertion(one))).body['scope']).toBe('read:flights');
  expect((await grant(await assertion({ scope: undefined }))).body).not.toHaveProperty('scope');
  expect((await grant(await assertion({ client_id: 'reader' }), {}, { as: 'reader' })).body['scope']).toBe(
    'read:flights',
  );
  expect(said(await grant(await assertion(one), { scope: 'write:flights' }))).toEqual([400, 'invalid_scope']);
  const part = `${process.resource}/flights`;
  const narrow = await grant(await assertion({ resource: part }), { resource: part });
  expect(decodeJwt(narrow.body['access_token'] as string).aud).toBe(part);
  for (const [claims, more] of [
    [{ resource: 'https://elsewhere.test/mcp' }, {}],
    [{ resource: part }, { resource: process.resource }],
    [{}, { resource: part }],
  ] as const)
    expect(said(await grant(await assertion(claims), more))).toEqual([400, 'invalid_target']);
});

test('a client brings assertions where it may, and proves who it is', async () => {
  const { process, assertion, ask: grant } = await startCompany('sqlite', { clients: ['bot'] });
  const desk = await grant(await assertion({ client_id: 'desk' }), {}, { as: 'desk' });
  expect(said(desk)).toEqual([400, 'invalid_request']);
  const reader = await grant(await assertion({ client_id: 'reader' }), {}, { as: 'reader' });
  expect(said(reader)).toEqual([400, 'unauthorized_client']);
  const form = { grant_type: JWT_BEARER, assertion: await assertion(), client_id: 'bot' };
  expect(said(await ask(process, '/oauth/token', form))).toEqual([401, 'invalid_client']);
});

test('an assertion that is bound to a key takes its proof, and so does a client of bound tokens (RFC 9449)', async () => {
  const { process, assertion, ask: grant } = await startCompany();
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = await exportJWK(publicKey);
  const proof = async () => ({
    dpop: await new SignJWT({ htm: 'POST', htu: `${process.url.origin}/oauth/token`, jti: randomUUID() })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
      .setIssuedAt()
      .sign(privateKey),
  });
  const cnf = { jkt: await calculateJwkThumbprint(jwk) };
  expect(said(await grant(await assertion({ cnf })))).toEqual(REFUSED);
  expect(said(await grant(await assertion({ cnf: { jkt: 'other' } }), {}, { headers: await proof() }))).toEqual(
    REFUSED,
  );
  const bound = await grant(await assertion({ cnf }), {}, { headers: await proof() });
  expect([bound.status, bound.body['token_type']]).toEqual([200, 'DPoP']);
  const claims = { client_id: 'bound' };
  expect(said(await grant(await assertion(claims), {}, { as: 'bound' }))).toEqual(REFUSED);
  const proved = await grant(await assertion(claims), {}, { as: 'bound', headers: await proof() });
  expect(proved.body['token_type']).toBe('DPoP');
});

test('after a restore no assertion counts that may have been used before', async () => {
  const { process, assertion, ask: grant, beside } = await startCompany();
  const now = Date.now();
  await process.database.transaction(
    (trx) => authServerAfterRestore.endSessions?.(trx, now - 120_000) ?? Promise.resolve(0),
  );
  const at = await beside();
  const before = await assertion({ iat: Math.floor(now / 1000) - 150 });
  expect(said(await grant(before, {}, { at }))).toEqual(REFUSED);
  expect((await grant(await assertion(), {}, { at })).status).toBe(200);
});

test('whom an issuer means can stand in another claim, and be known from another issuer', async () => {
  const {
    process,
    assertion,
    ask: grant,
  } = await startCompany('sqlite', {
    subjectClaim: 'ext.oid',
    usersFrom: 'https://login.example',
  });
  const dora = await known(process, 'https://login.example', 'o-1');
  expect(said(await grant(await assertion()))).toEqual(REFUSED);
  const { body } = await grant(await assertion({ ext: { oid: 'o-1' } }));
  expect(decodeJwt(body['access_token'] as string).sub).toBe(dora.id);
});

test('assertions are offered where an issuer is trusted (RFC 8414 §2)', async () => {
  const { process } = await startCompany();
  const at = new URL('/.well-known/oauth-authorization-server', process.url);
  const metadata = (await (await fetch(at)).json()) as Record<string, readonly string[]>;
  expect(metadata['grant_types_supported']).toContain(JWT_BEARER);
  expect(metadata['authorization_grant_profiles_supported']).toEqual(['urn:ietf:params:oauth:grant-profile:id-jag']);
});

describe.each(dialects)('on %s', (dialect) => {
  test('an assertion counts once, also at another process, at once, and after what was wrong with the rest', async () => {
    const { assertion, ask: grant, beside, process } = await startCompany(dialect);
    const other = await beside();
    const one = await assertion();
    expect((await grant(one)).status).toBe(200);
    expect(said(await grant(one))).toEqual(REFUSED);
    expect(said(await grant(one, {}, { at: other }))).toEqual(REFUSED);
    const crowd = await assertion();
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, at) => grant(crowd, {}, { at: at % 2 ? process : other })),
    );
    const last = await grant(crowd);
    expect([...answers, last].filter(({ status }) => status === 200)).toHaveLength(1);
    const spoilt = await assertion({ scope: 'read:flights' });
    expect(said(await grant(spoilt, { scope: 'write:flights' }))).toEqual([400, 'invalid_scope']);
    expect(said(await grant(spoilt, { scope: 'read:flights' }))).toEqual(REFUSED);
  });
});
