import { describe, expect, test } from 'vitest';
import {
  CALLBACK,
  type Clients,
  startAuthorizationServer,
  type AuthorizationServerProcess,
} from './authorization-server.fixture.ts';
import type { Browser, Seen } from '../../../test/browser.ts';
import { answerAt, ask, authorizeUrl, newVerifier } from './code-flow.fixture.ts';

/** An error page of ours: no way on, whatever was asked. */
function expectNoRedirect(seen: Seen): void {
  expect(seen.status).toBe(400);
  expect(seen.to).toBeUndefined();
  expect(seen.headers.get('content-type')).toContain('text/html');
  expect(seen.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
}

async function visitor(more?: Readonly<Clients>): Promise<{ process: AuthorizationServerProcess; browser: Browser }> {
  const process = await startAuthorizationServer('sqlite', undefined, more);
  const { browser } = await process.person('alice');
  return { process, browser };
}

const errorOf = (seen: Seen): string | null => answerAt(seen.to).get('error');

describe('the authorization endpoint', () => {
  test('AS-001: a redirect with an attacker’s suffix leads nowhere (RFC 9700 §2.1)', async () => {
    const { process, browser } = await visitor();
    for (const suffix of ['/../evil', '/evil', '%2f..%2fevil', '/'])
      expectNoRedirect(await browser.get(authorizeUrl(process, newVerifier(), { redirect_uri: CALLBACK + suffix })));
    const { records } = await process.audit.query({ type: 'oauth.authorize' }, { limit: 10 });
    expect(records.length).toBe(4);
    expect(records[0]).toMatchObject({ outcome: 'denied' });
  });

  test('AS-003: a redirect is compared byte by byte: no case folded, no default port left out', async () => {
    const { process, browser } = await visitor();
    for (const redirect_uri of ['HTTPS://C1.TEST/cb', 'https://c1.test/CB', 'https://c1.test:443/cb'])
      expectNoRedirect(await browser.get(authorizeUrl(process, newVerifier(), { redirect_uri })));
  });

  test('AS-008: of two registered redirects none is chosen (RFC 6749 §3.1.2.3)', async () => {
    const two = { c1: { redirectUris: [CALLBACK, 'https://c1.test/other'] } };
    const { process, browser } = await visitor(two);
    expectNoRedirect(await browser.get(authorizeUrl(process, newVerifier(), { redirect_uri: undefined })));
  });

  test('AS-011: PKCE is S256 or nothing, and the metadata says so (RFC 7636 §4.3)', async () => {
    const { process, browser } = await visitor();
    for (const method of ['plain', undefined, 'S512']) {
      const seen = await browser.get(authorizeUrl(process, newVerifier(), { code_challenge_method: method }));
      expect(errorOf(seen)).toBe('invalid_request');
    }
    const without = { code_challenge: undefined, code_challenge_method: undefined };
    expect(errorOf(await browser.get(authorizeUrl(process, newVerifier(), without)))).toBe('invalid_request');
    const metadata = JSON.parse((await browser.get('/.well-known/oauth-authorization-server')).text) as object;
    expect(metadata).toMatchObject({
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
      response_types_supported: ['code'],
    });
    expect(JSON.stringify(metadata)).not.toContain('implicit');
  });

  test('AS-028: an identifier of a session that a client sends is not taken over', async () => {
    const { process, browser } = await visitor();
    const more = { tsid: 'TS_B', session_id: 'TS_B' };
    const page = await browser.follow(authorizeUrl(process, newVerifier(), more));
    await browser.decide(page, 'approve');
    const [session] = await process.server.sessions.list((await process.person('alice')).id);
    expect(session?.id).toMatch(/^[0-9a-f-]{36}$|^[0-9A-Za-z_-]{20,}$/);
    expect(session?.id).not.toContain('TS_B');
  });

  test('AS-029: what an attacker writes into a request comes back as text', async () => {
    const { process, browser } = await visitor();
    const script = '<script>alert(1)</script>';
    for (const more of [{ client_id: script }, { redirect_uri: script }, { scope: script, redirect_uri: 'x' }]) {
      const seen = await browser.get(authorizeUrl(process, newVerifier(), more));
      expectNoRedirect(seen);
      expect(seen.text).not.toContain('<script');
      expect(seen.headers.get('x-content-type-options')).toBe('nosniff');
      expect(seen.headers.get('content-security-policy')).not.toContain('unsafe-inline');
    }
  });

  test('AS-037: a resource that nothing here has is refused, however much it looks like one (RFC 8707 §2)', async () => {
    const { process, browser } = await visitor();
    const { resource } = process;
    const wrong = [
      'https://not-registered.test/',
      '/mcp',
      `${resource}#frag`,
      `${resource}/../admin`,
      `${resource}%2f`,
      `${resource}?x=1`,
    ];
    for (const one of wrong) {
      const seen = await browser.get(authorizeUrl(process, newVerifier(), { resource: one }));
      expect([one, errorOf(seen)]).toEqual([one, 'invalid_target']);
    }
  });

  test('AS-060: a second client is asked for, though the person has allowed another', async () => {
    const { process, browser } = await visitor();
    await browser.decide(await browser.follow(authorizeUrl(process, newVerifier())), 'approve');
    const seen = await browser.follow(
      authorizeUrl(process, newVerifier(), { client_id: 'c2', redirect_uri: 'https://c2.test/cb' }),
    );
    expect([seen.status, seen.to]).toEqual([200, undefined]);
    expect(seen.text).toContain('Back Office');
  });

  test('AS-061: the decision is a form of our own page, once, and changes nothing of what was shown', async () => {
    const { process, browser } = await visitor();
    const page = await browser.follow(authorizeUrl(process, newVerifier()));
    expect(page.headers.get('x-frame-options')).toBe('DENY');
    const action = /action="([^"]+)"/.exec(page.text)?.[1] ?? '';
    const form = /name="form" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
    const foreign = { origin: 'https://evil.test', 'sec-fetch-site': 'cross-site' };
    expect((await browser.post(action, { form, decision: 'approve' }, foreign)).status).toBe(400);
    expect((await browser.post(action, { form: 'guessed', decision: 'approve' })).status).toBe(400);
    // Fields that were not asked for are not read.
    const more = { scope: 'write:flights', client_id: 'c2', redirect_uri: 'https://c2.test/cb' };
    const first = await browser.post(action, { form, decision: 'approve', ...more });
    const done = await browser.follow(first.to ?? '');
    expect(done.to?.startsWith(`${CALLBACK}?`)).toBe(true);
    expect((await browser.post(action, { form, decision: 'approve' })).status).toBe(400);
  });

  test('AS-062: without a person there is an error and no code (OpenID Connect Core §3.1.2.6)', async () => {
    const { process, browser } = await visitor();
    const silent = { prompt: 'none' };
    expect(errorOf(await browser.get(authorizeUrl(process, newVerifier(), silent)))).toBe('login_required');
    await browser.decide(await browser.follow(authorizeUrl(process, newVerifier())), 'approve');
    const seen = await browser.get(authorizeUrl(process, newVerifier(), silent));
    expect(['consent_required', 'interaction_required']).toContain(errorOf(seen));
  });

  test('AS-070: metadata comes from the configuration, whatever a request says of us', async () => {
    const { process, browser } = await visitor();
    const poisoned = { 'x-forwarded-host': 'evil.test', 'x-forwarded-proto': 'https', forwarded: 'host=evil.test' };
    for (const path of ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration/mcp']) {
      const response = await fetch(new URL(path, process.url), { headers: poisoned });
      const text = await response.text();
      expect(JSON.parse(text)).toMatchObject({ issuer: process.url.origin });
      expect(text).not.toContain('evil.test');
    }
    expect((await browser.get('/.well-known/jwks.json')).text).not.toContain('"d"');
  });

  test('AS-071: a form is answered with 303, and its page tells other sites nothing', async () => {
    const { process, browser } = await visitor();
    const page = await browser.follow(authorizeUrl(process, newVerifier()));
    expect(page.headers.get('cache-control')).toBe('no-store');
    const action = /action="([^"]+)"/.exec(page.text)?.[1] ?? '';
    const form = /name="form" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
    expect((await browser.post(action, { form, decision: 'deny' })).status).toBe(303);
  });

  test('AS-073: a request object or a reference to one is refused and not fetched (RFC 9101)', async () => {
    const { process, browser } = await visitor();
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const object = `${part({ alg: 'none' })}.${part({ scope: 'admin' })}.`;
    const seen = await browser.get(authorizeUrl(process, newVerifier(), { request: object }));
    expect(errorOf(seen)).toBe('request_not_supported');
    const reference = { request_uri: 'http://127.0.0.1:9/r' };
    const referred = await browser.get(authorizeUrl(process, newVerifier(), reference));
    expect(
      referred.status >= 400 ||
        errorOf(referred)?.startsWith('request_uri') ||
        errorOf(referred)?.startsWith('invalid_request'),
    ).toBe(true);
    expect(answerAt(referred.to).get('code')).toBeNull();
  });

  test('a person who says no sends the client away with access_denied (RFC 6749 §4.1.2.1)', async () => {
    const { process, browser } = await visitor();
    const done = await browser.decide(await browser.follow(authorizeUrl(process, newVerifier())), 'deny');
    expect([errorOf(done), answerAt(done.to).get('iss')]).toEqual(['access_denied', process.url.origin]);
  });

  test('whoever is not signed in goes to the sign-in page, and comes back to the request', async () => {
    const { process } = await visitor();
    const { browser } = await process.person('bob');
    browser.cookies.clear();
    const seen = await browser.follow(authorizeUrl(process, newVerifier()));
    expect(seen.text).toContain('Password');
    expect(seen.text).toContain('/oauth/interaction/');
  });

  test('a session of another person begins anew: nothing is allowed in a name that left', async () => {
    const { process, browser } = await visitor();
    await browser.decide(await browser.follow(authorizeUrl(process, newVerifier())), 'approve');
    const bob = await process.person('bob');
    browser.cookies.set('chatelaine', bob.browser.cookies.get('chatelaine') ?? '');
    const page = await browser.follow(authorizeUrl(process, newVerifier()));
    expect(page.text).toContain('bob');
    expect(page.text).not.toContain('alice');
  });

  test('a request pushed beforehand is one of a kind (RFC 9126)', async () => {
    const { process, browser } = await visitor();
    const query = new URL(authorizeUrl(process, newVerifier()), process.url).searchParams;
    const { status, body } = await ask(process, '/oauth/par', Object.fromEntries(query));
    expect(status).toBe(201);
    const pushed = new URLSearchParams({ client_id: 'c1', request_uri: body['request_uri'] as string });
    const done = await browser.decide(await browser.follow(`/oauth/authorize?${pushed}`), 'approve');
    expect(answerAt(done.to).get('code')).toBeTruthy();
    expect(errorOf(await browser.get(`/oauth/authorize?${pushed}`)) ?? 'page').not.toBeNull();
  });
});
