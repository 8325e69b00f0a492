import { describe, expect, test } from 'vitest';
import { dialects } from '../../../test/databases.ts';
import { SECRET, startAuthorizationServer, type AuthorizationServerProcess } from './authorization-server.fixture.ts';
import { ask, challengeOf, codeFor, newVerifier, redeem, refresh, type TokenAnswer } from './code-flow.fixture.ts';

const basic = (id: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
});
const C2 = { redirect_uri: 'https://c2.test/cb', client_id: 'c2' };

async function tokens(process: AuthorizationServerProcess, name = 'alice') {
  const { browser, id } = await process.person(name);
  const verifier = newVerifier();
  const { body } = await redeem(process, await codeFor(process, browser, verifier), verifier);
  return { id, access: body['access_token'] as string, refreshToken: body['refresh_token'] as string };
}

const counts = async (process: AuthorizationServerProcess, access: string): Promise<boolean> =>
  (await process.server.verifier.verify(access)).ok;

/** An answer of RFC 6749 §5.2 that may lie in no cache. */
function expectError(answer: TokenAnswer, error: string): void {
  expect([answer.status, answer.body['error']]).toEqual([error === 'invalid_client' ? 401 : 400, error]);
  expect(answer.headers.get('cache-control')).toContain('no-store');
  expect(Object.keys(answer.body)).not.toContain('access_token');
}

describe.each(dialects)('codes and refresh tokens on %s', (dialect) => {
  test('AS-015: of fifty that redeem one code at once, on two processes, one at most has tokens', async () => {
    const process = await startAuthorizationServer(dialect);
    const other = await startAuthorizationServer(dialect, process);
    const { browser } = await process.person('alice');
    const verifier = newVerifier();
    const code = await codeFor(process, browser, verifier);
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, at) => redeem(at % 2 ? process : otherOf(other), code, verifier)),
    );
    const won = answers.filter(({ status }) => status === 200);
    expect(won.length).toBeLessThanOrEqual(1);
    // Whoever could not be judged in the crowd is told to come again, and gets no token either.
    const refusals = ['invalid_grant', 'temporarily_unavailable'];
    for (const { status, body } of answers) if (status !== 200) expect(refusals).toContain(body['error']);
    // The others made it a reuse: what the first one got has ended.
    for (const { body } of won) expect(await counts(process, body['access_token'] as string)).toBe(false);
  });

  test('AS-031: of fifty refreshes with one token there are never two usable successors', async () => {
    const process = await startAuthorizationServer(dialect);
    const other = await startAuthorizationServer(dialect, process);
    const { refreshToken } = await tokens(process);
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, at) => refresh(at % 2 ? process : otherOf(other), refreshToken)),
    );
    const successors = answers.flatMap(({ body }) =>
      typeof body['refresh_token'] === 'string' ? [body['refresh_token']] : [],
    );
    expect(successors.length).toBeLessThanOrEqual(1);
    const usable = await Promise.all(successors.map((token) => refresh(process, token)));
    expect(usable.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1);
  });

  test('AS-032: a refresh token that was rotated is known as used by a process that began afterwards', async () => {
    const process = await startAuthorizationServer(dialect);
    const { access, refreshToken } = await tokens(process);
    const next = await refresh(process, refreshToken);
    const restarted = otherOf(await startAuthorizationServer(dialect, process));
    expectError(await refresh(restarted, refreshToken), 'invalid_grant');
    expectError(await refresh(restarted, next.body['refresh_token'] as string), 'invalid_grant');
    expect(await counts(process, access)).toBe(false);
  });

  test('AS-033: a refresh that the database failed has used nothing up, and the next one succeeds', async () => {
    const process = await startAuthorizationServer(dialect);
    const { refreshToken } = await tokens(process);
    const { transaction } = process.database;
    let failing = true;
    Object.assign(process.database, {
      // As a connection that breaks after the statements and before the commit.
      transaction: (work: Parameters<typeof transaction>[0]) =>
        transaction.call(process.database, async (trx) => {
          const value = await work(trx);
          if (failing) throw new Error('the connection is gone');
          return value;
        }),
    });
    expect((await refresh(process, refreshToken)).status).toBe(503);
    failing = false;
    expect((await refresh(process, refreshToken)).status).toBe(200);
  });

  test('a revocation in one process holds in another within a second', async () => {
    const process = await startAuthorizationServer(dialect);
    const other = await startAuthorizationServer(dialect, process);
    const { id, access } = await tokens(process);
    expect(await counts(other, access)).toBe(true);
    await process.server.sessions.end({ userId: id }, 'by the user');
    const since = Date.now();
    while (await counts(other, access)) if (Date.now() - since > 5000) break;
    expect(Date.now() - since).toBeLessThan(1000);
    expect(await counts(process, access)).toBe(false);
  });
});

/** Requests go to the issuer's address; this one is at its own. */
const otherOf = (process: AuthorizationServerProcess): { url: URL } => ({ url: process.own });

describe('the token endpoint', () => {
  test('AS-012: a code with a challenge asks for its verifier, and not for the challenge (RFC 7636 §4.6)', async () => {
    const process = await startAuthorizationServer('sqlite');
    const { browser } = await process.person('alice');
    const verifier = newVerifier();
    for (const code_verifier of ['', challengeOf(verifier), newVerifier()]) {
      const code = await codeFor(process, browser, verifier);
      expect((await redeem(process, code, verifier, { code_verifier })).status).toBe(400);
    }
  });

  test('AS-013: verifiers and challenges have their shape (RFC 7636 §4.1)', async () => {
    const process = await startAuthorizationServer('sqlite');
    const { browser } = await process.person('alice');
    const verifier = newVerifier();
    const code = await codeFor(process, browser, verifier);
    for (const bad of ['a'.repeat(42), 'a'.repeat(129), `${'a'.repeat(50)}=`, `${'a'.repeat(50)}/`])
      expect((await redeem(process, code, bad)).status).toBe(400);
    expect((await redeem(process, code, 'a'.repeat(1 << 20))).status).toBe(413);
  });

  test('AS-014: a code that comes back ends everything that it gave (RFC 6749 §4.1.2)', async () => {
    const process = await startAuthorizationServer('sqlite');
    const { browser } = await process.person('alice');
    const verifier = newVerifier();
    const code = await codeFor(process, browser, verifier);
    const { body } = await redeem(process, code, verifier);
    expectError(await redeem(process, code, verifier), 'invalid_grant');
    expect(await counts(process, body['access_token'] as string)).toBe(false);
    expectError(await refresh(process, body['refresh_token'] as string), 'invalid_grant');
  });

  test('AS-016: a code is for the client that it was issued to (RFC 6749 §4.1.3)', async () => {
    const process = await startAuthorizationServer('sqlite');
    const { browser } = await process.person('alice');
    const verifier = newVerifier();
    const code = await codeFor(process, browser, verifier);
    const stolen = {
      grant_type: 'authorization_code',
      code,
      code_verifier: verifier,
      redirect_uri: 'https://c1.test/cb',
    };
    expectError(await ask(process, '/oauth/token', stolen, basic('c2', SECRET)), 'invalid_grant');
  });

  test('AS-018: a code in another flow meets another challenge', async () => {
    const process = await startAuthorizationServer('sqlite');
    const { browser } = await process.person('alice');
    const code = await codeFor(process, browser, newVerifier());
    expectError(await redeem(process, code, newVerifier()), 'invalid_grant');
  });

  test('AS-035: revoking a refresh token ends the grant; another client’s token is not one’s own (RFC 7009 §2)', async () => {
    const process = await startAuthorizationServer('sqlite');
    const { access, refreshToken } = await tokens(process);
    const foreign = await ask(process, '/oauth/revoke', { token: refreshToken }, basic('c2', SECRET));
    expect(foreign.status).toBe(200);
    expect(await counts(process, access)).toBe(true);
    const own = { client_id: 'c1', token: refreshToken, token_type_hint: 'access_token' };
    expect((await ask(process, '/oauth/revoke', own)).status).toBe(200);
    expect(await counts(process, access)).toBe(false);
    expect((await ask(process, '/oauth/revoke', { client_id: 'c1', token: 'unknown' })).status).toBe(200);
    const again = await tokens(process);
    expect((await ask(process, '/oauth/revoke', { client_id: 'c1', token: again.access })).status).toBe(200);
    expect(await counts(process, again.access)).toBe(false);
  });

  test('AS-038: a token request gets no resource that was not granted (RFC 8707 §2.2)', async () => {
    const process = await startAuthorizationServer('sqlite');
    const { browser } = await process.person('alice');
    const verifier = newVerifier();
    const code = await codeFor(process, browser, verifier);
    expectError(await redeem(process, code, verifier, { resource: `${process.resource}/flights` }), 'invalid_target');
  });

  test('AS-039: without a resource there is no audience, and no door opens (RFC 8707 §2.1)', async () => {
    const process = await startAuthorizationServer('sqlite');
    const { browser } = await process.person('alice');
    const verifier = newVerifier();
    const none = { resource: undefined, scope: 'openid' };
    const { body } = await redeem(process, await codeFor(process, browser, verifier, none), verifier);
    expect((body['access_token'] as string).split('.')).toHaveLength(1);
    expect(await counts(process, body['access_token'] as string)).toBe(false);
  });

  test('AS-057: one way of proving who a client is, and never in the address (RFC 6749 §2.3)', async () => {
    const process = await startAuthorizationServer('sqlite');
    const grant = { grant_type: 'client_credentials', resource: process.resource, scope: 'read:flights' };
    expect((await ask(process, '/oauth/token', grant, basic('c2', 'wrong'))).body['error']).toBe('invalid_client');
    const both = await ask(process, '/oauth/token', { ...grant, client_id: 'c1' }, basic('c2', SECRET));
    expect(both.body['error']).toBe('invalid_request');
    const address = await ask(process, `/oauth/token?client_id=c2&client_secret=${SECRET}`, grant);
    expect(address.status).toBeGreaterThanOrEqual(400);
  });

  test('AS-058: a token is told about to its own client alone, by POST (RFC 7662 §2.1)', async () => {
    const process = await startAuthorizationServer('sqlite');
    const { access } = await tokens(process);
    const asked = await ask(process, '/oauth/introspect', { token: access }, basic('c2', SECRET));
    expect([asked.status, asked.body]).toEqual([200, { active: false }]);
    expect((await ask(process, '/oauth/introspect', { token: access })).status).toBeGreaterThanOrEqual(400);
    const url = new URL(`/oauth/introspect?token=${access}`, process.url);
    const byGet = await fetch(url);
    expect([byGet.status, byGet.headers.get('allow')]).toEqual([405, 'POST']);
    expect(JSON.stringify(await process.audit.query({}, { limit: 100 }))).not.toContain(access);
    const { browser } = await process.person('alice');
    const verifier = newVerifier();
    const code = await codeFor(process, browser, verifier, C2);
    const form = { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: C2.redirect_uri };
    const { body } = await ask(process, '/oauth/token', form, basic('c2', SECRET));
    const own = await ask(process, '/oauth/introspect', { token: body['access_token'] as string }, basic('c2', SECRET));
    expect(own.body).toMatchObject({ active: true, client_id: 'c2', aud: process.resource, scope: 'read:flights' });
  });

  test('AS-069: only an access token is one: an ID token, a refresh token and a code open nothing', async () => {
    const process = await startAuthorizationServer('sqlite');
    const { browser } = await process.person('alice');
    const verifier = newVerifier();
    const code = await codeFor(process, browser, verifier, { scope: 'openid read:flights' });
    const { body } = await redeem(process, code, verifier);
    for (const other of [body['id_token'], body['refresh_token'], code])
      expect(await counts(process, other as string)).toBe(false);
    expect(await counts(process, body['access_token'] as string)).toBe(true);
  });

  test('at rest there is nothing that somebody could present, and no claim to read', async () => {
    const process = await startAuthorizationServer('sqlite');
    const { access, refreshToken } = await tokens(process);
    const rows = JSON.stringify(await process.database.db.selectFrom('oauth_artifacts').selectAll().execute());
    for (const secret of [refreshToken, access, 'read:flights', 'the-state']) expect(rows).not.toContain(secret);
  });

  test('every answer is on record: who, for whom, what for, under which token session', async () => {
    const process = await startAuthorizationServer('sqlite');
    const { id } = await tokens(process);
    const { records } = await process.audit.query({ type: 'oauth.token' }, { limit: 10 });
    expect(records[0]).toMatchObject({
      door: 'oauth',
      outcome: 'success',
      actor: { kind: 'user', sub: id },
      object: { kind: 'client', id: 'c1' },
      details: { grantType: 'authorization_code', resource: process.resource, scope: 'read:flights' },
    });
    expect(records[0]?.details?.['tsid']).toBeTruthy();
  });
});
