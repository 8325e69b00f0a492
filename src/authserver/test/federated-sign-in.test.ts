/** People who sign in at identity providers, at the doors of the authorization server. */
import { describe, expect, test } from 'vitest';
import type { UpstreamCommon } from '#contract';
import { operator } from '#identity';
import { reveal } from '#kernel';
import { dialects } from '../../../test/databases.ts';
import { shownCode } from '../../../test/authenticator-app.ts';
import { octocat } from '../../../test/github-shaped-idp.ts';
import type { Seen } from '../../../test/browser.ts';
import { companyOf, githubOf, MovedClock } from './federation.fixture.ts';
import { authorizeUrl, newVerifier } from './code-flow.fixture.ts';
import { allow, formsOf, Surfer } from '../../../test/surfer.ts';
import { letIn, startFederated, tokenAt, type FederatedServer } from './federated.fixture.ts';

/** The sign-in page of an authorization request, in a browser of somebody who has never been here. */
async function atSignIn({ process }: FederatedServer): Promise<{ readonly surfer: Surfer; readonly page: Seen }> {
  const surfer = new Surfer(process);
  return { surfer, page: await surfer.browser.follow(authorizeUrl(process, newVerifier())) };
}

/** The callback of somebody who has been at the provider and not come back yet. */
async function returned(federated: FederatedServer): Promise<{ readonly surfer: Surfer; readonly callback: string }> {
  const { surfer, page } = await atSignIn(federated);
  return { surfer, callback: await surfer.through(await surfer.submit(page, { provider: 'yes' })) };
}

const sessionOf = ({ browser }: Surfer): string | undefined => browser.cookies.get('chatelaine');

describe.each(dialects)('on %s', (dialect) => {
  test('somebody comes by the company’s provider to a token with the roles of their groups there', async () => {
    const federated = await startFederated(dialect, { roles: { staff: 'tool_publisher' } });
    const { process, company } = federated;
    company.accounts.set('ana', { name: 'Ana Ruiz', preferred_username: 'ana', groups: ['staff'] });
    const ana = await letIn(process, new Surfer(process));
    const verified = await process.server.verifier.verify(reveal(ana.accessToken));
    expect(verified.ok && verified.value).toMatchObject({ kind: 'user', name: 'ana', roles: ['tool_publisher'] });
    // What the provider gave is kept for the owner of the resource, and for no other.
    expect(await tokenAt(process, ana, 'company')).toBe(company.accessTokens.at(-1));
    expect(await tokenAt(process, ana, 'company', 'default/other')).toBe('session');
    expect(await tokenAt(process, ana, 'github')).toBe('link');
  });
});

test('the sign-in page puts the provider first, and keeps name and password', async () => {
  const federated = await startFederated();
  const { page } = await atSignIn(federated);
  expect(page.text).toContain('Continue with Acme');
  expect(page.text.indexOf('Continue with Acme')).toBeLessThan(page.text.indexOf('name="password"'));
  expect(page.headers.get('content-security-policy')).toContain("form-action 'self';");
  // The form belongs to the browser that it was shown in, and leads nowhere else than here.
  const { surfer } = await atSignIn(federated);
  expect((await surfer.submit(page, { provider: 'yes' })).status).toBe(403);
  const lured = await surfer.browser.get('/console/sign-in?next=https://evil.example/');
  expect(lured.text).not.toContain('evil.example');
  const away = await surfer.submit(lured, { provider: 'yes' });
  expect((await surfer.browser.get(await surfer.through(away))).to).toBe('/console/account');
});

test('without a primary provider there is no button, and it comes with a reload', async () => {
  const federated = await startFederated();
  const [company, github] = [...federated.documents];
  const underWay = await returned(federated);
  federated.documents.splice(0, 2, { ...(company as UpstreamCommon), primary: false } as never, github as never);
  expect((await underWay.surfer.browser.get(underWay.callback)).status).toBe(400);
  expect(sessionOf(underWay.surfer)).toBeUndefined();
  expect((await atSignIn(federated)).page.text).not.toContain('Continue with');
  federated.documents.splice(0, 2, githubOf(federated.github, { primary: true }));
  const { surfer, page } = await atSignIn(federated);
  expect(page.text).toContain('Continue with GitHub');
  const consent = await surfer.signIn(page);
  expect(consent.text).toContain('The Octocat');
  expect(consent.text).toContain('It may use your accounts');
  expect((await allow(surfer, consent)).to).toContain('code=');
});

test('a provider that is down keeps nobody from the password, and its address is told to nobody', async () => {
  const federated = await startFederated();
  const { surfer, page } = await atSignIn(federated);
  await federated.company.close();
  const refused = await surfer.submit(page, { provider: 'yes' });
  expect(refused.status).toBe(503);
  expect(refused.text).toContain('Acme cannot be reached now');
  expect(refused.text).toContain('name="password"');
  expect(refused.text).not.toContain(new URL(federated.company.issuer).port);
});

test('people of our own sign in by name and password beside the provider, and come to the same place', async () => {
  const federated = await startFederated();
  const { process } = federated;
  const { users, signIn } = process;
  const user = await users.create(operator(), { name: 'root', profile: { displayName: 'Root', email: '' } });
  const { token } = await signIn.passwords.issueLink(operator(), user.id);
  const surfer = new Surfer(process);
  const password = 'vier Kraniche ziehen südwärts';
  const link = await surfer.browser.follow(`/console/password?token=${reveal(token)}`);
  const setting = formsOf(link.text)[0]?.fields ?? {};
  await surfer.browser.post('/console/password', { ...setting, password, again: password });
  const page = await surfer.browser.follow(authorizeUrl(process, newVerifier()));
  const fields = formsOf(page.text).find(({ text }) => text.includes('name="password"'))?.fields ?? {};
  const refused = await surfer.browser.post('/console/sign-in', { ...fields, name: 'root', password: 'wrong' });
  expect([refused.status, refused.text.includes('<details open')]).toEqual([401, true]);
  const entered = await surfer.browser.post('/console/sign-in', { ...fields, name: 'root', password });
  expect((await surfer.browser.follow(entered.to ?? '')).text).toContain('asks to act for <strong>Root</strong>');
  // What a step-up takes of them is the password, and not the provider.
  expect((await surfer.browser.get('/console/step-up')).text).not.toContain('Continue with');
});

test('whoever is disabled here stays out, whatever the provider says', async () => {
  const federated = await startFederated();
  const { process } = federated;
  const { userId } = await letIn(process, new Surfer(process));
  await process.users.disable(operator(), userId);
  const { surfer, page } = await atSignIn(federated);
  const seen = await surfer.signIn(page);
  expect([seen.status, sessionOf(surfer)]).toEqual([403, undefined]);
  expect(seen.text).toContain('disabled');
  expect(seen.text).toContain('Back to where you began');
  const { records } = await process.audit.query({ type: 'sign-in.upstream' }, { limit: 1 });
  expect(records[0]).toMatchObject({ outcome: 'denied', error: 'SIGN_IN_DISABLED' });
});

test('an account of no allowed domain is sent back with the reason, and is nobody here', async () => {
  const federated = await startFederated('sqlite', { company: { allowedDomains: ['acme.example'] } });
  federated.company.accounts.set('eve', { email: 'eve@evil.example', email_verified: true });
  federated.company.account = 'eve';
  const { surfer, page } = await atSignIn(federated);
  const seen = await surfer.signIn(page);
  expect([seen.status, sessionOf(surfer)]).toEqual([403, undefined]);
  expect(seen.text).toContain('of no domain that is allowed');
  expect(seen.text).not.toContain('evil.example');
  expect((await federated.process.users.list()).items).toEqual([]);
});

test('AS-023: an address that somebody else brought as far as the provider signs nobody in', async () => {
  const federated = await startFederated();
  const attacker = await returned(federated);
  const victim = await returned(federated);
  const seen = await victim.surfer.browser.get(attacker.callback);
  expect([seen.status, sessionOf(victim.surfer)]).toEqual([400, undefined]);
  expect(seen.text).toContain('did not begin the sign-in');
  expect(federated.company.accessTokens).toEqual([]);
  // Nor does the attacker get anything out of it any more.
  expect((await attacker.surfer.browser.get(attacker.callback)).status).toBe(400);
  expect(sessionOf(attacker.surfer)).toBeUndefined();
});

test('AS-029: what a provider writes in an error, or somebody for it, comes to no page', async () => {
  const federated = await startFederated();
  federated.company.account = undefined;
  const { surfer, callback } = await returned(federated);
  const [path, query] = callback.split('?') as [string, string];
  const parameters = new URLSearchParams(query);
  parameters.set('error_description', '<script>alert(1)</script>');
  const seen = await surfer.browser.get(`${path}?${parameters}`);
  expect(seen.status).toBe(403);
  expect(seen.text).toContain('access_denied');
  expect(seen.text).not.toContain('script');
  expect(seen.text).toContain('/oauth/interaction/');
  expect(seen.headers.get('content-security-policy')).not.toContain('unsafe-inline');
  expect(seen.headers.get('x-content-type-options')).toBe('nosniff');
  const made = await surfer.browser.get('/oauth/callback/company?error=x&error_description=<script>&state=y');
  expect([made.status, made.text.includes('script')]).toEqual([400, false]);
});

describe('AS-063: a session that was there before a sign-in', () => {
  test('is not the one after it: neither a text that somebody planted, nor the session of the attacker', async () => {
    const federated = await startFederated();
    const { process } = federated;
    const attacker = await process.person('mallory');
    const attackers = attacker.browser.cookies.get('chatelaine') ?? '';
    for (const planted of ['A'.repeat(43), attackers]) {
      const { surfer, callback } = await returned(federated);
      surfer.browser.cookies.set('chatelaine', planted);
      await surfer.browser.follow(callback);
      const own = sessionOf(surfer) ?? '';
      expect([own.length, own === planted]).toEqual([43, false]);
      const found = await process.signIn.verifier.read(own);
      expect(found.ok && found.value.person.name).toBe('ana');
    }
    // What lay in the browser has ended.
    expect((await process.signIn.verifier.read(attackers)).ok).toBe(false);
  });

  test('ends when the person comes again, and its cookie is HttpOnly and Lax', async () => {
    const federated = await startFederated();
    const { surfer, page } = await atSignIn(federated);
    await surfer.signIn(page);
    const first = sessionOf(surfer) ?? '';
    const callback = await surfer.through(
      await surfer.submit(await surfer.browser.get('/console/sign-in'), { provider: 'yes' }),
    );
    const seen = await surfer.browser.get(callback);
    const line = seen.headers.getSetCookie().find((one) => one.startsWith('chatelaine='));
    expect(line).toMatch(/; Path=\/; HttpOnly; SameSite=Lax$/);
    expect(sessionOf(surfer)).not.toBe(first);
    expect((await federated.process.signIn.verifier.read(first)).ok).toBe(false);
  });
});

describe('whoever must have a second factor', () => {
  test('sets one up with us before anything else', async () => {
    const federated = await startFederated('sqlite', { roles: { admins: 'admin' } });
    federated.company.accounts.set('ana', { preferred_username: 'ana', groups: ['admins'], amr: ['pwd', 'otp'] });
    const { surfer, callback } = await returned(federated);
    const seen = await surfer.browser.get(callback);
    expect(seen.to).toMatch(/^\/console\/enrol\?next=%2Foauth%2Finteraction%2F/);
    const found = await federated.process.signIn.verifier.read(sessionOf(surfer) ?? '');
    expect(found.ok && [found.value.stage, found.value.session.amr]).toEqual(['enrolment', ['pwd']]);
    // Nothing is allowed in such a session, and nothing seen.
    expect((await surfer.browser.get('/console/connections')).to).toContain('/console/sign-in');
  });

  test('gives it at every sign-in, and what follows is for the request that began it', async () => {
    const clock = new MovedClock();
    const federated = await startFederated('sqlite', { clock, roles: { admins: 'admin' } });
    federated.company.accounts.set('ana', { preferred_username: 'ana', groups: ['admins'], amr: ['face'] });
    const { surfer, page } = await atSignIn(federated);
    const enrol = await surfer.signIn(page);
    const app = await surfer.browser.follow((await surfer.submit(enrol, {})).to ?? '');
    const seed = (/class="seed">([^<]+)</.exec(app.text)?.[1] ?? '').replaceAll(/\s/g, '');
    const code = () => shownCode(seed, clock.now());
    const fields = () => formsOf(app.text)[0]?.fields ?? {};
    expect((await surfer.browser.post('/console/enrol/app', { ...fields(), code: code() })).status).toBe(200);
    // Another browser of theirs, later.
    clock.advance(60_000);
    const again = await returned(federated);
    const factor = await again.surfer.browser.follow(again.callback);
    expect(factor.text).toContain('Now your second factor.');
    const form = formsOf(factor.text).find(({ text }) => text.includes('name="code"'));
    const before = sessionOf(again.surfer);
    const done = await again.surfer.browser.post(form?.action ?? '', { ...form?.fields, code: code() });
    expect(done.to).toMatch(/^\/oauth\/interaction\//);
    expect(sessionOf(again.surfer)).not.toBe(before);
    const found = await federated.process.signIn.verifier.read(sessionOf(again.surfer) ?? '');
    // No password was given here.
    expect(found.ok && [found.value.stage, found.value.session.amr]).toEqual(['active', ['face', 'otp', 'mfa']]);
    expect((await again.surfer.browser.follow(done.to ?? '')).text).toContain('Allow this program?');
  });

  test('need not where the provider says that it took one (RFC 8176)', async () => {
    const federated = await startFederated('sqlite', { roles: { admins: 'admin' } });
    federated.company.accounts.set('ana', {
      preferred_username: 'ana',
      groups: ['admins'],
      amr: ['pwd', 'otp', 'mfa'],
    });
    const { surfer, page } = await atSignIn(federated);
    expect((await surfer.signIn(page)).text).toContain('Allow this program?');
    const found = await federated.process.signIn.verifier.read(sessionOf(surfer) ?? '');
    expect(found.ok && found.value.stage).toBe('active');
  });
});

test('a proof that is to be anew is asked of the provider again, and is as old as the provider says', async () => {
  const federated = await startFederated();
  const { surfer, page } = await atSignIn(federated);
  await surfer.signIn(page);
  const step = await surfer.browser.get('/console/step-up?next=/console/account');
  expect(step.text).toContain('Continue with Acme');
  expect(step.text).not.toContain('name="password"');
  const away = await surfer.submit(step, { provider: 'yes' });
  expect(away.headers.get('refresh')).toMatch(/[?&]prompt=login&max_age=0/);
  const before = sessionOf(surfer);
  const seen = await surfer.browser.get(await surfer.through(away));
  expect([seen.to, sessionOf(surfer) === before]).toEqual(['/console/account', false]);
});

test('two names of one address at two providers are two people, and each has their own', async () => {
  const federated = await startFederated();
  const { process, github } = federated;
  federated.company.accounts.set('1', { email: 'a@acme.example', email_verified: true, preferred_username: 'octocat' });
  federated.company.account = '1';
  const one = await letIn(process, new Surfer(process));
  github.account = { ...octocat, id: 1, emails: [{ email: 'a@acme.example', primary: true, verified: true }] };
  federated.documents.splice(
    0,
    2,
    companyOf(federated.company, { primary: false }),
    githubOf(github, { primary: true }),
  );
  const two = await letIn(process, new Surfer(process));
  expect(two.userId).not.toBe(one.userId);
  expect(await tokenAt(process, two, 'company')).toBe('link');
  expect(await tokenAt(process, two, 'github')).not.toBe('link');
});
