import { describe, expect, test } from 'vitest';
import { reveal, Secret } from '#kernel';
import { operator } from '#identity';
import { grantsAfterRestore } from '#authserver';
import { subjectScope } from '#vault';
import { dialects } from '../../../../test/databases.ts';
import { startCompanyIdp } from '../../../../test/company-idp.ts';
import { startGithubShapedIdp } from '../../../../test/github-shaped-idp.ts';
import {
  callbackOf,
  companyOf,
  finish,
  githubOf,
  OWNER,
  signedIn,
  startFederation,
  verdict,
  visit,
  type Federation,
} from '../../test/federation.fixture.ts';

const origin = operator().origin;
const upstream = 'company';

const startIdp = () => startCompanyIdp({ redirectUris: [callbackOf('company')] });

async function start(dialect: 'sqlite' | 'postgres' = 'sqlite', more: { readonly accessTokenSeconds?: number } = {}) {
  const idp = await startCompanyIdp({ redirectUris: [callbackOf('company')], ...more });
  const documents = [companyOf(idp, { primary: true }), companyOf(idp, { name: 'other', primary: false })];
  return { idp, federation: await startFederation(dialect, () => documents) };
}

/** The access token, or why there is none. */
async function tokenOf({ grants }: Federation, userId: string, owner = OWNER): Promise<string> {
  const answer = await grants.upstreamToken({ userId, owner, upstream });
  return answer.ok ? reveal(answer.value.accessToken) : answer.error.reason;
}

const codeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
    return 'ok';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
};

describe.each(dialects)('grants on %s', (dialect) => {
  test('a token is handed out with its remaining life, to its user and owner alone', async () => {
    const { federation } = await start(dialect);
    const { userId, leg } = await signedIn(federation);
    const answer = await federation.grants.upstreamToken({ userId, owner: OWNER, upstream });
    if (!answer.ok) throw new Error(answer.error.reason);
    expect(reveal(answer.value.accessToken)).toBe(reveal(leg.tokens.accessToken));
    expect(answer.value.expiresInSeconds).toBeGreaterThan(3500);
    expect(answer.value.expiresInSeconds).toBeLessThanOrEqual(3600);
    expect(Object.keys(answer.value).toSorted()).toEqual(['accessToken', 'expiresInSeconds', 'scopes']);
    expect(await tokenOf(federation, userId, 'engineering/other')).toBe('link');
    expect(await tokenOf(federation, 'somebody', OWNER)).toBe('link');
    // Nothing of it lies in the database as it is.
    const stored = JSON.stringify(await federation.database.db.selectFrom('grants').selectAll().execute());
    for (const token of [leg.tokens.accessToken, leg.tokens.refreshToken, leg.tokens.idToken]) {
      expect(stored).not.toContain(reveal(token as Secret));
    }
  });

  test('tokens that are moved to another row, user, owner or upstream open for nobody', async () => {
    const { idp, federation } = await start(dialect);
    idp.accounts.set('bo', {});
    const ana = await signedIn(federation);
    await federation.grants.save({ userId: ana.userId, owner: 'engineering/other', upstream }, ana.leg, origin);
    idp.account = 'bo';
    const bo = await signedIn(federation);
    const { db } = federation.database;
    const rows = await db.selectFrom('grants').selectAll().execute();
    const row = (userId: string, owner: string) =>
      rows.find((one) => one.user_id === userId && one.owner === owner) ?? rows[0];
    const anas = row(ana.userId, OWNER);
    for (const [target, userId, owner] of [
      [row(ana.userId, 'engineering/other'), ana.userId, 'engineering/other'],
      [row(bo.userId, OWNER), bo.userId, OWNER],
    ] as const) {
      await db
        .updateTable('grants')
        .set({ tokens: anas?.tokens as string })
        .where('id', '=', target?.id as string)
        .execute();
      expect(await codeOf(tokenOf(federation, userId, owner))).toBe('SEALED_DATA_ALTERED');
    }
    // A whole row in the name of somebody else.
    await db
      .deleteFrom('grants')
      .where('id', '<>', anas?.id as string)
      .execute();
    await db
      .updateTable('grants')
      .set({ user_id: bo.userId })
      .where('id', '=', anas?.id as string)
      .execute();
    expect(await codeOf(tokenOf(federation, bo.userId))).toBe('SEALED_DATA_ALTERED');
    await db.updateTable('grants').set({ user_id: ana.userId, upstream: 'other' }).execute();
    const moved = federation.grants.upstreamToken({ userId: ana.userId, owner: OWNER, upstream: 'other' });
    expect(await codeOf(moved)).toBe('SEALED_DATA_ALTERED');
  });

  test('an erasure shreds them, and a rotation of the key does not', async () => {
    const { federation } = await start(dialect);
    const { userId } = await signedIn(federation);
    const before = await tokenOf(federation, userId);
    expect(await federation.vault.rotate(subjectScope(userId), async () => {})).toBeGreaterThan(0);
    expect(await tokenOf(federation, userId)).toBe(before);
    await federation.users.erase(operator(), userId);
    expect(await tokenOf(federation, userId)).toBe('link');
    await federation.grants.forget(userId);
    expect(await federation.grants.list({ userId })).toEqual([]);
  });

  test('a sign-out ends grants here, and at the provider with the last of them (RFC 7009)', async () => {
    const { idp, federation } = await start(dialect);
    const { userId, leg } = await signedIn(federation);
    await federation.grants.save({ userId, owner: 'engineering/other', upstream }, leg, origin);
    const revocations = () => idp.requests.filter((one) => one === 'POST /token/revocation').length;
    expect(await federation.grants.revoke({ userId, owner: OWNER }, origin)).toBe(1);
    // The other owner's would be over with it: many providers end everything with one token.
    expect(revocations()).toBe(0);
    expect(await tokenOf(federation, userId)).toBe('link');
    expect(await tokenOf(federation, userId, 'engineering/other')).not.toBe('link');
    expect(await federation.grants.revoke({ userId }, origin)).toBe(1);
    expect(revocations()).toBe(1);
    expect(await federation.grants.revoke({ userId }, origin)).toBe(0);
    const { records } = await federation.trail.query({ type: 'grant.revoke' }, { limit: 10 });
    expect(
      records.filter(({ outcome }) => outcome === 'success').map(({ details }) => details?.['atUpstream']),
    ).toEqual(['revoked', 'kept']);
  });
});

test('a sign-out holds although the provider is down', async () => {
  const { idp, federation } = await start();
  const { userId } = await signedIn(federation);
  idp.intercept = (_, response) => {
    response.writeHead(500).end();
    return true;
  };
  expect(await federation.grants.revoke({ userId, upstream }, origin)).toBe(1);
  expect(await tokenOf(federation, userId)).toBe('link');
});

test('a second sign-in replaces the tokens, and a refresh token that is not given again stays', async () => {
  const { federation } = await start();
  const { userId, leg } = await signedIn(federation);
  const key = { userId, owner: OWNER, upstream };
  const tokens = {
    ...leg.tokens,
    accessToken: new Secret('second'),
    refreshToken: undefined,
    expiresAt: federation.clock.now() + 1000,
  };
  const saved = await federation.grants.save(key, { tokens, identity: leg.identity }, origin);
  expect(saved).toMatchObject({ version: 2, status: 'active' });
  // The first refresh token still is there, and good.
  expect(await tokenOf(federation, userId)).not.toMatch(/second|link|unavailable/);
  // Of another account it is not kept: it would give tokens of the first.
  await federation.grants.save(key, { tokens, identity: { ...leg.identity, subject: 'bo' } }, origin);
  federation.clock.advance(2_000);
  expect(await tokenOf(federation, userId)).toBe('link');
  expect(await federation.grants.find(key)).toMatchObject({ status: 'reauth_required' });
});

test('a token whose end the provider does not say is handed out without one', async () => {
  const idp = await startGithubShapedIdp();
  const document = githubOf(idp);
  const federation = await startFederation('sqlite', () => [document]);
  const tokens = {
    accessToken: new Secret('gho_x'),
    refreshToken: undefined,
    idToken: undefined,
    scopes: ['repo'],
    expiresAt: undefined,
  };
  const user = await federation.users.create(operator(), { name: 'ana', profile: { displayName: '', email: '' } });
  await federation.grants.save(
    { userId: user.id, owner: OWNER, upstream: 'github' },
    { tokens, identity: { issuer: `${idp.url}/login/oauth`, subject: '1' } },
    origin,
  );
  federation.clock.advance(10 * 365 * 86_400_000);
  const answer = await federation.grants.upstreamToken({ userId: user.id, owner: OWNER, upstream: 'github' });
  expect(answer).toMatchObject({ ok: true, value: { expiresInSeconds: undefined, scopes: ['repo'] } });
});

test('a name that comes to mean another provider gets no token of the first, nor does anybody', async () => {
  const [idp, evil] = [await startIdp(), await startIdp()];
  let documents = [companyOf(idp)];
  const federation = await startFederation('sqlite', () => documents);
  const { userId } = await signedIn(federation);
  const under = await visit(federation.legs);
  documents = [companyOf(evil)];
  federation.clock.advance(3_600_000);
  expect(await tokenOf(federation, userId)).toBe('link');
  expect(await federation.grants.revoke({ userId }, origin)).toBe(1);
  federation.clock.advance(-3_600_000);
  expect(await verdict(finish(federation, under))).toBe('LEG_UNKNOWN');
  expect(evil.requests.filter((one) => one.startsWith('POST'))).toEqual([]);
  documents = [];
  expect(await tokenOf(federation, userId)).toBe('upstream');
});

test('a restore does not bring back what was revoked, nor sign-ins that were under way', async () => {
  const { federation } = await start();
  const { userId } = await signedIn(federation);
  const [grant] = await federation.grants.list({ userId });
  await federation.legs.begin({ upstream, purpose: { kind: 'sign-in' }, returnTo: '/' });
  const now = federation.clock.now();
  const ended = await federation.database.transaction(async (trx) => [
    await grantsAfterRestore.replay?.(
      trx,
      (what) => new Map(what === 'grant.revoked' ? [[grant?.id as string, now]] : []),
      now,
    ),
    await grantsAfterRestore.endSessions?.(trx, now),
  ]);
  expect(ended).toEqual([1, 1]);
  expect(await tokenOf(federation, userId)).toBe('link');
});
