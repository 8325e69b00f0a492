/** DPoP at the authorization server (RFC 9449 §5, §10): what a key binds, and that a proof counts once. */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { decodeJwt, SignJWT } from 'jose';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { dialects } from '../../../test/databases.ts';
import { proofKey, prove, type ProofKey } from '../../../test/dpop.ts';
import {
  CLIENTS,
  SECRET,
  startAuthorizationServer,
  type AuthorizationServerProcess,
  OFFICE,
} from './authorization-server.fixture.ts';
import { ask, codeFor, newVerifier, redeem, refresh, type TokenAnswer } from './code-flow.fixture.ts';

const basic = { authorization: `Basic ${Buffer.from(`c2:${SECRET}`).toString('base64')}` };

/** A proof for the token endpoint. */
const proofAt = ({ url }: AuthorizationServerProcess, key: ProofKey, claims: Record<string, unknown> = {}) =>
  prove(key, { url: `${url.origin}/oauth/token`, claims });

const form = (code: string, verifier: string, clientId = 'c1') => ({
  ...{ grant_type: 'authorization_code', client_id: clientId, code, code_verifier: verifier },
  redirect_uri: 'https://c1.test/cb',
});

/** A program's own token, asked for with a proof. */
const ownToken = (process: AuthorizationServerProcess, own: URL, proof: string): Promise<TokenAnswer> =>
  ask(
    { url: own },
    '/oauth/token',
    { grant_type: 'client_credentials', resource: process.resource, scope: 'read:flights' },
    { ...basic, dpop: proof },
  );

afterEach(() => void vi.useRealTimers());

test('a code that was asked for with a key goes to that key alone (RFC 9449 §10)', async () => {
  const process = await startAuthorizationServer('sqlite');
  const { browser } = await process.person('alice');
  const [key, thief] = [await proofKey(), await proofKey()];
  const redeemWith = async (dpop: Record<string, string>) => {
    const verifier = newVerifier();
    const code = await codeFor(process, browser, verifier, { dpop_jkt: key.jkt });
    return await ask(process, '/oauth/token', form(code, verifier), dpop);
  };
  expect((await redeemWith({})).status).toBe(400);
  expect((await redeemWith({ dpop: await proofAt(process, thief) })).status).toBe(400);
  const { status, body } = await redeemWith({ dpop: await proofAt(process, key) });
  expect([status, body['token_type']]).toEqual([200, 'DPoP']);
  expect(decodeJwt(body['access_token'] as string)['cnf']).toEqual({ jkt: key.jkt });
});

test('a refresh token of a public client is bound like its access token (RFC 9449 §5)', async () => {
  const process = await startAuthorizationServer('sqlite');
  const { browser } = await process.person('alice');
  const [key, thief] = [await proofKey(), await proofKey()];
  const verifier = newVerifier();
  const code = await codeFor(process, browser, verifier);
  const { body } = await ask(process, '/oauth/token', form(code, verifier), { dpop: await proofAt(process, key) });
  const refreshToken = body['refresh_token'] as string;
  const refreshWith = (dpop: Record<string, string>) =>
    ask(process, '/oauth/token', { grant_type: 'refresh_token', client_id: 'c1', refresh_token: refreshToken }, dpop);
  expect((await refreshWith({})).status).toBe(400);
  expect((await refreshWith({ dpop: await proofAt(process, thief) })).status).toBe(400);
  const renewed = await refreshWith({ dpop: await proofAt(process, key) });
  expect([renewed.status, decodeJwt(renewed.body['access_token'] as string)['cnf']]).toEqual([200, { jkt: key.jkt }]);
});

test('a client that is to be bound gets no token without a proof', async () => {
  const clients = { ...CLIENTS, c1: { ...CLIENTS['c1'], dpopBoundAccessTokens: true } };
  const process = await startAuthorizationServer('sqlite', undefined, clients);
  const { browser } = await process.person('alice');
  const verifier = newVerifier();
  expect((await redeem(process, await codeFor(process, browser, verifier), verifier)).status).toBe(400);
  const code = await codeFor(process, browser, verifier);
  const key = await proofKey();
  const bound = await ask(process, '/oauth/token', form(code, verifier), { dpop: await proofAt(process, key) });
  expect([bound.status, bound.body['token_type']]).toEqual([200, 'DPoP']);
  expect((await refresh(process, bound.body['refresh_token'] as string)).status).toBe(400);
});

test('introspection tells the key of a token, and metadata what it may be (RFC 9449 §6.2, §5.1)', async () => {
  const process = await startAuthorizationServer('sqlite');
  const key = await proofKey();
  const { body } = await ownToken(process, process.url, await proofAt(process, key));
  const told = await ask(process, '/oauth/introspect', { token: body['access_token'] as string }, basic);
  expect(told.body).toMatchObject({ active: true, token_type: 'DPoP', cnf: { jkt: key.jkt } });
  const metadata = await (await fetch(new URL('/.well-known/oauth-authorization-server', process.url))).json();
  expect(metadata).toMatchObject({ dpop_signing_alg_values_supported: expect.arrayContaining(['ES256']) });
  expect(metadata).not.toHaveProperty('mtls_endpoint_aliases');
});

test('what the issuer publishes of itself does not follow the Host header, nor headers of proxies', async () => {
  const process = await startAuthorizationServer('sqlite');
  const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'evil.test', 'x-forwarded-for': '192.0.2.9' };
  const metadata = await (
    await fetch(new URL('/.well-known/oauth-authorization-server', process.url), { headers })
  ).json();
  expect(metadata).toMatchObject({ token_endpoint: `${process.url.origin}/oauth/token` });
  const key = await proofKey();
  const evil = await prove(key, { url: 'https://evil.test/oauth/token' });
  const refused = await ask(
    process,
    '/oauth/token',
    { grant_type: 'client_credentials' },
    { ...basic, ...headers, dpop: evil },
  );
  expect(refused.body['error']).toBe('invalid_dpop_proof');
});

test('AS-074: a proof that may be used for longer than its use is remembered is refused all the same', async () => {
  const process = await startAuthorizationServer('sqlite');
  const key = await proofKey();
  const started = Date.now();
  // As new as is taken: it is good until ten minutes from now, and the provider looks back five.
  const proof = await proofAt(process, key, { iat: Math.floor(started / 1000) + 290 });
  expect((await ownToken(process, process.url, proof)).status).toBe(200);
  vi.useFakeTimers({ toFake: ['Date'], now: started + 320_000 });
  const again = await ownToken(process, process.url, proof);
  expect([again.status, again.body['error']]).toEqual([400, 'invalid_dpop_proof']);
});

describe.each(dialects)('on %s', (dialect) => {
  test('AS-074: of twenty that use one proof at once, on two processes, one has a token; after a restart none', async () => {
    const process = await startAuthorizationServer(dialect);
    const other = await startAuthorizationServer(dialect, process);
    const proof = await proofAt(process, await proofKey());
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, turn) => ownToken(process, turn % 2 ? process.own : other.own, proof)),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const { status, body } of answers)
      if (status !== 200) expect(['invalid_dpop_proof', 'temporarily_unavailable']).toContain(body['error']);
    const restarted = await startAuthorizationServer(dialect, process);
    const late = await ownToken(process, restarted.own, proof);
    expect([late.status, late.body['error']]).toEqual([400, 'invalid_dpop_proof']);
  });

  test('AS-055: of twenty that use one client assertion at once, on two processes, one has a token', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const clients = {
      c3: {
        ...{ grantTypes: ['client_credentials'], tokenEndpointAuthMethod: 'private_key_jwt', agent: OFFICE },
        jwks: { keys: [publicKey.export({ format: 'jwk' })] },
      },
    };
    const process = await startAuthorizationServer(dialect, undefined, clients);
    const other = await startAuthorizationServer(dialect, process, clients);
    const assertion = await new SignJWT({ iss: 'c3', sub: 'c3', aud: process.url.origin, jti: randomUUID() })
      .setProtectedHeader({ alg: 'ES256' })
      .setIssuedAt()
      .setExpirationTime('1m')
      .sign(privateKey);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, turn) =>
        ask({ url: turn % 2 ? process.own : other.own }, '/oauth/token', {
          ...{ grant_type: 'client_credentials', resource: process.resource, scope: 'read:flights' },
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
          client_assertion: assertion,
        }),
      ),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const { status, body } of answers)
      if (status !== 200) expect(['invalid_client', 'temporarily_unavailable']).toContain(body['error']);
  });
});
