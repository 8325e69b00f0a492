/** Accounts at upstreams: linked, kept for their person and owner alone, and ended. */
import { expect, test, vi } from 'vitest';
import { EVERYWHERE } from '#contract';
import { operator } from '#identity';
import { reveal } from '#kernel';
import { linkUrl } from '#authserver';
import { MovedClock } from './federation.fixture.ts';
import { dialects } from '../../../test/databases.ts';
import { authorizeUrl, newVerifier } from './code-flow.fixture.ts';
import { allow, Surfer } from '../../../test/surfer.ts';
import { letIn, startFederated, tokenAt, type FederatedServer } from './federated.fixture.ts';

const OWNER = 'default/gateway';

/** Two owners beside the gateway, whose resources are elsewhere. */
const OWNERS = [
  {
    ...{ namespace: 'engineering', name: 'github-mcp', resource: 'https://github.tools.example/mcp' },
    ...{ scopes: ['read:flights'], upstreams: ['company', 'github'] },
  },
  {
    ...{ namespace: 'everyone', name: 'mail-mcp', resource: 'https://mail.tools.example/mcp' },
    ...{ scopes: ['read:flights'], upstreams: ['company'] },
  },
];

const refreshesAndEnds = ({ company }: FederatedServer): number =>
  company.requests.filter((one) => one === 'POST /token/revocation').length;

test('a second account is linked from the connections page, and its token is for the person and the owner', async () => {
  const federated = await startFederated();
  const { process, github } = federated;
  const surfer = new Surfer(process);
  const ana = await letIn(process, surfer);
  const page = await surfer.browser.get('/console/connections');
  expect(page.text).toMatch(/Acme<\/strong>\s*<p class="hint">for default\/gateway · connected as ana since /);
  expect(page.text).toMatch(/GitHub<\/strong>\s*<p class="hint">for default\/gateway · not connected/);
  const connected = await surfer.connect(OWNER, 'github');
  expect(connected.text).toContain('The account is connected.');
  expect(connected.text).toContain('connected as octocat since ');
  const token = await tokenAt(process, ana, 'github');
  expect(token).toMatch(/^gho_/);
  const whose = await fetch(`${github.url}/api/v3/user`, { headers: { authorization: `Bearer ${token}` } });
  expect(await whose.json()).toMatchObject({ login: 'octocat' });
  const { records } = await process.audit.query({ type: 'grant.save' }, { limit: 1 });
  expect(records[0]).toMatchObject({ actor: { sub: ana.userId }, outcome: 'success' });
});

test.each(dialects)('disconnecting takes effect everywhere and at the provider, on %s', async (dialect) => {
  const federated = await startFederated(dialect);
  const { process, company } = federated;
  const other = await federated.beside();
  const surfer = new Surfer(process);
  const ana = await letIn(process, surfer);
  const token = await tokenAt(other, ana, 'company');
  expect(await company.knows(token)).toBe(true);
  const done = await surfer.disconnect(OWNER, 'company');
  expect(done.to).toBe('/console/connections?after=disconnect');
  expect([await tokenAt(process, ana, 'company'), await tokenAt(other, ana, 'company')]).toEqual(['link', 'link']);
  expect(await company.knows(token)).toBe(false);
  expect((await surfer.browser.get('/console/connections')).text).toMatch(
    /Acme<\/strong>\s*<p class="hint">for default\/gateway · not connected/,
  );
  // The program goes on: only the account is gone.
  expect((await other.server.verifier.verify(reveal(ana.accessToken))).ok).toBe(true);
});

test.each(dialects)(
  'a sign-in that one process began is ended by the other, and a link too, on %s',
  async (dialect) => {
    const federated = await startFederated(dialect);
    const { process } = federated;
    const other = await federated.beside();
    const begun = new Surfer(process);
    const page = await begun.browser.follow(authorizeUrl(process, newVerifier()));
    const callback = await begun.through(await begun.submit(page, { provider: 'yes' }));
    const ended = begun.at(other);
    expect((await ended.browser.follow(callback)).text).toContain('Allow this program?');
    const ana = await letIn(other, ended);
    const away = await ended.submit(await ended.browser.get('/console/connections'), {
      ...{ account: 'connect', owner: OWNER, upstream: 'github' },
    });
    const back = ended.at(process);
    const linked = await back.through(away);
    expect((await back.browser.follow(linked)).text).toContain('The account is connected.');
    expect(await tokenAt(other, ana, 'github')).toMatch(/^gho_/);
    // With the program its accounts end, in both.
    await process.server.sessions.end({ userId: ana.userId }, 'test');
    await vi.waitFor(async () => expect(await tokenAt(other, ana, 'github')).toBe('session'), { timeout: 900 });
  },
);

test('AS-027: what one person began to link nobody else finishes, whoever follows the address', async () => {
  const federated = await startFederated();
  const { process, company, github } = federated;
  const ana = new Surfer(process);
  const anas = await letIn(process, ana);
  company.accounts.set('bob', { preferred_username: 'bob' });
  company.account = 'bob';
  const bob = new Surfer(process);
  await letIn(process, bob);
  const link = linkUrl(process.url, { owner: OWNER, upstream: 'github', sub: anas.userId });
  // The address of somebody else.
  const refused = await bob.browser.get(link.href);
  expect([refused.status, refused.text.includes('somebody else')]).toEqual([403, true]);
  // Ana gets as far as the provider; the rest happens in a browser in which Bob is signed in, cookies and all.
  const page = await ana.browser.get(link.href);
  expect(page.text).toContain('Connect GitHub?');
  const callback = await ana.through(await ana.submit(page, { account: 'connect' }));
  for (const [name, value] of ana.browser.cookies)
    if (name.startsWith('chatelaine-leg-')) bob.browser.cookies.set(name, value);
  const finished = await bob.browser.get(callback);
  expect([finished.status, github.requests.some((one) => one.includes('access_token'))]).toEqual([403, false]);
  expect((await ana.browser.get(callback)).status).toBe(400);
  expect(await tokenAt(process, anas, 'github')).toBe('link');
  // Nobody who is not signed in is told more than to sign in.
  expect((await new Surfer(process).browser.get(link.href)).to).toBe(
    `/console/sign-in?next=${encodeURIComponent(link.pathname + link.search)}`,
  );
});

test('a program sends its person to an address where exactly they link the account', async () => {
  const federated = await startFederated();
  const { process } = federated;
  const surfer = new Surfer(process);
  const ana = await letIn(process, surfer);
  const link = linkUrl(process.url, { owner: OWNER, upstream: 'github', sub: ana.userId });
  // Not signed in any more: by the sign-in page back to the address.
  surfer.browser.cookies.clear();
  const page = await surfer.signIn(await surfer.browser.follow(link.pathname + link.search));
  expect(page.text).toContain('needs your account at <strong>GitHub</strong>');
  const done = await surfer.browser.follow(await surfer.through(await surfer.submit(page, { account: 'connect' })));
  expect(done.text).toContain('The account is connected.');
  expect(await tokenAt(process, ana, 'github')).toMatch(/^gho_/);
  const other = linkUrl(process.url, { owner: 'engineering/github-mcp', upstream: 'github', sub: ana.userId });
  expect((await surfer.browser.get(other.href)).status).toBe(403);
});

test('an account is linked for an owner that was allowed to use it, and for no other', async () => {
  const federated = await startFederated('sqlite', { owners: () => OWNERS });
  const { process } = federated;
  const surfer = new Surfer(process);
  const mail = await letIn(process, surfer, { resource: OWNERS[1]?.resource ?? '' });
  const page = await surfer.browser.get('/console/connections');
  expect(page.text).toContain('for everyone/mail-mcp');
  expect(page.text).not.toContain('GitHub');
  const form = /name="form" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
  for (const [owner, upstream] of [
    ['everyone/mail-mcp', 'github'],
    ['engineering/github-mcp', 'company'],
    ['engineering/github-mcp', 'github'],
    ['', ''],
  ] as const) {
    const seen = await surfer.browser.post('/console/connections', { form, account: 'connect', owner, upstream });
    expect([owner, upstream, seen.status]).toEqual([owner, upstream, 403]);
  }
  // Each owner has what was linked for it.
  const code = await letIn(process, surfer, { resource: OWNERS[0]?.resource ?? '' });
  await surfer.connect('engineering/github-mcp', 'company');
  const [one, two] = [
    await tokenAt(process, mail, 'company', 'everyone/mail-mcp'),
    await tokenAt(process, code, 'company', 'engineering/github-mcp'),
  ];
  expect([one, two].toSorted()).toEqual(federated.company.accessTokens.toSorted());
  expect(await tokenAt(process, mail, 'company', 'engineering/github-mcp')).toBe('session');
  expect(await tokenAt(process, code, 'company', 'everyone/mail-mcp')).toBe('session');
});

test('what was linked when a link came back to nothing that is allowed is not kept', async () => {
  const federated = await startFederated();
  const { process } = federated;
  const surfer = new Surfer(process);
  const ana = await letIn(process, surfer);
  const away = await surfer.submit(await surfer.browser.get('/console/connections'), { upstream: 'github' });
  const callback = await surfer.through(away);
  await process.server.sessions.end({ userId: ana.userId }, 'test');
  const seen = await surfer.browser.get(callback);
  expect([seen.status, seen.text.includes('no program that acts for you') || seen.text.includes('No program')]).toEqual(
    [403, true],
  );
  const rows = await process.database.db.selectFrom('grants').select('upstream').execute();
  expect(rows.filter(({ upstream }) => upstream === 'github')).toEqual([]);
});

test('a link is not finished in a session that owes a second factor since', async () => {
  const federated = await startFederated();
  const { process } = federated;
  const surfer = new Surfer(process);
  const ana = await letIn(process, surfer);
  const away = await surfer.submit(await surfer.browser.get('/console/connections'), { upstream: 'github' });
  const callback = await surfer.through(away);
  const subject = { kind: 'user', id: ana.userId } as const;
  await process.identity.roles.create(operator(), { role: 'admin', namespace: EVERYWHERE, subject });
  expect((await surfer.browser.get(callback)).status).toBe(403);
  expect(await tokenAt(process, ana, 'github')).toBe('link');
});

test('tokens of a sign-in are good for nothing before the person has allowed it, and go when they do not', async () => {
  const federated = await startFederated();
  const { process, company } = federated;
  const surfer = new Surfer(process);
  const before = await letIn(process, new Surfer(process), { resource: `${process.url.origin}/mcp/flights` });
  await process.server.sessions.end({ userId: before.userId }, 'test');
  await vi.waitFor(() => expect(refreshesAndEnds(federated)).toBe(1));
  const page = await surfer.signIn(await surfer.browser.follow(authorizeUrl(process, newVerifier())));
  expect(page.text).toContain('It may use your accounts');
  const rows = () => process.database.db.selectFrom('grants').select('owner').execute();
  expect(await rows()).toEqual([{ owner: OWNER }]);
  expect(await tokenAt(process, before, 'company')).toBe('session');
  const token = company.accessTokens.at(-1) as string;
  const done = await surfer.browser.decide(page, 'deny');
  expect(done.to).toContain('error=access_denied');
  await vi.waitFor(async () => expect(await rows()).toEqual([]));
  await vi.waitFor(async () => expect(await company.knows(token)).toBe(false));
});

test('what the person did not see on the page is not allowed by it', async () => {
  const federated = await startFederated();
  const { process } = federated;
  const surfer = new Surfer(process);
  const [company, github] = [...federated.documents];
  federated.documents.splice(1, 1);
  const page = await surfer.signIn(await surfer.browser.follow(authorizeUrl(process, newVerifier())));
  expect(page.text).not.toContain('GitHub');
  federated.documents.push(github as never);
  await allow(surfer, page);
  const { id } = (await process.users.list()).items[0] as { id: string };
  expect((await process.server.sessions.list(id)).map(({ upstreams }) => upstreams)).toEqual([[company?.name]]);
  expect((await surfer.browser.get('/console/connections')).text).not.toContain('GitHub');
  // And what it was allowed without is asked about again.
  const again = await surfer.browser.follow(authorizeUrl(process, newVerifier()));
  expect(again.text).toContain('GitHub');
});

test('with the last session for an owner its tokens end at the provider, and not with another one', async () => {
  const federated = await startFederated();
  const { process, company } = federated;
  const surfer = new Surfer(process);
  const first = await letIn(process, surfer);
  const second = await letIn(process, surfer);
  const token = await tokenAt(process, first, 'company');
  const [newest, oldest] = await process.server.sessions.list(first.userId);
  const form = /name="form" value="([^"]+)"/.exec((await surfer.browser.get('/console/connections')).text)?.[1] ?? '';
  await surfer.browser.post('/console/connections', { form, session: oldest?.id ?? '' });
  await process.server.sessions.end({ id: 'nobody' }, 'test');
  expect([await tokenAt(process, second, 'company'), await company.knows(token)]).toEqual([token, true]);
  await surfer.browser.post('/console/connections', { form, session: newest?.id ?? '' });
  expect(await tokenAt(process, second, 'company')).toBe('session');
  await vi.waitFor(async () => expect(await company.knows(token)).toBe(false));
});

test.each(['disable', 'erase'] as const)(
  'whoever is cut off (%s) has no tokens here nor at the provider',
  async (what) => {
    const federated = await startFederated();
    const { process, company } = federated;
    const ana = await letIn(process, new Surfer(process));
    const token = await tokenAt(process, ana, 'company');
    await process.users[what](operator(), ana.userId);
    expect(await tokenAt(process, ana, 'company')).toBe('session');
    await vi.waitFor(async () => expect(await company.knows(token)).toBe(false));
    expect(await process.database.db.selectFrom('grants').select('id').execute()).toEqual([]);
  },
);

test('an account that the provider takes back is shown as such, and linked anew in its place', async () => {
  const clock = new MovedClock();
  const federated = await startFederated('sqlite', { clock, seconds: 180 });
  const { process, company } = federated;
  const surfer = new Surfer(process);
  const ana = await letIn(process, surfer);
  clock.advance(200_000);
  company.intercept = ({ url }, response) => {
    if (url !== '/token') return false;
    response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"invalid_grant"}');
    return true;
  };
  expect(await tokenAt(process, ana, 'company')).toBe('link');
  const page = await surfer.browser.get('/console/connections');
  expect(page.text).toContain('was connected as ana; the provider asks for it anew');
  company.intercept = undefined;
  expect((await surfer.connect(OWNER, 'company')).text).toContain('connected as ana since ');
  expect(await tokenAt(process, ana, 'company')).toBe(company.accessTokens.at(-1));
});

test('a document that comes with a reload is served at once, and one that goes is gone', async () => {
  const federated = await startFederated();
  const { process, documents } = federated;
  const surfer = new Surfer(process);
  const ana = await letIn(process, surfer);
  await surfer.connect(OWNER, 'github');
  const [company, github] = [...documents];
  documents.splice(1, 1);
  expect(await tokenAt(process, ana, 'github')).toBe('upstream');
  expect((await surfer.browser.get('/console/connections')).text).not.toContain('GitHub');
  expect((await surfer.browser.get('/oauth/callback/github?state=x')).status).toBe(400);
  documents.splice(0, 2, company as never, github as never);
  expect(await tokenAt(process, ana, 'github')).toMatch(/^gho_/);
});
