import { SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import type { Browser, Seen } from '../../../test/browser.ts';
import { makeSigner } from '../keys/key-material.ts';
import {
  CALLBACK,
  MovedClock,
  startAuthorizationServer,
  type AuthorizationServerProcess,
  type Clients,
} from './authorization-server.fixture.ts';
import { answerAt, ask, authorizeUrl, codeFor, newVerifier, redeem } from './code-flow.fixture.ts';

const BYE = 'https://c1.test/bye';
const clients: Clients = {
  c1: { displayName: 'Flights Desk', redirectUris: [CALLBACK], postLogoutRedirectUris: [BYE] },
  c2: {
    displayName: 'Other Desk',
    redirectUris: ['https://c2.test/cb'],
    postLogoutRedirectUris: ['https://c2.test/bye'],
  },
};

interface SignedIn {
  readonly process: AuthorizationServerProcess;
  readonly browser: Browser;
  readonly id: string;
  readonly hint: string;
  readonly access: string;
}

/** Alice, signed in at the client as well, with her ID token. */
async function signedIn(clock?: MovedClock): Promise<SignedIn> {
  const process = await startAuthorizationServer('sqlite', undefined, clients, true, clock ? { clock } : {});
  const { browser, id } = await process.person('alice');
  const verifier = newVerifier();
  const code = await codeFor(process, browser, verifier, { scope: 'openid read:flights' });
  const { body } = await redeem(process, code, verifier);
  return { process, browser, id, hint: body['id_token'] as string, access: body['access_token'] as string };
}

const logoutUrl = (fields: Readonly<Record<string, string>>): string =>
  `/oauth/logout?${new URLSearchParams(fields).toString()}`;

/** Sends the form of the page. */
const confirm = (browser: Browser, page: Seen, headers: Record<string, string> = {}): Promise<Seen> => {
  const fields = [...page.text.matchAll(/<input\s+type="hidden"\s+name="([^"]+)"\s+value="([^"]*)"/g)];
  return browser.post(
    '/oauth/logout',
    Object.fromEntries(fields.map(([, name, value]) => [name, value?.replaceAll('&amp;', '&')])),
    headers,
  );
};

const isIn = async (browser: Browser): Promise<boolean> => (await browser.get('/console/account')).status === 200;

/** Whether the provider knows who is in the browser: asked without a page, it does not ask for a sign-in. */
async function isKnown({ process, browser }: SignedIn): Promise<boolean> {
  const seen = await browser.get(authorizeUrl(process, newVerifier(), { prompt: 'none' }));
  return answerAt(seen.to).get('error') !== 'login_required';
}

test('CON-005: a person who is asked and says yes is signed out here and at the provider, and goes where the client registered', async () => {
  const alice = await signedIn();
  const { process, browser, hint } = alice;
  expect([await isIn(browser), await isKnown(alice)]).toEqual([true, true]);
  const asked = { id_token_hint: hint, post_logout_redirect_uri: BYE, state: 'a&b=c' };
  const page = await browser.get(logoutUrl(asked));
  expect(page.status).toBe(200);
  for (const said of ['Flights Desk', 'alice', 'c1.test', 'Sign out', 'Stay signed in'])
    expect(page.text).toContain(said);
  expect(page.text).not.toContain('<script');
  expect(page.headers.get('content-security-policy')).toContain("form-action 'self' https://c1.test");
  const held = new Map(browser.cookies);
  const done = await confirm(browser, page);
  expect([done.status, done.to]).toEqual([303, `${BYE}?state=a%26b%3Dc`]);
  expect([...browser.cookies.keys()].filter((name) => /^chatelaine(-oauth)?(\.sig)?$/.test(name))).toEqual([]);
  // What the cookies said counts for nothing any more, whoever kept them.
  for (const [name, value] of held) browser.cookies.set(name, value);
  expect(await isIn(browser)).toBe(false);
  expect(await isKnown(alice)).toBe(false);
  // Nor when the same person comes back: what the provider knew of the browser is gone by itself.
  const again = await process.person('alice');
  browser.cookies.set('chatelaine', again.browser.cookies.get('chatelaine') ?? '');
  expect(await isKnown(alice)).toBe(false);
  const { records } = await process.audit.query({ type: 'session.ended' }, { limit: 5 });
  expect(records[0]).toMatchObject({ outcome: 'success', actor: { sub: alice.id } });
});

test('programs that act for the person go on: they are ended where the person sees them all', async () => {
  const { process, browser, access, id } = await signedIn();
  await confirm(browser, await browser.get('/oauth/logout'));
  expect((await process.server.verifier.verify(access)).ok).toBe(true);
  expect(await process.server.sessions.list(id)).toHaveLength(1);
});

test('without a hint or a client it asks all the same, and leads to the sign-in page', async () => {
  const { browser } = await signedIn();
  const page = await browser.get('/oauth/logout');
  expect(page.text).toContain('alice');
  expect((await confirm(browser, page)).to).toBe('/console/sign-in?after=sign-out');
  const again = await browser.get('/oauth/logout');
  expect([again.status, again.text.includes('Nobody is signed in')]).toEqual([200, true]);
});

test('a client that is named without a hint may have its own address, which a person who is out is shown', async () => {
  const { browser } = await signedIn();
  browser.cookies.clear();
  const page = await browser.get(logoutUrl({ client_id: 'c1', post_logout_redirect_uri: BYE, state: '"><script>' }));
  expect(page.text).toContain('href="https://c1.test/bye?state=%22%3E%3Cscript%3E"');
  expect(page.text).not.toContain('<script');
});

test('a hint that has expired counts, and one that was signed with a key that signs no more', async () => {
  const clock = new MovedClock();
  const { process, browser, hint } = await signedIn(clock);
  clock.move(20 * 60_000);
  await process.keys.rotate();
  const page = await browser.get(logoutUrl({ id_token_hint: hint, post_logout_redirect_uri: BYE }));
  expect((await confirm(browser, page)).to).toBe(BYE);
});

test('a form of the client’s own page asks as a link does (§2: GET and POST)', async () => {
  const { browser, hint } = await signedIn();
  const elsewhere = { origin: 'https://c1.test', 'sec-fetch-site': 'cross-site' };
  const sent = await browser.post('/oauth/logout', { id_token_hint: hint, post_logout_redirect_uri: BYE }, elsewhere);
  expect(sent.status).toBe(303);
  expect((await browser.get(sent.to ?? '')).text).toContain('Flights Desk');
  expect(await isIn(browser)).toBe(true);
});

describe('nobody is signed out, and nobody is sent anywhere', () => {
  const refused = async (browser: Browser, fields: Readonly<Record<string, string>>): Promise<void> => {
    const seen = await browser.get(logoutUrl(fields));
    expect([fields, seen.status, seen.to]).toEqual([fields, 400, undefined]);
    expect(seen.text).not.toContain('href="https://evil.test');
    expect(seen.text).not.toContain('<script');
  };

  test('CON-004: by an address that the client did not register, in whatever spelling', async () => {
    const { browser, hint } = await signedIn();
    for (const uri of [
      'https://evil.test/',
      `${BYE}/`,
      `${BYE}?x=1`,
      'https://c1.test/BYE',
      'https://c1.test:443/bye',
      'https://c2.test/bye',
      CALLBACK,
      '//evil.test',
      'javascript:alert(1)',
      '',
    ]) {
      await refused(browser, { id_token_hint: hint, post_logout_redirect_uri: uri });
      await refused(browser, { client_id: 'c1', post_logout_redirect_uri: uri });
    }
    await refused(browser, { post_logout_redirect_uri: BYE });
    await refused(browser, { client_id: 'nobody', post_logout_redirect_uri: BYE });
    await refused(browser, { client_id: '<script>alert(1)</script>' });
    expect(await isIn(browser)).toBe(true);
  });

  test('AS-069: by a hint that is no ID token of ours, is another client’s, or another person’s', async () => {
    const { process, browser, hint, access, id } = await signedIn();
    const foreign = await makeSigner('ES256');
    const claims = { iss: process.url.origin, aud: 'c1', sub: id };
    const signed = (of: typeof foreign, header: object, body: object) =>
      new SignJWT({ ...body }).setProtectedHeader({ alg: 'ES256', kid: of.kid, ...header }).sign(of.privateKey);
    const { signer } = await process.keys.current();
    for (const bad of [
      access,
      await signed(foreign, {}, claims),
      await signed(signer, {}, { ...claims, iss: 'https://other.test' }),
      await signed(signer, { typ: 'logout+jwt' }, claims),
      await signed(signer, {}, { ...claims, sub: 'somebody-else' }),
      await signed(signer, {}, { ...claims, aud: ['c1', 'c2'] }),
      `${hint.slice(0, -8)}AAAAAAAA`,
      `${Buffer.from('{"alg":"none"}').toString('base64url')}.${hint.split('.')[1]}.`,
      'x',
      'x'.repeat(10_000),
    ])
      await refused(browser, { id_token_hint: bad, post_logout_redirect_uri: BYE });
    await refused(browser, { id_token_hint: hint, client_id: 'c2' });
    const bob = await process.person('bob');
    await refused(bob.browser, { id_token_hint: hint, post_logout_redirect_uri: BYE });
    expect([await isIn(browser), await isIn(bob.browser)]).toEqual([true, true]);
  });

  test('CON-001: by asking alone, by a form of another site, or by one that belongs to another session', async () => {
    const alice = await signedIn();
    const { process, browser } = alice;
    const page = await browser.get(logoutUrl({ client_id: 'c1' }));
    for (const headers of [
      { origin: 'https://evil.test', 'sec-fetch-site': 'cross-site' },
      { origin: 'null', 'sec-fetch-site': 'cross-site' },
      { origin: 'https://c1.test', 'sec-fetch-site': 'cross-site' },
    ])
      expect((await confirm(browser, page, headers)).status).toBe(400);
    const bob = await process.person('bob');
    const foreign = await bob.browser.get('/oauth/logout');
    expect((await confirm(browser, foreign)).status).toBe(400);
    expect((await browser.post('/oauth/logout', { form: '' })).status).toBe(400);
    // Nor by the way that the provider has for it.
    expect((await browser.post('/oauth/logout/confirm', { logout: 'yes' })).status).toBe(404);
    expect([await isIn(browser), await isIn(bob.browser), await isKnown(alice)]).toEqual([true, true, true]);
  });

  test('CON-004: by a form that was altered after it was shown', async () => {
    const { browser } = await signedIn();
    const page = await browser.get(logoutUrl({ client_id: 'c1', post_logout_redirect_uri: BYE }));
    const altered = { ...page, text: page.text.replaceAll(BYE, 'https://evil.test/') };
    const seen = await confirm(browser, altered);
    expect([seen.status, seen.to, await isIn(browser)]).toEqual([400, undefined, true]);
  });

  test('by the same parameter twice', async () => {
    const { browser } = await signedIn();
    const twice = `/oauth/logout?client_id=c1&post_logout_redirect_uri=${BYE}&post_logout_redirect_uri=https://evil.test`;
    expect((await browser.get(twice)).status).toBe(400);
  });
});

test('the metadata name the endpoint, and clients that register themselves may have an address for it', async () => {
  const { process, browser } = await signedIn();
  const metadata = await (await fetch(new URL('/.well-known/openid-configuration', process.url))).json();
  expect(metadata).toMatchObject({ end_session_endpoint: `${process.url.origin}/oauth/logout` });
  const register = async (members: object) => {
    const answer = await fetch(new URL('/oauth/register', process.url), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ redirect_uris: ['https://d.test/cb'], ...members }),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  const { body } = await register({ post_logout_redirect_uris: ['https://d.test/bye'] });
  expect(body['post_logout_redirect_uris']).toEqual(['https://d.test/bye']);
  const wanted = { client_id: body['client_id'] as string, post_logout_redirect_uri: 'https://d.test/bye' };
  expect((await browser.get(logoutUrl(wanted))).text).toContain('That is what it calls itself');
  for (const uris of [['http://evil.test'], ['javascript:alert(1)'], 'x', ['https://*.test/']])
    expect((await register({ post_logout_redirect_uris: uris })).body['error']).toBe('invalid_redirect_uri');
  expect((await ask(process, '/oauth/token', { grant_type: 'refresh_token' })).status).toBe(400);
});
