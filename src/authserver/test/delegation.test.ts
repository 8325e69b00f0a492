import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { decodeJwt, exportJWK, SignJWT } from 'jose';
import { describe, expect, test, vi } from 'vitest';
import { LIFETIMES } from '#authserver';
import { operator } from '#identity';
import { dialects } from '../../../test/databases.ts';
import { startAuthorizationServer } from './authorization-server.fixture.ts';
import { ask, codeFor, newVerifier, redeem, refresh, type TokenAnswer } from './code-flow.fixture.ts';
import { BOTH, startDelegation } from './delegation.fixture.ts';
import { ACCESS_TOKEN, askAs, clientAssertion, exchangeOf, personsTokens, proved } from './grant-types.fixture.ts';

const said = ({ status, body }: TokenAnswer) => [status, body['error']];

test('a client acts for a person with a token of its own, which says so (RFC 8693 §4.1)', async () => {
  const { process, exchange, verify } = await startDelegation();
  const { id, access } = await personsTokens(process, 'alice', BOTH);
  const { status, body, headers } = await exchange('worker', access);
  expect(status).toBe(200);
  expect(body).toMatchObject({ issued_token_type: ACCESS_TOKEN, token_type: 'Bearer', scope: BOTH.scope });
  expect(body).not.toHaveProperty('refresh_token');
  expect(headers.get('cache-control')).toContain('no-store');
  const [before, after] = [decodeJwt(access), decodeJwt(body['access_token'] as string)];
  expect(after).toMatchObject({ sub: id, client_id: 'worker', tsid: before['tsid'], aud: process.resource });
  expect(after['act']).toEqual({ iss: process.url.origin, sub: 'worker', client_id: 'worker' });
  const verified = await verify(body['access_token']);
  expect(verified.ok && verified.value).toMatchObject({
    kind: 'user',
    sub: id,
    tsid: before['tsid'],
    clientId: 'worker',
    act: [{ iss: 'chatelaine', sub: 'worker' }],
    // Who acts for somebody lists and calls, and administers nothing in their name.
    access: new Set(['read', 'execute']),
  });
});

test('who acts for who acts stands in the token and on record, nearest first', async () => {
  const { process, exchange, agent, verify } = await startDelegation();
  const { id, access } = await personsTokens(process);
  const first = (await exchange('worker', access)).body['access_token'] as string;
  const second = (await exchange('helper', first)).body['access_token'] as string;
  const verified = await verify(second);
  const chain = [
    { iss: 'chatelaine', sub: agent.id },
    { iss: 'chatelaine', sub: 'worker' },
  ];
  expect(verified.ok && verified.value.act).toEqual(chain);
  expect(decodeJwt(second)['act']).toMatchObject({
    ...{ sub: agent.id, client_id: 'helper', agent: 'default/helper' },
    act: { sub: 'worker', client_id: 'worker' },
  });
  const { records } = await process.audit.query({ type: 'oauth.token' }, { limit: 1 });
  expect(records[0]).toMatchObject({
    outcome: 'success',
    actor: { kind: 'user', sub: id },
    delegation: chain,
    object: { kind: 'client', id: 'helper' },
    details: { tsid: decodeJwt(access)['tsid'] },
  });
});

test('nobody acts for a person whom neither they nor whoever runs the server let: a token that is held says nothing', async () => {
  const { process, exchange } = await startDelegation();
  const { id, access } = await personsTokens(process);
  const refused = await exchange('stranger', access);
  expect(said(refused)).toEqual([400, 'invalid_request']);
  expect(refused.body['error_description']).toContain('consented');
  const { records } = await process.audit.query({ type: 'oauth.token' }, { limit: 1 });
  expect(records[0]).toMatchObject({
    ...{ outcome: 'denied', error: 'no consent to the delegation', actor: { kind: 'workload', sub: 'stranger' } },
    details: { subject: id, tsid: decodeJwt(access)['tsid'] },
  });
  // The helper is let by the worker, and not by the desk.
  expect(said(await exchange('helper', access))).toEqual([400, 'invalid_request']);
});

test('a person who let the client act for them itself has consented, as far as that went', async () => {
  const { process, exchange } = await startDelegation();
  const { access, browser } = await personsTokens(process, 'alice', BOTH);
  expect((await exchange('partner', access)).status).toBe(400);
  const atPartner = { client_id: 'partner', redirect_uri: 'https://partner.test/cb', scope: 'read:flights' };
  await codeFor(process, browser, newVerifier(), atPartner);
  expect((await exchange('partner', access)).body['scope']).toBe('read:flights');
  expect(said(await exchange('partner', access, { scope: 'write:flights' }))).toEqual([400, 'invalid_scope']);
  // Somebody else's consent is not theirs.
  const other = await personsTokens(process, 'bob', BOTH);
  expect((await exchange('partner', other.access)).status).toBe(400);
});

test('scopes only narrow: to what is asked, what the token has, what the client may', async () => {
  const { process, exchange } = await startDelegation();
  const both = (await personsTokens(process, 'alice', BOTH)).access;
  const one = (await personsTokens(process, 'bob')).access;
  expect((await exchange('worker', both, { scope: 'read:flights' })).body['scope']).toBe('read:flights');
  expect((await exchange('reader', both)).body['scope']).toBe('read:flights');
  for (const [client, token, scope] of [
    ['worker', one, 'write:flights'],
    ['worker', one, 'read:flights write:flights'],
    ['worker', one, 'openid'],
    ['reader', both, 'write:flights'],
  ] as const)
    expect([scope, ...said(await exchange(client, token, { scope }))]).toEqual([scope, 400, 'invalid_scope']);
  const narrowed = (await exchange('worker', both, { scope: 'read:flights' })).body['access_token'] as string;
  expect(said(await exchange('helper', narrowed, BOTH))).toEqual([400, 'invalid_scope']);
});

test('the resource is that of the token or a part of it, and never another', async () => {
  const { process, exchange, verify } = await startDelegation();
  const { access } = await personsTokens(process);
  const part = `${process.resource}/flights`;
  const { body } = await exchange('worker', access, { resource: part });
  const narrow = body['access_token'] as string;
  expect(decodeJwt(narrow).aud).toBe(part);
  expect((await verify(narrow)).ok).toBe(true);
  expect(
    decodeJwt((await exchange('worker', access, { audience: `${part}/` })).body['access_token'] as string).aud,
  ).toBe(part);
  for (const [client, token, more] of [
    ['helper', narrow, { resource: process.resource }],
    ['worker', access, { resource: 'https://elsewhere.test/mcp' }],
    ['worker', access, { audience: process.url.origin }],
    ['elsewhere', access, {}],
  ] as const)
    expect([more, ...said(await exchange(client, token, more))]).toEqual([more, 400, 'invalid_target']);
  const two = await exchange('worker', access, { resource: part, audience: process.resource });
  expect(said(two)).toEqual([400, 'invalid_request']);
});

test('a token ends no later than the one that it comes from, and after a quarter of an hour', async () => {
  const { process, exchange, clients, key } = await startDelegation();
  const living = (accessToken: number) =>
    startAuthorizationServer('sqlite', process, clients, true, { lifetimes: { ...LIFETIMES, accessToken } });
  const [short, long] = [await living(120), await living(7200)];
  const { browser } = await process.person('alice');
  const tokenFrom = async (at: URL): Promise<string> => {
    const verifier = newVerifier();
    return (await redeem({ url: at }, await codeFor(process, browser, verifier), verifier)).body[
      'access_token'
    ] as string;
  };
  const subject = await tokenFrom(short.own);
  const first = (await exchange('worker', subject)).body;
  const second = (await exchange('helper', first['access_token'] as string)).body;
  const ends = [subject, first['access_token'], second['access_token']].map((token) => decodeJwt(token as string).exp);
  expect(ends[1]).toBeLessThanOrEqual(ends[0] as number);
  expect(ends[2]).toBeLessThanOrEqual(ends[1] as number);
  expect(second['expires_in']).toBeLessThanOrEqual(120);
  const lasting = await tokenFrom(long.own);
  const { body } = await askAs({ url: process.url, own: long.own }, 'worker', key, exchangeOf(lasting));
  expect(body['expires_in']).toBe(900);
});

test('a chain of eleven is refused, however often each of them may', async () => {
  const { process, exchange } = await startDelegation();
  let { access: token } = await personsTokens(process);
  for (let at = 0; at < 10; at++) {
    const { status, body } = await exchange(at % 2 === 0 ? 'worker' : 'worker-2', token);
    expect(status).toBe(200);
    token = body['access_token'] as string;
  }
  expect(said(await exchange('worker', token))).toEqual([400, 'invalid_request']);
});

test('only an access token of ours that counts is traded, and only for another', async () => {
  const { process, exchange, key } = await startDelegation();
  const { access, body } = await personsTokens(process, 'alice', { scope: 'openid read:flights' });
  const own = await askAs(process, 'helper', key, {
    ...{ grant_type: 'client_credentials', resource: process.resource },
  });
  const [header, payload] = access.split('.') as [string, string];
  const bad: Readonly<Record<string, string>>[] = [
    { subject_token: body['id_token'] as string },
    { subject_token: body['refresh_token'] as string },
    { subject_token: own.body['access_token'] as string },
    { subject_token: decodeJwt(access)['tsid'] as string },
    { subject_token: `${header}.${payload}.` },
    { subject_token: await clientAssertion(process, 'worker', key) },
    { subject_token: '' },
    { subject_token_type: 'urn:ietf:params:oauth:token-type:id_token' },
    { subject_token_type: '' },
    { requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' },
    { actor_token: access },
    { actor_token_type: ACCESS_TOKEN },
    { actor_token: access, actor_token_type: ACCESS_TOKEN },
    { actor_token: own.body['access_token'] as string, actor_token_type: ACCESS_TOKEN },
  ];
  for (const fields of bad)
    expect([Object.keys(fields), ...said(await exchange('worker', access, fields))]).toEqual([
      Object.keys(fields),
      400,
      'invalid_request',
    ]);
  const twice = new URLSearchParams({
    ...exchangeOf(access),
    ...proved(await clientAssertion(process, 'worker', key)),
  });
  twice.append('subject_token', access);
  const answer = await fetch(new URL('/oauth/token', process.url), { method: 'POST', body: twice });
  expect(answer.status).toBe(400);
});

test('an agent may show its own token as well, and it has to be its own', async () => {
  const { process, exchange, key, agent } = await startDelegation();
  const { access } = await personsTokens(process);
  const first = (await exchange('worker', access)).body['access_token'] as string;
  const own = await askAs(process, 'helper', key, { grant_type: 'client_credentials', resource: process.resource });
  const actor = { actor_token: own.body['access_token'] as string, actor_token_type: ACCESS_TOKEN };
  const { body } = await exchange('helper', first, actor);
  expect(decodeJwt(body['access_token'] as string)['act']).toMatchObject({ sub: agent.id });
});

test('a client that proves nothing, or is not let exchange, trades no token', async () => {
  const { process } = await startDelegation();
  const { access } = await personsTokens(process);
  const public_ = await ask(process, '/oauth/token', { ...exchangeOf(access), client_id: 'c1' });
  expect(public_.status).toBe(400);
  const unproved = await ask(process, '/oauth/token', { ...exchangeOf(access), client_id: 'worker' });
  expect(said(unproved)).toEqual([401, 'invalid_client']);
});

test('a token that is bound to a key is traded by nobody, and one for a client of bound tokens is bound (RFC 9449)', async () => {
  const { process, exchange, verify } = await startDelegation();
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = await exportJWK(publicKey);
  const prove = () =>
    new SignJWT({ htm: 'POST', htu: `${process.url.origin}/oauth/token`, jti: randomUUID() })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
      .setIssuedAt()
      .sign(privateKey);
  const { access } = await personsTokens(process);
  expect((await exchange('bound', access)).status).toBe(400);
  const proof = await prove();
  const bound = await exchange('bound', access, {}, { dpop: proof });
  expect([bound.status, bound.body['token_type']]).toEqual([200, 'DPoP']);
  const token = bound.body['access_token'] as string;
  expect(decodeJwt(token)['cnf']).toHaveProperty('jkt');
  // It came as a bearer token: stolen, for all that is known.
  expect((await verify(token)).ok).toBe(false);
  expect(said(await exchange('worker', token))).toEqual([400, 'invalid_request']);
  expect((await exchange('bound', access, {}, { dpop: proof })).status).toBe(400);
});

describe.each(dialects)('on %s', (dialect) => {
  test('with the session of the person everything ends that was made of it, here and in another process', async () => {
    const { process, exchange, clients } = await startDelegation(dialect);
    const other = await startAuthorizationServer(dialect, process, clients);
    const { id, access } = await personsTokens(process);
    const first = (await exchange('worker', access)).body['access_token'] as string;
    const second = (await exchange('helper', first)).body['access_token'] as string;
    const living = async (server: typeof process.server): Promise<readonly boolean[]> =>
      await Promise.all([access, first, second].map(async (token) => (await server.verifier.verify(token)).ok));
    expect([await living(process.server), await living(other.server)].flat()).toEqual(Array(6).fill(true));
    await process.server.sessions.end({ userId: id }, 'by the user');
    expect(await living(process.server)).toEqual([false, false, false]);
    await vi.waitFor(async () => expect(await living(other.server)).toEqual([false, false, false]), { timeout: 5000 });
    expect(said(await exchange('helper', first))).toEqual([400, 'invalid_request']);
    // Nothing is kept of what can never count again.
    const kept = process.database.db
      .selectFrom('oauth_artifacts')
      .select('client_id')
      .where('model', '=', 'AccessToken');
    expect(await kept.execute()).toEqual([]);
  });

  test('an agent that is disabled acts for nobody any more', async () => {
    const { process, exchange, clients } = await startDelegation(dialect);
    const other = await startAuthorizationServer(dialect, process, clients);
    const { access } = await personsTokens(process);
    const first = (await exchange('worker', access)).body['access_token'] as string;
    const second = (await exchange('helper', first)).body['access_token'] as string;
    const counts = async (server: typeof process.server) => (await server.verifier.verify(second)).ok;
    expect([await counts(process.server), await counts(other.server)]).toEqual([true, true]);
    await process.identity.agents.disable(operator(), 'helper');
    expect(await counts(process.server)).toBe(false);
    await vi.waitFor(async () => expect(await counts(other.server)).toBe(false), { timeout: 5000 });
    expect(said(await exchange('helper', first))).toEqual([400, 'unauthorized_client']);
    expect((await process.server.verifier.verify(first)).ok).toBe(true);
  });
});

test('who acts for a person ends its own token, and not the session of the person (RFC 7009 §2.1)', async () => {
  const { process, exchange, key, verify } = await startDelegation();
  const { access, body } = await personsTokens(process);
  const acting = (await exchange('worker', access)).body['access_token'] as string;
  const revoke = async (token: string) =>
    ask(process, '/oauth/revoke', { token, ...proved(await clientAssertion(process, 'worker', key)) });
  expect((await verify(acting)).ok).toBe(true);
  expect([(await revoke(access)).status, (await verify(access)).ok]).toEqual([200, true]);
  expect((await revoke(acting)).status).toBe(200);
  expect([(await verify(acting)).ok, (await verify(access)).ok]).toEqual([false, true]);
  expect((await refresh(process, body['refresh_token'] as string)).status).toBe(200);
});

test('who acts for a person is told about its token, and nobody else is (RFC 7662 §2.2)', async () => {
  const { process, exchange, key } = await startDelegation();
  const { id, access } = await personsTokens(process);
  const acting = (await exchange('worker', access)).body['access_token'] as string;
  const about = async (clientId: string) => {
    const form = { token: acting, ...proved(await clientAssertion(process, clientId, key)) };
    return (await ask(process, '/oauth/introspect', form)).body;
  };
  expect(await about('worker')).toMatchObject({ active: true, sub: id, client_id: 'worker', act: { sub: 'worker' } });
  expect(await about('stranger')).toEqual({ active: false });
});

test('the metadata list what is offered, and assertions where an issuer is trusted alone (RFC 8414 §2)', async () => {
  const { process } = await startDelegation();
  const at = new URL('/.well-known/oauth-authorization-server', process.url);
  const metadata = (await (await fetch(at)).json()) as { grant_types_supported: string[] };
  expect(metadata.grant_types_supported.toSorted()).toEqual([
    'authorization_code',
    'client_credentials',
    'refresh_token',
    'urn:ietf:params:oauth:grant-type:device_code',
    'urn:ietf:params:oauth:grant-type:token-exchange',
  ]);
});
