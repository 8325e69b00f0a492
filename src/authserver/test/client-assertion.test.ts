import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { decodeJwt, exportSPKI, SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { authServerAfterRestore } from '#authserver';
import { dialects } from '../../../test/databases.ts';
import { CALLBACK, startAuthorizationServer, type AuthorizationServerProcess } from './authorization-server.fixture.ts';
import { ask, type TokenAnswer } from './code-flow.fixture.ts';
import { byKey, clientAssertion, programKey, proved } from './grant-types.fixture.ts';

/** A server with a client that proves itself with a key. */
async function withProgram(dialect: (typeof dialects)[number] = 'sqlite') {
  const key = programKey();
  const clients = {
    c1: { redirectUris: [CALLBACK] },
    program: byKey(key, { grantTypes: ['client_credentials'], agent: 'program' }),
    neighbour: byKey(programKey(), { grantTypes: ['client_credentials'], agent: 'program' }),
  };
  const process = await startAuthorizationServer(dialect, undefined, clients);
  await process.agent({ name: 'program', roles: ['user'] });
  return { process, key, clients };
}

const present = (process: AuthorizationServerProcess, assertion: string, at = process.url): Promise<TokenAnswer> =>
  ask({ url: at }, '/oauth/token', {
    ...{ grant_type: 'client_credentials', resource: process.resource },
    ...proved(assertion),
  });

const INVALID = [401, 'invalid_client'];
const said = ({ status, body }: TokenAnswer) => [status, body['error']];

describe.each(dialects)('on %s', (dialect) => {
  test('AS-055: an assertion counts once: not again here, not at another process, not after a restart', async () => {
    const { process, key } = await withProgram(dialect);
    const other = await startAuthorizationServer(dialect, process);
    const assertion = await clientAssertion(process, 'program', key);
    expect((await present(process, assertion)).status).toBe(200);
    expect(said(await present(process, assertion))).toEqual(INVALID);
    expect(said(await present(process, assertion, other.own))).toEqual(INVALID);
    const restarted = await startAuthorizationServer(dialect, process);
    expect(said(await present(process, assertion, restarted.own))).toEqual(INVALID);
  });

  test('AS-055: of twenty that come at once with one assertion, at two processes, one has a token', async () => {
    const { process, key } = await withProgram(dialect);
    const other = await startAuthorizationServer(dialect, process);
    for (let round = 0; round < 3; round++) {
      const assertion = await clientAssertion(process, 'program', key);
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, at) => present(process, assertion, at % 2 ? process.own : other.own)),
      );
      const last = await present(process, assertion);
      expect([...answers, last].filter(({ status }) => status === 200)).toHaveLength(1);
      // Whoever could not be judged in the crowd is told to come again.
      const refused = ['invalid_client', 'temporarily_unavailable'];
      for (const { status, body } of answers) if (status !== 200) expect(refused).toContain(body['error']);
    }
  });
});

test('AS-055: an assertion is for us alone and this moment, with a name of its own, and from whom it speaks of (RFC 7523 §3)', async () => {
  const { process, key } = await withProgram();
  const now = Math.floor(Date.now() / 1000);
  const bad: Readonly<Record<string, unknown>>[] = [
    { aud: 'https://other-as.test' },
    { aud: [process.url.origin, 'https://evil.test'] },
    { aud: 'https://evil.test/oauth/token' },
    { exp: now + 24 * 3600 },
    { exp: now - 120 },
    { exp: undefined },
    { nbf: now + 600 },
    { iat: now + 600 },
    { jti: undefined },
    { iss: 'neighbour' },
    { sub: 'neighbour' },
    { iss: 'neighbour', sub: 'neighbour' },
  ];
  for (const claims of bad) {
    const answer = await present(process, await clientAssertion(process, 'program', key, claims));
    expect([claims, ...said(answer)]).toEqual([claims, ...INVALID]);
    expect(answer.headers.get('cache-control')).toContain('no-store');
  }
  for (const aud of [process.url.origin, `${process.url.origin}/oauth/token`, [process.url.origin]])
    expect((await present(process, await clientAssertion(process, 'program', key, { aud }))).status).toBe(200);
});

test('AS-055: what we are called is ours to say, whatever `Host` a request comes with', async () => {
  const { process, key } = await withProgram();
  const { port } = process.own;
  const assertion = await clientAssertion(process, 'program', key, { aud: `http://localhost:${port}/oauth/token` });
  expect(said(await present(process, assertion, new URL(`http://localhost:${port}`)))).toEqual(INVALID);
  const ours = await clientAssertion(process, 'program', key, { aud: `${process.url.origin}/oauth/token` });
  expect((await present(process, ours, new URL(`http://localhost:${port}`))).status).toBe(200);
});

test('AS-055: after a restore nothing counts that may have been used before: what was, is on no backup', async () => {
  const { process, key, clients } = await withProgram();
  const now = Date.now();
  await process.database.transaction(
    // Some minutes ago: what is made now is younger.
    (trx) => authServerAfterRestore.endSessions?.(trx, now - 120_000) ?? Promise.resolve(0),
  );
  const restored = await startAuthorizationServer('sqlite', process, clients);
  const made = async (claims: Readonly<Record<string, unknown>>) =>
    present(process, await clientAssertion(process, 'program', key, claims), restored.own);
  const seconds = Math.floor(now / 1000);
  expect(said(await made({ iat: seconds - 300 }))).toEqual(INVALID);
  // It does not say when it was made.
  expect(said(await made({ iat: undefined }))).toEqual(INVALID);
  expect((await made({})).status).toBe(200);
});

test('AS-056: no assertion counts under an algorithm or a key that the client does not have (RFC 8725 §3.1)', async () => {
  const { process, key } = await withProgram();
  const { iss, sub, aud, exp } = decodeJwt(await clientAssertion(process, 'program', key));
  const claims = () => ({ iss, sub, aud, exp, jti: randomUUID() });
  const pem = new TextEncoder().encode(await exportSPKI(key.publicKey));
  const attacker = programKey();
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const forged = [
    new UnsecuredJWT(claims()).encode(),
    await new SignJWT(claims()).setProtectedHeader({ alg: 'HS256' }).sign(pem),
    await new SignJWT(claims()).setProtectedHeader({ alg: 'RS256' }).sign(rsa),
    await clientAssertion(process, 'program', attacker),
    await clientAssertion(process, 'program', attacker, {}, { jwk: attacker.publicKey.export({ format: 'jwk' }) }),
    await clientAssertion(process, 'program', attacker, {}, { jku: 'https://evil.test/keys' }),
    `${(await clientAssertion(process, 'program', key)).split('.').slice(0, 2).join('.')}.`,
  ];
  for (const assertion of forged) expect(said(await present(process, assertion))).toEqual(INVALID);
  expect((await present(process, await clientAssertion(process, 'program', key))).status).toBe(200);
});

test('AS-069: what a client proves itself with opens no door, and is nobody’s token', async () => {
  const { process, key } = await withProgram();
  const assertion = await clientAssertion(process, 'program', key, { aud: process.resource, scope: 'read:flights' });
  const { server } = process;
  expect((await server.verifier.verify(assertion)).ok).toBe(false);
  const own = await clientAssertion(process, 'program', key, { iss: process.url.origin }, { typ: 'at+jwt' });
  expect((await server.verifier.verify(own)).ok).toBe(false);
});
