import { expect, test } from 'vitest';
import { CALLBACK, CLIENTS, startAuthorizationServer, type Clients } from './authorization-server.fixture.ts';
import { answerAt, authorizeUrl, codeFor, newVerifier, redeem } from './code-flow.fixture.ts';

test('what was allowed to a client that an administrator set up is not asked again; more is', async () => {
  const process = await startAuthorizationServer('sqlite');
  const { id, browser } = await process.person('alice');
  await codeFor(process, browser, newVerifier());
  const verifier = newVerifier();
  const again = await browser.follow(authorizeUrl(process, verifier));
  const code = answerAt(again.to).get('code');
  expect(code).toBeTruthy();
  const { body } = await redeem(process, code ?? '', verifier);
  expect(body['scope']).toBe('read:flights');
  // A session of its own: ending one leaves the other.
  expect((await process.server.sessions.list(id)).length).toBe(2);
  const more = await browser.follow(authorizeUrl(process, newVerifier(), { scope: 'read:flights write:flights' }));
  expect([more.status, more.to]).toEqual([200, undefined]);
  const asked = await browser.follow(authorizeUrl(process, newVerifier(), { prompt: 'consent' }));
  expect([asked.status, asked.to]).toEqual([200, undefined]);
});

test('AS-053: a client that has changed its name or redirects since is asked about again', async () => {
  const clients: Clients = { ...CLIENTS };
  const process = await startAuthorizationServer('sqlite', undefined, clients);
  const { browser } = await process.person('alice');
  await codeFor(process, browser, newVerifier());
  clients['c1'] = { ...clients['c1'], redirectUris: [CALLBACK, 'https://other.test/cb'] };
  const seen = await browser.follow(authorizeUrl(process, newVerifier()));
  expect([seen.status, seen.to]).toEqual([200, undefined]);
});

test('a client without a place of its own is looked at every time, and prompt=none gives it no code', async () => {
  const clients = { c1: { redirectUris: ['http://127.0.0.1/cb'] } };
  const process = await startAuthorizationServer('sqlite', undefined, clients);
  const { browser } = await process.person('alice');
  const at = { redirect_uri: 'http://127.0.0.1:49152/cb' };
  await codeFor(process, browser, newVerifier(), at);
  const seen = await browser.follow(authorizeUrl(process, newVerifier(), at));
  expect([seen.status, seen.to]).toEqual([200, undefined]);
  const silent = await browser.get(authorizeUrl(process, newVerifier(), { ...at, prompt: 'none' }));
  expect(answerAt(silent.to).get('error')).toBe('interaction_required');
});
