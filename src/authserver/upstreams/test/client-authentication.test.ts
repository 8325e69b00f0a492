import { generateKeyPairSync } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { describe, expect, test } from 'vitest';
import { reveal, Secret } from '#kernel';
import type { SecretMaterial, SecretReader } from '#contract';
import { startCompanyIdp } from '../../../../test/company-idp.ts';
import { serve } from '../../../../test/http-server.ts';
import {
  callbackOf,
  companyOf,
  startFederation,
  upstreamOf,
  verdict,
  visit,
  finish,
} from '../../test/federation.fixture.ts';
import { describeUpstream } from '../describe-upstream.ts';
import { UpstreamProvider } from '../upstream-provider.ts';

const secretsOf = (material: () => SecretMaterial): SecretReader => ({
  read: async () => ({ material: material(), version: '1', endsAt: undefined }),
});

test('a secret of the vault is followed at each use: its rotation takes effect at once', async () => {
  const idp = await startCompanyIdp({ redirectUris: [callbackOf('company')] });
  let password = 'of-yesterday';
  const secrets = secretsOf(() => ({ kind: 'password', password: new Secret(password) }));
  const document = companyOf(idp, { clientSecret: 'secret://default/idp' });
  const federation = await startFederation('sqlite', () => [document], secrets);
  expect(await verdict(finish(federation, await visit(federation.legs)))).toBe('UPSTREAM_CLIENT_REFUSED');
  password = idp.clientSecret;
  expect(await verdict(finish(federation, await visit(federation.legs)))).toBe('ok');
});

describe('a secret of the vault', () => {
  test.each<[string, SecretMaterial, boolean]>([
    ['of our client is shown', { kind: 'oauth-client', clientId: 'one', clientSecret: new Secret('canary') }, true],
    ['of another client is not', { kind: 'oauth-client', clientId: 'two', clientSecret: new Secret('canary') }, false],
    ['with a user name is not', { kind: 'basic', username: 'u', password: new Secret('canary') }, false],
  ])('%s', async (_, material, shown) => {
    await using server = await serve((_request, response) => {
      response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"invalid_grant"}');
    });
    const clock = { now: () => Date.now() };
    const document = oauth2At(server.url, { clientSecret: 'secret://default/idp' });
    const provider = new UpstreamProvider(describeUpstream(document), { clock, secrets: secretsOf(() => material) });
    const ending = await provider
      .refresh(new Secret('r'), { scopes: [], idToken: undefined })
      .catch((error: unknown) => error);
    await provider.close();
    expect(ending).toMatchObject({ code: shown ? 'UPSTREAM_GRANT_ENDED' : 'UPSTREAM_CLIENT_REFUSED' });
    expect(server.received).toHaveLength(shown ? 1 : 0);
  });
});

test('name and secret are encoded as browsers encode forms, which leaves `-`, `.` and `_` (RFC 6749 §2.3.1)', async () => {
  await using server = await serve((_request, response) => {
    response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"invalid_grant"}');
  });
  const document = oauth2At(server.url, { clientId: 'pre-registered_1.0', clientSecret: 'secret://default/idp' });
  const material: SecretMaterial = { kind: 'password', password: new Secret('a:b c%-ü') };
  const parts = { clock: { now: () => Date.now() }, secrets: secretsOf(() => material) };
  const provider = new UpstreamProvider(describeUpstream(document), parts);
  await provider.refresh(new Secret('r'), { scopes: [], idToken: undefined }).catch(() => {});
  await provider.close();
  const [, pair = ''] = server.received[0]?.headers.authorization?.split(' ') ?? [];
  expect(Buffer.from(pair, 'base64').toString()).toBe('pre-registered_1.0:a%3Ab+c%25-%C3%BC');
});

const oauth2At = (url: string, more: Readonly<Record<string, unknown>>) =>
  upstreamOf('oauth2', {
    ...{ name: 'forge', clientId: 'one', fields: { subject: 'id' } },
    ...{ authorizationEndpoint: `${url}/a`, tokenEndpoint: `${url}/t`, userinfoEndpoint: `${url}/u` },
    ...more,
  });

describe('private_key_jwt (RFC 7523 §3)', () => {
  test.each([
    ['ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
    ['Ed25519', generateKeyPairSync('ed25519')],
    ['RS256', generateKeyPairSync('rsa', { modulusLength: 2048 })],
  ])('a client shows an assertion signed with %s, and no secret', async (alg, { privateKey }) => {
    await using server = await serve((_request, response) => {
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end('{"access_token":"a","token_type":"Bearer","expires_in":60}');
    });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const document = oauth2At(server.url, { privateKey: pem, keyId: 'k1' });
    const clock = { now: () => Date.now() };
    const secrets: SecretReader = { read: async () => Promise.reject(new Error('unused')) };
    const provider = new UpstreamProvider(describeUpstream(document), { clock, secrets });
    const { tokens } = await provider.refresh(new Secret('r'), { scopes: ['s'], idToken: undefined });
    await provider.close();
    // What the answer leaves out stays (RFC 6749 §6).
    expect(tokens.refreshToken && reveal(tokens.refreshToken)).toBe('r');
    expect(tokens.scopes).toEqual(['s']);
    const form = new URLSearchParams(server.received[0]?.body);
    expect(form.get('client_assertion_type')).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
    const assertion = form.get('client_assertion') as string;
    expect(decodeProtectedHeader(assertion)).toMatchObject({ alg, kid: 'k1' });
    const { iss, sub, jti, exp = 0, iat = 0 } = decodeJwt(assertion);
    expect([iss, sub, typeof jti, exp - iat <= 120]).toEqual(['one', 'one', 'string', true]);
    expect(form.has('client_secret')).toBe(false);
  });

  test.each([
    ['that is none', 'not a key'],
    [
      'of 1024 bits',
      generateKeyPairSync('rsa', { modulusLength: 1024 })
        .privateKey.export({ type: 'pkcs8', format: 'pem' })
        .toString(),
    ],
  ])('a key %s is refused, and not repeated', async (_, pem) => {
    const clock = { now: () => Date.now() };
    const secrets: SecretReader = { read: async () => Promise.reject(new Error('unused')) };
    const document = oauth2At('http://127.0.0.1:9', { privateKey: pem });
    const provider = new UpstreamProvider(describeUpstream(document), { clock, secrets });
    const error = await provider.revoke(new Secret('r'), 'refresh_token').catch((one: unknown) => one);
    expect(error).toMatchObject({ code: 'UPSTREAM_CLIENT_REFUSED' });
    expect(String(error)).not.toContain(pem.slice(0, 40));
  });
});
