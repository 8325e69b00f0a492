import { expect, test } from 'vitest';
import { CALLBACK, startAuthorizationServer, type Clients } from './authorization-server.fixture.ts';
import { answerAt, authorizeUrl, codeFor, newVerifier, redeem } from './code-flow.fixture.ts';

const visitor = async (fields: Clients[string]) => {
  const process = await startAuthorizationServer('sqlite', undefined, { c1: { redirectUris: [CALLBACK], ...fields } });
  const { browser } = await process.person('alice');
  return { process, browser };
};

test('a client gets no token for a resource that it was not set up for (RFC 8707 §2)', async () => {
  const { process, browser } = await visitor({ audiences: ['https://other.test/mcp'] });
  const seen = await browser.get(authorizeUrl(process, newVerifier()));
  expect(answerAt(seen.to).get('error')).toBe('invalid_target');
});

test('a client that only asks who somebody is gets no token for any resource', async () => {
  const { process, browser } = await visitor({ signInOnly: true });
  const seen = await browser.get(authorizeUrl(process, newVerifier()));
  expect(answerAt(seen.to).get('error')).toBe('invalid_target');
});

test('what a client may not ask for, nobody is asked about and nobody can give it', async () => {
  const { process, browser } = await visitor({ scopes: ['read:flights'] });
  const page = await browser.follow(authorizeUrl(process, newVerifier(), { scope: 'read:flights write:flights' }));
  expect(page.text).toContain('read:flights');
  expect(page.text).not.toContain('write:flights');
  const verifier = newVerifier();
  const code = await codeFor(process, browser, verifier, { scope: 'read:flights write:flights' });
  expect((await redeem(process, code, verifier)).body['scope']).toBe('read:flights');
});

test('people are not asked about a client of whoever runs the server, and others are', async () => {
  const { process, browser } = await visitor({ firstParty: true });
  const seen = await browser.follow(authorizeUrl(process, newVerifier()));
  expect(answerAt(seen.to).get('code')).toBeTruthy();
});

test('where clients do not register themselves, none does, and the metadata offer it to none', async () => {
  const process = await startAuthorizationServer('sqlite', undefined, undefined, false);
  const answer = await fetch(new URL('/oauth/register', process.url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ redirect_uris: [CALLBACK] }),
  });
  expect(answer.status).toBe(403);
  const metadata = await (await fetch(new URL('/.well-known/oauth-authorization-server', process.url))).json();
  expect(metadata).not.toHaveProperty('registration_endpoint');
});
