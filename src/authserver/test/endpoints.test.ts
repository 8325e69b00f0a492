import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { decodeProtectedHeader, exportJWK, SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { startAuthorizationServer, type AuthorizationServerProcess } from './authorization-server.fixture.ts';
import { ask, codeFor, newVerifier, redeem, refresh } from './code-flow.fixture.ts';

async function tokens(process: AuthorizationServerProcess, more: Readonly<Record<string, string | undefined>> = {}) {
  const { browser, id } = await process.person('alice');
  const verifier = newVerifier();
  const { body } = await redeem(process, await codeFor(process, browser, verifier, more), verifier);
  return { id, access: body['access_token'] as string, refreshToken: body['refresh_token'] as string, body };
}

test('a key that signs no more still verifies, and one that is gone does not', async () => {
  const process = await startAuthorizationServer('sqlite');
  const { access, refreshToken } = await tokens(process);
  await process.keys.rotate();
  expect((await process.server.verifier.verify(access)).ok).toBe(true);
  const renewed = (await refresh(process, refreshToken)).body['access_token'] as string;
  expect(decodeProtectedHeader(renewed).kid).not.toBe(decodeProtectedHeader(access).kid);
  const published = (await (await fetch(new URL('/.well-known/jwks.json', process.url))).json()) as { keys: object[] };
  expect(published.keys).toHaveLength(2);
  expect(JSON.stringify(published)).not.toMatch(/"d"/);
  await process.keys.rotate(0);
  expect(await process.server.verifier.verify(access)).toMatchObject({ ok: false, error: { reason: 'malformed' } });
});

test('keys are rotated under load and no request fails', async () => {
  const process = await startAuthorizationServer('sqlite');
  let { refreshToken } = await tokens(process);
  for (let at = 0; at < 20; at++) {
    if (at % 4 === 0) await process.keys.rotate(3);
    const { status, body } = await refresh(process, refreshToken);
    expect(status).toBe(200);
    expect((await process.server.verifier.verify(body['access_token'] as string)).ok).toBe(true);
    refreshToken = body['refresh_token'] as string;
  }
});

test('userinfo tells a sign-in-only client who it is, and takes no token that opens a door (OpenID Connect Core §5.3)', async () => {
  const process = await startAuthorizationServer('sqlite');
  const { id, body } = await tokens(process, { resource: undefined, scope: 'openid profile' });
  const at = new URL('/oauth/userinfo', process.url);
  const asked = await fetch(at, { headers: { authorization: `Bearer ${body['access_token'] as string}` } });
  expect(await asked.json()).toEqual({ sub: id, name: 'alice', preferred_username: 'alice' });
  const { access } = await tokens(process);
  const refused = await fetch(at, { headers: { authorization: `Bearer ${access}` } });
  expect(refused.status).toBe(401);
});

test('pages of a client’s own origin may ask for tokens, and no others (Fetch, CORS)', async () => {
  const process = await startAuthorizationServer('sqlite');
  const at = new URL('/oauth/token', process.url);
  const form = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'c1', refresh_token: 'unknown' });
  const allowed = async (origin: string): Promise<string | null> =>
    (await fetch(at, { method: 'POST', body: form, headers: { origin } })).headers.get('access-control-allow-origin');
  expect([await allowed('https://c1.test'), await allowed('https://evil.test'), await allowed('null')]).toEqual([
    'https://c1.test',
    null,
    null,
  ]);
  const metadata = await fetch(new URL('/.well-known/oauth-authorization-server', process.url), {
    headers: { origin: 'https://anybody.test' },
  });
  expect(metadata.headers.get('access-control-allow-origin')).toBe('https://anybody.test');
});

test('AS-074: a token asked for with a proof is bound to its key, and a proof is used once (RFC 9449)', async () => {
  const process = await startAuthorizationServer('sqlite');
  const { browser } = await process.person('alice');
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = await exportJWK(publicKey);
  const prove = (claims: object, alg = 'ES256') =>
    new SignJWT({ htm: 'POST', htu: `${process.url.origin}/oauth/token`, jti: randomUUID(), ...claims })
      .setProtectedHeader({ alg, typ: 'dpop+jwt', jwk })
      .setIssuedAt('iat' in claims ? (claims.iat as number) : undefined)
      .sign(privateKey);
  const redeemWith = async (proof: string) => {
    const verifier = newVerifier();
    const code = await codeFor(process, browser, verifier);
    const form = {
      grant_type: 'authorization_code',
      client_id: 'c1',
      redirect_uri: 'https://c1.test/cb',
      code,
      code_verifier: verifier,
    };
    return ask(process, '/oauth/token', form, { dpop: proof });
  };
  const proof = await prove({});
  const { status, body } = await redeemWith(proof);
  expect([status, body['token_type']]).toEqual([200, 'DPoP']);
  for (const bad of [
    proof,
    await prove({ htm: 'GET' }),
    await prove({ htu: 'https://evil.test/' }),
    await prove({ iat: 1_700_000_000 }),
  ])
    expect((await redeemWith(bad)).status).toBe(400);
  // A bound token without its proof opens nothing.
  const bound = await process.server.verifier.verify(body['access_token'] as string);
  expect(bound.ok).toBe(false);
});
