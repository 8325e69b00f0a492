import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { operator } from '#identity';
import { reveal, Secret } from '#kernel';
import { html, Html } from '../pages/html.ts';
import { browserName } from '../pages/account-pages.ts';
import { nextPath } from '../pages/next-path.ts';
import { codeAt, stepAt } from '../second-factors/totp.ts';
import { csrfToken } from '../sessions/csrf.ts';
import { PageVisitor, servePages } from './page-visitor.fixture.ts';
import { PASSWORD, startSignIn } from './sign-in.fixture.ts';
import { SoftwareAuthenticator } from './software-authenticator.fixture.ts';

const ORIGIN = 'https://tools.example';
const SYSTEM = {
  door: 'system' as const,
  actor: { kind: 'system' as const, iss: 'chatelaine', sub: 'serve', name: 'serve' },
};

async function start() {
  const process = await startSignIn('sqlite');
  const { port } = await servePages(process);
  const browser = () => new PageVisitor(port, ORIGIN);
  const visitor = browser();
  const signIn = async (name: string, password = PASSWORD, by = visitor) => {
    await by.open('/console/sign-in');
    return await by.submit('/console/sign-in', { name, password });
  };
  const seedOnPage = (): Secret => new Secret(visitor.find(/<p class="seed">([^<]+)</).replaceAll(' ', ''));
  /** Signs in an administrator through every page and gives the seed of the app. */
  const signInAdministrator = async () => {
    await process.person('root', ['admin']);
    await signIn('root');
    await visitor.submit('/console/enrol', {});
    const seed = seedOnPage();
    await visitor.submit('/console/enrol/app', { code: codeAt(seed, stepAt(process.clock.now())) });
    process.clock.advance(30_000);
    return seed;
  };
  return { ...process, browser, visitor, signIn, seedOnPage, signInAdministrator };
}

describe('the pages', () => {
  test('lead the first administrator from the link to the account, without a script', async () => {
    const { services, visitor, seedOnPage, clock } = await start();
    const link = reveal((await services.setup.issue(SYSTEM, { reissue: false })) as Secret);
    const first = await visitor.get(`/console/setup?token=${link}`);
    expect(first).toMatchObject({ status: 303, to: '/console/setup' });
    expect((await visitor.open('/console/setup')).text).toContain('Set up Chatelaine');
    expect(visitor.page).not.toContain(link);
    const wanted = { name: 'maria', 'display-name': 'Maria B.', password: PASSWORD };
    expect((await visitor.submit('/console/setup', { ...wanted, again: 'x' })).text).toContain('not the same as above');
    const short = await visitor.submit('/console/setup', { ...wanted, password: 'short', again: 'short' });
    expect(short.status).toBe(400);
    expect(visitor.page).toMatch(/aria-describedby="password-hint password-problem"\s+aria-invalid="true"/);
    expect(visitor.page).toContain('value="Maria B."');
    await visitor.submit('/console/setup', { ...wanted, again: PASSWORD });
    expect(visitor.page).toContain('Set up a second factor');
    await visitor.submit('/console/enrol', {});
    expect(visitor.page).toContain('role="img" aria-label="QR code');
    const seed = seedOnPage();
    expect((await visitor.submit('/console/enrol/app', { code: '000000' })).status).toBe(401);
    await visitor.submit('/console/enrol/app', { code: codeAt(seed, stepAt(clock.now())) });
    expect(visitor.page.match(/<li>[0-9a-z]{4}(-[0-9a-z]{4}){3}<\/li>/g)).toHaveLength(10);
    await visitor.open('/console/account');
    expect(visitor.page).toContain('Safari on macOS');
    expect(visitor.page).toContain('10 of 10 left');
    expect((await visitor.get(`/console/setup?token=${link}`)).status).toBe(303);
    expect((await visitor.open('/console/setup')).status).toBe(410);
  });

  test('ask for password and second factor, remember the browser, and go on to where one was', async () => {
    const { signInAdministrator, visitor, code } = await start();
    const seed = await signInAdministrator();
    await visitor.open('/console/account');
    await visitor.submit('/console/sign-out', {});
    expect(visitor.page).toContain('You are signed out.');
    expect(visitor.cookies.has('__Host-chatelaine')).toBe(false);
    expect(visitor.cookies.has('__Host-chatelaine-device')).toBe(true);
    await visitor.open('/console/account');
    expect(visitor.page).toContain('name="next" value="/console/account"');
    await visitor.submit('/console/sign-in', { name: 'root', password: PASSWORD });
    expect(visitor.page).toContain('Code from the app');
    const done = await visitor.submit('/console/sign-in/second-factor', { code: code(seed) });
    expect(done.text).toContain('Your account');
  });

  test('answer a wrong name and a wrong password with the same bytes', async () => {
    const { person, signIn, browser } = await start();
    await person('maria');
    const shapes: string[] = [];
    for (const name of ['maria', 'nobod']) {
      const visitor = browser();
      const { status, text } = await signIn(name, 'wrong password 77', visitor);
      shapes.push(`${status} ${text.replaceAll(name, 'NAME').replaceAll(/name="form" value="[^"]+"/g, '')}`);
    }
    expect(shapes[0]).toBe(shapes[1]);
    expect(shapes[0]).toContain('The name or the password is not right.');
    expect(shapes[0]).not.toContain('wrong password 77');
  });

  test('say 429 with Retry-After in words beside the field', async () => {
    const { person, signIn } = await start();
    await person('maria');
    for (let at = 0; at < 5; at++) await signIn('maria', 'wrong password 77');
    const refused = await signIn('maria');
    expect(refused.status).toBe(429);
    expect(refused.text).toContain('Too many attempts failed; try again in 30 seconds.');
  });

  test('step up: old proof → the second factor again → back to what was wanted', async () => {
    const { signInAdministrator, visitor, clock, code } = await start();
    const seed = await signInAdministrator();
    clock.advance(11 * 60_000);
    await visitor.open('/console/account');
    await visitor.submit('/console/account/recovery-codes', {});
    expect(visitor.page).toContain('not older than 10 min');
    await visitor.submit('/console/step-up', { code: code(seed) });
    expect(visitor.page).toContain('Your account');
    await visitor.submit('/console/account/recovery-codes', {});
    expect(visitor.page.match(/<li>[0-9a-z]{4}(-[0-9a-z]{4}){3}<\/li>/g)).toHaveLength(10);
  });

  test('a passkey goes through the pages as a browser sends it', async () => {
    const { person, signIn, visitor, services, live } = await start();
    await person('root', ['admin']);
    await signIn('root');
    await visitor.open('/console/enrol/passkey');
    const authenticator = new SoftwareAuthenticator(ORIGIN);
    const creation = JSON.parse(visitor.find(/data-options="([^"]+)"/));
    await visitor.submit('/console/enrol/passkey', { label: 'My laptop', passkey: authenticator.create(creation) });
    expect(visitor.page).toContain('Recovery codes');
    await visitor.open('/console/account');
    expect(visitor.page).toContain('My laptop');
    await visitor.submit('/console/sign-out', {});
    await signIn('root');
    const asked = JSON.parse(visitor.find(/data-options="([^"]+)"/));
    const done = await visitor.submit('/console/sign-in/second-factor', { passkey: authenticator.get(asked) });
    expect(done.status).not.toBe(401);
    const session = await live({ token: new Secret(visitor.cookies.get('__Host-chatelaine') as string) });
    expect(session.session.amr).toEqual(['pwd', 'hwk', 'user', 'mfa']);
    expect((await services.sessions.list(session.person.id)).length).toBe(1);
  });

  test('a recovery code lets in where the app is lost', async () => {
    const { person, live, password, enrolApp, visitor, signIn } = await start();
    await person('root', ['admin']);
    const { recoveryCodes } = await enrolApp(await live(await password('root')));
    await signIn('root');
    await visitor.submit('/console/sign-in/second-factor', { recovery: recoveryCodes[0] as string });
    await visitor.open('/console/account');
    expect(visitor.page).toContain('9 of 10 left');
  });

  test('a program is let in by its code (RFC 8628)', async () => {
    const { visitor, browser, person, signIn, clock, services } = await start();
    await person('maria');
    await signIn('maria');
    const program = browser();
    const asForm = { origin: undefined, 'sec-fetch-site': undefined };
    const started = JSON.parse(
      (await program.post('/console/device/start', { client_name: 'chatelaine <b>cli</b>' }, asForm)).text,
    );
    expect(started).toMatchObject({ verification_uri: `${ORIGIN}/console/device`, expires_in: 600, interval: 5 });
    const poll = async () => {
      clock.advance(5000);
      const answer = await program.post('/console/device/token', { device_code: started.device_code }, asForm);
      return { status: answer.status, body: JSON.parse(answer.text) };
    };
    expect(await poll()).toEqual({ status: 400, body: { error: 'authorization_pending' } });
    await visitor.open(
      new URL(started.verification_uri_complete).pathname + new URL(started.verification_uri_complete).search,
    );
    await visitor.submit('/console/device', { code: started.user_code });
    expect(visitor.page).toContain('chatelaine &lt;b&gt;cli&lt;/b&gt;');
    await visitor.post('/console/device', {
      ...visitor.hidden('/console/device'),
      code: started.user_code,
      decision: 'approve',
    });
    const { status, body } = await poll();
    expect(status).toBe(200);
    expect(await services.verifier.verify(body.access_token)).toMatchObject({ ok: true, value: { name: 'maria' } });
  });

  test('change the password by the old one, and by the link of an administrator', async () => {
    const { person, visitor, signIn, services } = await start();
    const maria = await person('maria');
    await signIn('maria');
    await visitor.open('/console/account/password');
    const next = 'another four words entirely';
    expect(
      (await visitor.submit('/console/account/password', { current: 'wrong', password: next, again: next })).status,
    ).toBe(401);
    await visitor.submit('/console/account/password', { current: PASSWORD, password: next, again: next });
    expect(visitor.page).toContain('The password is changed');
    const link = reveal((await services.passwords.issueLink(operator(), maria.id)).token);
    await visitor.open(`/console/password?token=${link}`);
    expect(visitor.page).toContain('<strong>maria</strong>');
    await visitor.submit('/console/password', { password: PASSWORD, again: PASSWORD });
    expect(visitor.page).toContain('The password is set.');
    await visitor.submit('/console/sign-in', { name: 'maria', password: PASSWORD });
    expect((await visitor.open('/console/account')).text).toContain('Your account');
  });
});

describe('CON-001: what other sites send', () => {
  const attacks: readonly [
    string,
    Record<string, string | undefined>,
    (own: Record<string, string>) => Record<string, string>,
  ][] = [
    ['a form of another site', { origin: 'https://evil.test', 'sec-fetch-site': 'cross-site' }, () => ({})],
    [
      'a form of another site that knows the token',
      { origin: 'https://evil.test', 'sec-fetch-site': 'cross-site' },
      (own) => own,
    ],
    [
      'a sibling domain that knows the token',
      { origin: 'https://x.tools.example', 'sec-fetch-site': 'same-site' },
      (own) => own,
    ],
    ['Origin null', { origin: 'null', 'sec-fetch-site': 'cross-site' }, (own) => own],
    ['no Origin at all', { origin: undefined, 'sec-fetch-site': undefined }, (own) => own],
    ['our page without a token', {}, () => ({})],
    ['our page with the token of another session', {}, (own) => ({ ...own, form: csrfToken('x'.repeat(43)) })],
    ['our page with an empty token', {}, (own) => ({ ...own, form: '' })],
  ];
  test.each(attacks)('%s changes nothing: 403', async (_, headers, fields) => {
    const { signInAdministrator, visitor, database } = await start();
    await signInAdministrator();
    await visitor.open('/console/account');
    const before = JSON.stringify(await database.db.selectFrom('sessions').selectAll().execute());
    for (const path of [
      '/console/sign-out',
      '/console/account/recovery-codes',
      '/console/account/end-others',
      '/console/enrol',
      '/console/device',
    ]) {
      expect((await visitor.post(path, fields(visitor.hidden('/console/sign-out')), headers)).status).toBe(403);
    }
    expect(JSON.stringify(await database.db.selectFrom('sessions').selectAll().execute())).toBe(before);
  });

  test.each([
    'text/plain',
    'application/json',
    'multipart/form-data; boundary=x',
    'application/x-www-form-urlencoded; charset=utf-7',
    '',
  ])('a body of the type `%s` is not read: 400', async (type) => {
    const { signInAdministrator, visitor } = await start();
    await signInAdministrator();
    await visitor.open('/console/account');
    expect(
      (await visitor.post('/console/sign-out', visitor.hidden('/console/sign-out'), { 'content-type': type })).status,
    ).toBe(400);
    expect((await visitor.open('/console/account')).text).toContain('Your account');
  });

  test('login CSRF: a sign-in form needs the visit cookie of this browser', async () => {
    const { person, browser } = await start();
    await person('mallory');
    const [mallory, victim] = [browser(), browser()];
    await mallory.open('/console/sign-in');
    const form = mallory.hidden('/console/sign-in');
    const sent = await victim.post('/console/sign-in', { ...form, name: 'mallory', password: PASSWORD });
    expect(sent.status).toBe(403);
    expect(victim.cookies.has('__Host-chatelaine')).toBe(false);
  });

  test('a GET, a HEAD or an overridden method on what a form does is 405, and a field twice is 400', async () => {
    const { signInAdministrator, visitor } = await start();
    await signInAdministrator();
    expect((await visitor.get('/console/sign-out', { 'x-http-method-override': 'POST' })).status).toBe(405);
    await visitor.open('/console/account');
    const own = new URLSearchParams(visitor.hidden('/console/sign-out'));
    expect((await visitor.post(`/console/sign-out?${own}`, {})).status).toBe(403);
    expect((await visitor.open('/console/account')).text).toContain('Your account');
  });
});

describe('CON-004: where one is sent on to', () => {
  test.each([
    ['/console/account', '/console/account'],
    ['/console/device?code=ABCD-EFGH', '/console/device?code=ABCD-EFGH'],
    ['//evil.test', '/home'],
    ['/\\evil.test', '/home'],
    ['/%09/evil.test', '/%09/evil.test'],
    ['/\t/evil.test', '/home'],
    ['https://evil.test/', '/home'],
    ['javascript:alert(1)', '/home'],
    ['\\\\evil.test', '/home'],
    ['/a\r\nSet-Cookie: x=1', '/home'],
    ['', '/home'],
    [null, '/home'],
  ])('%j leads to %s', (wanted, to) => {
    expect(nextPath(wanted, '/home')).toBe(to);
  });

  test('is a place of this server, whatever was asked for', () => {
    const wild = fc.oneof(
      fc.webUrl(),
      fc.string({ unit: 'binary' }),
      fc.string().map((text) => `/${text}`),
      fc.stringMatching(/^[/\\a.:%?#@]{1,12}$/),
    );
    fc.assert(
      fc.property(wild, (wanted) => {
        expect(new URL(nextPath(wanted, '/home'), ORIGIN).origin).toBe(ORIGIN);
      }),
      { numRuns: 2000 },
    );
  });

  test('holds through the page', async () => {
    const { person, visitor } = await start();
    await person('maria');
    await visitor.open('/console/sign-in?next=//evil.test/x');
    expect(visitor.page).toContain('name="next" value="/console/account"');
    const form = {
      ...visitor.hidden('/console/sign-in'),
      next: 'https://evil.test',
      name: 'maria',
      password: PASSWORD,
    };
    expect((await visitor.post('/console/sign-in', form)).to).toBe('/console/account');
  });
});

test('CON-005: every page is kept by nobody, framed by nobody, and runs no script but the one for passkeys', async () => {
  const { signInAdministrator, visitor } = await start();
  await signInAdministrator();
  for (const path of [
    '/console/account',
    '/console/sign-in',
    '/console/enrol',
    '/console/step-up',
    '/console/device',
    '/console/enrol/passkey',
    '/console/nothing',
    '/console/sign-out',
  ]) {
    const { headers, text } = await visitor.get(path);
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'same-origin',
      'x-request-id': expect.stringMatching(/^request-\d+$/),
    });
    const policy = headers['content-security-policy'] as string;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    const nonce = /script-src 'nonce-([^']+)'/.exec(policy)?.[1];
    expect(text.match(/<script/g) ?? []).toHaveLength(nonce === undefined ? 0 : 1);
    if (nonce !== undefined) expect(text).toContain(`nonce="${nonce}"`);
    expect(text).not.toMatch(/\sstyle=|<style|\son\w+=/);
  }
});

test('a program is let in with a proof of the last minute, and the way back from it leads to the program', async () => {
  const { person, signIn, visitor, clock, services } = await start();
  await person('maria');
  await signIn('maria');
  const { userCode } = await services.programs.start({ address: '', userAgent: '' }, 'laptop');
  clock.advance(60_001);
  const approve = async () => await visitor.submit('/console/device', { code: userCode, decision: 'approve' });
  await visitor.open('/console/device');
  await visitor.submit('/console/device', { code: userCode });
  await approve();
  expect(visitor.path).toContain('/console/step-up?next=');
  await visitor.submit('/console/step-up', { password: PASSWORD });
  expect(visitor.page).toContain(`value="${userCode}"`);
  expect((await approve()).text).toContain('The program is signed in.');
});

test('signing in without having asked for a page ends at the account', async () => {
  const { person, signIn } = await start();
  await person('maria');
  expect((await signIn('maria')).text).toContain('Your account');
});

test('what a page turns away is on record, with the request it came in, and in a flood counted', async () => {
  const { person, signIn, visitor, trail, services } = await start();
  await person('maria');
  await signIn('maria');
  expect(trail.events.at(-1)?.requestId).toMatch(/^request-\d+$/);
  const from = trail.events.length;
  await visitor.open('/console/device');
  await visitor.submit('/console/device', { code: 'BBBB-BBBB' });
  await visitor.post('/console/sign-out', { form: 'x' });
  await visitor.get(`/console/setup?token=${'x'.repeat(42)}`);
  for (let at = 0; at < 70; at++) {
    visitor.cookies.set('__Host-chatelaine', 'x'.repeat(42) + 'A');
    await visitor.get('/console/account');
  }
  expect(trail.told.slice(from, from + 4)).toEqual([
    'program.sought denied DEVICE_CODE_UNKNOWN',
    'page.refused denied FORM_REFUSED',
    'page.refused denied LINK_REFUSED',
    'page.refused denied SESSION_REQUIRED',
  ]);
  expect(trail.events[from + 3]).toMatchObject({ details: { path: '/console/account', reason: 'unknown' } });
  expect(trail.events.length - from).toBeLessThan(65);
  await services.close();
  expect(trail.events.at(-1)).toMatchObject({ type: 'sign-in.flood' });
});

test('stylesheet, script and mark are kept for ever under the digest in their name', async () => {
  const { visitor } = await start();
  await visitor.open('/console/sign-in');
  const style = await visitor.get(visitor.find(/rel="stylesheet" href="([^"]+)"/));
  expect(style).toMatchObject({ status: 200, headers: { 'content-type': 'text/css; charset=utf-8' } });
  expect(style.headers['cache-control']).toContain('immutable');
});

test('the token of a session that ended is taken away with a word about it', async () => {
  const { person, signIn, visitor, clock } = await start();
  await person('maria');
  await signIn('maria');
  clock.advance(86_400_000);
  await visitor.open('/console/account');
  expect(visitor.page).toContain('The session has ended.');
  expect(visitor.cookies.has('__Host-chatelaine')).toBe(false);
});

test('text in a page is text', () => {
  const wild = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[<>"'&a=/ ]{1,20}$/));
  fc.assert(
    fc.property(wild, (text) => {
      const { text: made } = html`<p title="${text}">${[text, new Html('<b>')]}</p>`;
      expect(made.match(/[<>]/g)).toHaveLength(5 + 1);
      expect(made.match(/"/g)).toHaveLength(2);
    }),
  );
});

test.each([
  [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36',
    'Chrome on Windows',
  ],
  [
    'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36 Edg/156.0',
    'Edge on Windows',
  ],
  ['Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0', 'Firefox on Linux'],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1 Version/19.0 Mobile Safari/604.1',
    'Safari on iPhone',
  ],
  ['curl/8.9', 'curl/8.9'],
  ['', 'A browser'],
])('%s is shown as %s', (userAgent, name) => {
  expect(browserName(userAgent)).toBe(name);
});
