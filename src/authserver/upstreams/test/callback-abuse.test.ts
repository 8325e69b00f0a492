/** What strangers, other tabs, other people and other providers try at the callback. */
import { describe, expect, test } from 'vitest';
import { provisionUser } from '#identity';
import { dialects } from '../../../../test/databases.ts';
import { startCompanyIdp, type CompanyIdp } from '../../../../test/company-idp.ts';
import {
  callbackOf,
  companyOf,
  finish,
  goThrough,
  OWNER,
  startFederation,
  verdict,
  visit,
  type Federation,
} from '../../test/federation.fixture.ts';

const startIdp = () => startCompanyIdp({ redirectUris: [callbackOf('company'), callbackOf('other')] });

async function start(
  dialect: 'sqlite' | 'postgres' = 'sqlite',
): Promise<{ readonly idp: CompanyIdp; readonly federation: Federation }> {
  const idp = await startIdp();
  return { idp, federation: await startFederation(dialect, () => [companyOf(idp)]) };
}

const redeemed = ({ requests }: CompanyIdp): number => requests.filter((one) => one === 'POST /token').length;

describe.each(dialects)('on %s', (dialect) => {
  test('AS-023: the address of a sign-in that somebody else began is refused (RFC 9700 §4.7)', async () => {
    const { idp, federation } = await start(dialect);
    const attackers = await visit(federation.legs);
    const victims = await visit(federation.legs);
    const { outcome } = await finish(federation, { ...attackers, cookies: victims.cookies });
    expect(outcome).toMatchObject({
      ok: false,
      error: { error: { code: 'LEG_OTHER_BROWSER', status: 400 }, returnTo: undefined },
    });
    // Nobody asked the provider for the victim's tokens, and the attacker cannot go on with it either.
    expect(redeemed(idp)).toBe(0);
    expect(await verdict(finish(federation, attackers))).toBe('LEG_UNKNOWN');
    expect(await verdict(finish(federation, victims))).toBe('ok');
  });

  test('AS-024: a state is used once, by one of two processes, and lives for ten minutes', async () => {
    const { idp, federation } = await start(dialect);
    const other = await federation.beside();
    const returned = await visit(federation.legs);
    const verdicts = await Promise.all(
      [federation, other, federation, other].map((one) => verdict(finish(one, returned))),
    );
    expect(verdicts.toSorted()).toEqual(['LEG_UNKNOWN', 'LEG_UNKNOWN', 'LEG_UNKNOWN', 'ok']);
    expect(redeemed(idp)).toBe(1);
    const late = await visit(federation.legs);
    federation.clock.advance(11 * 60_000);
    expect(await verdict(finish(federation, late))).toBe('LEG_UNKNOWN');
    // A clock that is set back does not bring it back.
    federation.clock.advance(-11 * 60_000);
    expect(await verdict(finish(federation, late))).toBe('LEG_UNKNOWN');
  });
});

test.each<[string, (state: string) => string | readonly string[]]>([
  ['with one bit altered', (state) => (state.startsWith('A') ? 'B' : 'A') + state.slice(1)],
  ['in another spelling', (state) => `${state.slice(0, -1)}${String.fromCharCode(state.charCodeAt(42) + 1)}`],
  ['of another length', (state) => state.slice(1)],
  ['twice', (state) => [state, state]],
  ['of a mebibyte', () => 'A'.repeat(1 << 20)],
])('AS-024: a state %s is none', async (_, alter) => {
  const { idp, federation } = await start();
  const returned = await visit(federation.legs);
  const query = new URLSearchParams(returned.callback.search);
  const altered = alter(query.get('state') as string);
  query.delete('state');
  for (const one of [altered].flat()) query.append('state', one);
  expect(await verdict(finish(federation, returned, { query }))).toBe('LEG_UNKNOWN');
  expect(redeemed(idp)).toBe(0);
});

describe('the wrong cookie, or none', () => {
  test.each([
    ['none', () => undefined],
    ['another value', (own: string) => `${own.split('=')[0]}=${'A'.repeat(43)}`],
    ['two of the name', (own: string) => `${own}; ${own}`],
    ['another name', (own: string) => `x${own}`],
  ])('AS-023: %s is another browser', async (_, alter) => {
    const { idp, federation } = await start();
    const returned = await visit(federation.legs);
    expect(await verdict(finish(federation, returned, { cookies: alter(returned.cookies) }))).toBe('LEG_OTHER_BROWSER');
    expect(redeemed(idp)).toBe(0);
  });
});

test('two tabs of one browser do not take the cookie of the other', async () => {
  const { federation } = await start();
  const [one, two] = [await visit(federation.legs), await visit(federation.legs)];
  const cookies = `${one.cookies}; ${two.cookies}`;
  expect(await verdict(finish(federation, one, { cookies }))).toBe('ok');
  expect(await verdict(finish(federation, two, { cookies }))).toBe('ok');
});

describe('mix-up (RFC 9700 §4.4)', () => {
  test('an answer at the callback of another upstream is refused, and the code is sent to nobody', async () => {
    const [honest, other] = [await startIdp(), await startIdp()];
    const documents = [companyOf(honest, { primary: true }), companyOf(other, { name: 'other', primary: false })];
    const federation = await startFederation('sqlite', () => documents);
    const returned = await visit(federation.legs);
    expect(await verdict(finish(federation, returned, { upstream: 'other' }))).toBe('LEG_OTHER_UPSTREAM');
    expect([redeemed(honest), redeemed(other)]).toEqual([0, 0]);
  });

  test.each([
    ['missing', null],
    ['of another', 'https://evil.example'],
  ])('`iss` that is %s is refused, since the provider announces it (RFC 9207 §2.4)', async (_, iss) => {
    const { idp, federation } = await start();
    const returned = await visit(federation.legs);
    expect(returned.callback.searchParams.get('iss')).toBe(idp.issuer);
    const query = new URLSearchParams(returned.callback.search);
    query.delete('iss');
    if (iss !== null) query.set('iss', iss);
    expect(await verdict(finish(federation, returned, { query }))).toBe('UPSTREAM_UNTRUSTED');
    expect(redeemed(idp)).toBe(0);
  });
});

test('AS-018: a code of somebody else is not redeemed by the verifier of this leg (RFC 7636 §4.6)', async () => {
  const { federation } = await start();
  const [own, foreign] = [await visit(federation.legs), await visit(federation.legs)];
  const query = new URLSearchParams(own.callback.search);
  query.set('code', foreign.callback.searchParams.get('code') as string);
  expect(await verdict(finish(federation, own, { query }))).toBe('UPSTREAM_GRANT_ENDED');
});

test('AS-028: sessions and targets that a browser brings along are not looked at', async () => {
  const { federation } = await start();
  const returned = await visit(federation.legs, { owner: OWNER, returnTo: '/interaction/7' });
  const query = new URLSearchParams(returned.callback.search);
  for (const name of ['tsid', 'session_id', 'return_to', 'owner', 'user_id']) query.set(name, 'TS_B');
  const { outcome } = await finish(federation, returned, { query, cookies: `tsid=TS_B; ${returned.cookies}` });
  expect(outcome).toMatchObject({ ok: true, value: { owner: OWNER, returnTo: '/interaction/7', userId: undefined } });
});

describe('AS-027: an account is linked', () => {
  const ana = { id: 'user-ana', issuer: 'https://elsewhere.example', subject: '1' };

  test.each([
    ['by nobody', undefined],
    ['by another person', { ...ana, id: 'user-bob' }],
  ])('%s: refused, and the code is sent to nobody', async (_, user) => {
    const { idp, federation } = await start();
    const returned = await visit(federation.legs, { purpose: { kind: 'link', user: ana } });
    expect(await verdict(finish(federation, returned, { user }))).toBe('LEG_OTHER_USER');
    expect(redeemed(idp)).toBe(0);
  });

  test('by the person it was begun for', async () => {
    const { federation } = await start();
    const finished = await goThrough(federation, { purpose: { kind: 'link', user: ana } }, { user: ana });
    expect(finished).toMatchObject({ purpose: 'link', userId: 'user-ana' });
  });

  test('at the provider that vouches for them, as somebody else there: refused', async () => {
    const { idp, federation } = await start();
    idp.accounts.set('bob', {});
    const user = { id: 'user-ana', issuer: idp.issuer, subject: 'ana' };
    await goThrough(federation, { purpose: { kind: 'link', user } }, { user });
    idp.account = 'bob';
    const returned = await visit(federation.legs, { purpose: { kind: 'link', user } });
    expect(await verdict(finish(federation, returned, { user }))).toBe('LEG_OTHER_USER');
  });
});

test('AS-029: what a provider writes in an error is repeated to nobody, and cut in the record', async () => {
  const { idp, federation } = await start();
  idp.account = undefined;
  const returned = await visit(federation.legs);
  const query = new URLSearchParams(returned.callback.search);
  query.set('error_description', `<script>alert(1)</script>\u202e${'x'.repeat(5000)}`);
  const { outcome } = await finish(federation, returned, { query });
  if (outcome.ok) throw new Error('let in');
  const { error, returnTo } = outcome.error;
  expect([error.code, error.status, returnTo]).toEqual(['LEG_DECLINED', 403, '/interaction/1']);
  expect(`${error.message} ${error.remedy}`).not.toContain('script');
  expect(error.message).toContain('`access_denied`');
  const { records } = await federation.trail.query({ type: 'upstream.sign-in' }, { limit: 1 });
  expect(String(records[0]?.details?.['said'])).toMatch(/^<script>alert\(1\)<\/script>\?x{174}$/);
});

test('AS-026: two providers that name one address or one subject name two people', async () => {
  const [one, two] = [await startIdp(), await startIdp()];
  for (const idp of [one, two])
    idp.accounts.set('1', { email: 'admin@corp.example', email_verified: true, preferred_username: 'admin' });
  [one.account, two.account] = ['1', '1'];
  const documents = [companyOf(one, { primary: true }), companyOf(two, { name: 'other', primary: false })];
  const federation = await startFederation('sqlite', () => documents);
  const provisioned = [];
  for (const upstream of ['company', 'other']) {
    const { identity } = await goThrough(federation, { upstream });
    const parts = { frame: federation.identity.frame, users: federation.users };
    provisioned.push(await provisionUser(parts, { door: 'oauth' }, identity));
  }
  expect(provisioned.map(({ isNew }) => isNew)).toEqual([true, true]);
  expect(new Set(provisioned.map(({ user }) => user.id)).size).toBe(2);
});

test('a flood of states that nobody was given is counted, and does not fill the record', async () => {
  const { federation } = await start();
  const state = 'A'.repeat(43);
  for (let sent = 0; sent < 60; sent++) {
    const query = new URLSearchParams({ state, code: 'x' });
    const ending = federation.legs.finish({
      upstream: 'company',
      query,
      cookies: undefined,
      user: undefined,
      origin: {
        door: 'oauth',
        actor: { kind: 'anonymous', iss: 'chatelaine', sub: '', name: '' },
        address: '192.0.2.1',
      },
    });
    expect(await verdict(ending)).toBe('LEG_UNKNOWN');
  }
  await federation.legs.close();
  const { records } = await federation.trail.query({ type: 'upstream.sign-in' }, { limit: 100 });
  expect(records).toHaveLength(31);
  expect(records[0]?.details).toMatchObject({ refusals: 30 });
});
