import { expect, test } from 'vitest';
import { startAuthorizationServer, type AuthorizationServerProcess } from './authorization-server.fixture.ts';
import { answerAt, authorizeUrl, newVerifier, redeem } from './code-flow.fixture.ts';

const REDIRECT = 'http://127.0.0.1:33418/callback';

async function send(process: AuthorizationServerProcess, method: string, path: string, body?: object, token?: string) {
  const response = await fetch(new URL(path, process.url), {
    method,
    headers: {
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> };
}

test('a client registers itself, and a person who is warned of it lets it in (RFC 7591)', async () => {
  const process = await startAuthorizationServer('sqlite');
  const wanted = { client_name: 'Desk', redirect_uris: [REDIRECT], token_endpoint_auth_method: 'none' };
  const { status, body } = await send(process, 'POST', '/oauth/register', wanted);
  expect(status).toBe(201);
  const id = body['client_id'] as string;
  const { browser } = await process.person('alice');
  const verifier = newVerifier();
  // Another port of the same machine is the same place (RFC 8252 §7.3).
  const at = 'http://127.0.0.1:50123/callback';
  const page = await browser.follow(authorizeUrl(process, verifier, { client_id: id, redirect_uri: at }));
  expect(page.text).toContain('unverified client');
  expect(page.text).toContain('127.0.0.1:50123');
  const done = await browser.decide(page, 'approve');
  const form = { client_id: id, redirect_uri: at };
  const redeemed = await redeem(process, answerAt(done.to).get('code') ?? '', verifier, form);
  expect(redeemed.status).toBe(200);
});

test('AS-040: no client registers a place that runs as a script or is anybody’s; what is wrong is said (RFC 7591 §3.2.2)', async () => {
  const process = await startAuthorizationServer('sqlite');
  for (const uri of [
    'javascript:alert(1)',
    'data:text/html,x',
    'http://evil.test/cb',
    'https://*.evil.test/cb',
    'https://x.test/cb#f',
    '',
  ]) {
    const { status, body } = await send(process, 'POST', '/oauth/register', { redirect_uris: [uri] });
    expect([uri, status, body['error']]).toEqual([uri, 400, 'invalid_redirect_uri']);
  }
  expect((await process.database.db.selectFrom('oauth_clients').selectAll().execute()).length).toBe(0);
});

test('AS-045: a registration is read, changed and deleted with its own token alone (RFC 7592)', async () => {
  const process = await startAuthorizationServer('sqlite');
  const made = await send(process, 'POST', '/oauth/register', { redirect_uris: [REDIRECT] });
  const other = await send(process, 'POST', '/oauth/register', { redirect_uris: [REDIRECT] });
  const path = new URL(made.body['registration_client_uri'] as string).pathname;
  const foreign = other.body['registration_access_token'] as string;
  for (const method of ['GET', 'DELETE'])
    expect((await send(process, method, path, undefined, foreign)).status).toBe(401);
  expect((await send(process, 'GET', path)).status).toBe(401);
  const own = made.body['registration_access_token'] as string;
  expect((await send(process, 'GET', path, undefined, own)).body['redirect_uris']).toEqual([REDIRECT]);
  expect((await send(process, 'DELETE', path, undefined, own)).status).toBe(204);
  expect((await send(process, 'GET', path, undefined, own)).status).toBe(401);
});

test('AS-044: a flood of registrations from one address is told to wait', async () => {
  const process = await startAuthorizationServer('sqlite');
  const answers = [];
  for (let at = 0; at < 30; at++)
    answers.push((await send(process, 'POST', '/oauth/register', { redirect_uris: [REDIRECT] })).status);
  expect(answers.filter((status) => status === 201).length).toBe(20);
  expect(answers.at(-1)).toBe(429);
});
