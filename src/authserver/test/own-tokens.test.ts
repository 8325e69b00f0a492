/** Tokens that are ours in everything but one claim: signed with the key that signs, under a `jti` that is on file. */
import { sign } from 'node:crypto';
import { decodeJwt } from 'jose';
import { expect, test } from 'vitest';
import { startAuthorizationServer } from './authorization-server.fixture.ts';
import { codeFor, newVerifier, redeem } from './code-flow.fixture.ts';

/** A process with a token of it, and the way to say something else under its key. */
async function forge() {
  const process = await startAuthorizationServer('sqlite');
  const { browser } = await process.person('alice');
  const verifier = newVerifier();
  const { body } = await redeem(process, await codeFor(process, browser, verifier), verifier);
  const claims = decodeJwt(body['access_token'] as string);
  const { signer } = await process.keys.current();
  const part = (text: string): string => Buffer.from(text).toString('base64url');
  const signed = (payload: string, header: object = {}): string => {
    const text = `${part(JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid: signer.kid, ...header }))}.${part(payload)}`;
    return `${text}.${sign('sha256', Buffer.from(text), { key: signer.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
  };
  const counts = async (token: string): Promise<boolean> => (await process.server.verifier.verify(token)).ok;
  const saying = (more: object): Promise<boolean> => counts(signed(JSON.stringify({ ...claims, ...more })));
  return { process, claims, signed, counts, saying };
}

test('the control: said again as it was, under that key and that id, it counts', async () => {
  const { saying } = await forge();
  expect(await saying({})).toBe(true);
});

test('MCP-006: a token of ours for another audience, for several or for none opens nothing', async () => {
  const { saying, claims } = await forge();
  for (const aud of [
    undefined,
    'https://other.test/mcp',
    [claims.aud, 'https://evil.test'],
    [claims.aud],
    `${String(claims.aud)}/`,
    claims.iss,
    7,
    null,
  ])
    expect([aud, await saying({ aud })]).toEqual([aud, false]);
});

test('MCP-013: the issuer is ours to the letter, and alone', async () => {
  const { saying, claims } = await forge();
  for (const iss of [
    [claims.iss],
    [claims.iss, 'https://evil.test'],
    `${String(claims.iss)}/`,
    'https://staging.test',
    undefined,
    null,
    7,
  ])
    expect([iss, await saying({ iss })]).toEqual([iss, false]);
});

test('MCP-014: times are whole numbers that are past or to come as they should be', async () => {
  const { saying, signed, counts, claims } = await forge();
  const now = Math.floor(Date.now() / 1000);
  for (const times of [
    ...[undefined, now - 31, String(now + 600), -1, 0, null, [now + 600]].map((exp) => ({ exp })),
    ...[now + 120, 'now'].map((nbf) => ({ nbf })),
    ...[undefined, 'now', null, now + 86_400, now - 0.5].map((iat) => ({ iat })),
    { exp: now + 600.5 },
  ])
    expect([times, await saying(times)]).toEqual([times, false]);
  const infinite = JSON.stringify(claims).replace(/"exp":\d+/, '"exp":1e400');
  expect(await counts(signed(infinite))).toBe(false);
});

test('AS-069: a token of ours of another type, or of none, is no access token (RFC 9068 §2.1)', async () => {
  const { signed, counts, claims } = await forge();
  for (const typ of [undefined, 'JWT', 'logout+jwt', 'at+JWT+x', 'dpop+jwt'])
    expect([typ, await counts(signed(JSON.stringify(claims), { typ }))]).toEqual([typ, false]);
});
