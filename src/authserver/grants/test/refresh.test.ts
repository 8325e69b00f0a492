/** A refresh token is used once, whoever asks and whatever happens meanwhile (RFC 6749 §6, RFC 9700 §4.14). */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { reveal, Secret } from '#kernel';
import { operator } from '#identity';
import { dialects } from '../../../../test/databases.ts';
import { startCompanyIdp, type CompanyIdp } from '../../../../test/company-idp.ts';
import { startGithubShapedIdp } from '../../../../test/github-shaped-idp.ts';
import {
  callbackOf,
  companyOf,
  githubOf,
  goThrough,
  OWNER,
  signedIn,
  startFederation,
  type Federation,
} from '../../test/federation.fixture.ts';
import { LEASE_MS } from '../refresher.ts';

const upstream = 'company';
const HOUR = 3_600_000;

async function start(dialect: 'sqlite' | 'postgres' = 'sqlite') {
  const idp = await startCompanyIdp({ redirectUris: [callbackOf('company')] });
  const document = companyOf(idp);
  const federation = await startFederation(dialect, () => [document]);
  const { userId, leg } = await signedIn(federation);
  const { accessToken, refreshToken } = leg.tokens;
  return { idp, federation, userId, first: reveal(accessToken), refreshToken: reveal(refreshToken as Secret) };
}

async function tokenOf({ grants }: Federation, userId: string): Promise<string> {
  const answer = await grants.upstreamToken({ userId, owner: OWNER, upstream });
  return answer.ok ? reveal(answer.value.accessToken) : answer.error.reason;
}

const failing =
  (status: number, headers: Record<string, string> = {}): NonNullable<CompanyIdp['intercept']> =>
  ({ url }, response) => {
    if (url !== '/token') return false;
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end('{}');
    return true;
  };

/** Gives others time to come in between. */
const slowly = async (): Promise<boolean> => {
  await sleep(150);
  return false;
};

const asked = ({ requests }: CompanyIdp): number => requests.filter((one) => one === 'POST /token').length;

describe.each(dialects)('on %s', (dialect) => {
  test('a hundred callers in two processes are one refresh, and all get the new token', async () => {
    const { idp, federation, userId, first } = await start(dialect);
    const other = await federation.beside();
    federation.clock.advance(HOUR - 30_000);
    idp.intercept = slowly;
    const before = asked(idp);
    const asking = Array.from({ length: 100 }, (_, index) => tokenOf(index % 2 === 0 ? federation : other, userId));
    const tokens = new Set(await Promise.all(asking));
    // A token with life in it may be handed out by the process whose turn it is not.
    tokens.delete(first);
    expect(tokens.size).toBe(1);
    expect(idp.refreshes).toBe(1);
    const [now, there] = [await tokenOf(federation, userId), await tokenOf(other, userId)];
    expect(now).toBe(there);
    expect([...tokens]).toEqual([now]);
    // Not even one more that the provider refused.
    expect([idp.refreshes, asked(idp) - before]).toEqual([1, 1]);
  });

  test('a token that is over is waited for, in the other process too', async () => {
    const { idp, federation, userId, first } = await start(dialect);
    const other = await federation.beside();
    federation.clock.advance(HOUR + 1);
    idp.intercept = slowly;
    const before = asked(idp);
    const tokens = new Set(
      await Promise.all([federation, other, other, federation].map((one) => tokenOf(one, userId))),
    );
    expect(tokens.size).toBe(1);
    expect(tokens).not.toContain(first);
    expect([idp.refreshes, asked(idp) - before]).toEqual([1, 1]);
  });

  test('a process that dies with a refresh holds it up for half a minute and no longer', async () => {
    const { idp, federation, userId, first } = await start(dialect);
    federation.clock.advance(HOUR - 30_000);
    const held = { refresher: 'a process that is dead', refreshing_until: federation.clock.now() + LEASE_MS };
    await federation.database.db.updateTable('grants').set(held).execute();
    expect(await tokenOf(federation, userId)).toBe(first);
    expect(idp.refreshes).toBe(0);
    federation.clock.advance(LEASE_MS);
    expect(await tokenOf(federation, userId)).not.toBe(first);
    expect(idp.refreshes).toBe(1);
  });
});

test('rotated refresh tokens are carried forward: one refresh after the other', async () => {
  const { idp, federation, userId } = await start();
  const seen = new Set<string>();
  for (let round = 0; round < 4; round++) {
    federation.clock.advance(HOUR);
    seen.add(await tokenOf(federation, userId));
  }
  expect(seen.size).toBe(4);
  expect(idp.refreshes).toBe(4);
  const { records } = await federation.trail.query({ type: 'grant.refresh' }, { limit: 20 });
  expect(records.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 4 }, () => ['success', 'intent']).flat());
});

describe('a provider that stumbles ends no grant', () => {
  test.each([
    ['status 500', failing(500), 2],
    ['status 429, with how long to wait', failing(429, { 'retry-after': '17' }), 17],
    ['status 503', failing(503), 2],
    ['something that is no answer', failing(200), 2],
  ])('%s', async (_, intercept, wait) => {
    const { idp, federation, userId, first } = await start();
    idp.intercept = intercept;
    federation.clock.advance(HOUR - 30_000);
    // What lives is used.
    expect(await tokenOf(federation, userId)).toBe(first);
    federation.clock.advance(40_000);
    const answer = await federation.grants.upstreamToken({ userId, owner: OWNER, upstream });
    expect(answer).toEqual({ ok: false, error: { reason: 'unavailable', retryAfterSeconds: wait } });
    // A flood of callers is not a flood at the provider.
    const before = asked(idp);
    await Promise.all(Array.from({ length: 50 }, () => tokenOf(federation, userId)));
    expect(asked(idp)).toBe(before);
    idp.intercept = undefined;
    federation.clock.advance(wait * 1000);
    expect(await tokenOf(federation, userId)).not.toBe(first);
    expect(await federation.grants.find({ userId, owner: OWNER, upstream })).toMatchObject({ status: 'active' });
  });

  test('a connection that breaks', async () => {
    const { idp, federation, userId } = await start();
    idp.intercept = ({ url, socket }) => url === '/token' && socket.destroy() !== undefined;
    federation.clock.advance(HOUR);
    expect(await tokenOf(federation, userId)).toBe('unavailable');
    idp.intercept = undefined;
    federation.clock.advance(5_000);
    expect(await tokenOf(federation, userId)).not.toBe('unavailable');
  });
});

test('`invalid_grant` says that the person has to link anew, and asks no more', async () => {
  const { idp, federation, userId } = await start();
  idp.intercept = ({ url }, response) => {
    if (url !== '/token') return false;
    response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"invalid_grant"}');
    return true;
  };
  federation.clock.advance(HOUR);
  expect(await tokenOf(federation, userId)).toBe('link');
  expect(await federation.grants.find({ userId, owner: OWNER, upstream })).toMatchObject({ status: 'reauth_required' });
  const before = asked(idp);
  expect(await tokenOf(federation, userId)).toBe('link');
  expect(asked(idp)).toBe(before);
  const { records } = await federation.trail.query({ type: 'grant.refresh' }, { limit: 1 });
  expect(records[0]).toMatchObject({ outcome: 'denied', error: 'UPSTREAM_GRANT_ENDED' });
  // Whoever signs in again has it again.
  idp.intercept = undefined;
  await signedIn(federation);
  expect(await tokenOf(federation, userId)).not.toBe('link');
});

test('GitHub says with 200 that a refresh token is over', async () => {
  const idp = await startGithubShapedIdp();
  idp.expiring = true;
  const document = githubOf(idp);
  const federation = await startFederation('sqlite', () => [document]);
  const leg = await goThrough(federation, { upstream: 'github' });
  const user = await federation.users.create(operator(), { name: 'ana', profile: { displayName: '', email: '' } });
  const key = { userId: user.id, owner: OWNER, upstream: 'github' };
  await federation.grants.save(key, leg, operator().origin);
  federation.clock.advance(8 * HOUR);
  expect(await federation.grants.upstreamToken(key)).toMatchObject({ ok: true });
  idp.refreshTokens.clear();
  federation.clock.advance(8 * HOUR);
  expect(await federation.grants.upstreamToken(key)).toEqual({ ok: false, error: { reason: 'link' } });
});

test('a refresh into an ID token of somebody else is refused, and ends nothing (OpenID Connect Core §12.2)', async () => {
  const { idp, federation, userId } = await start();
  const now = Math.floor(federation.clock.now() / 1000);
  const id_token = await idp.idToken({ iss: idp.issuer, sub: 'bo', aud: idp.clientId, iat: now, exp: now + 86_400 });
  idp.intercept = ({ url }, response) => {
    if (url !== '/token') return false;
    const answer = { access_token: 'of-bo', token_type: 'Bearer', expires_in: 3600, id_token };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    return true;
  };
  federation.clock.advance(HOUR);
  expect(await tokenOf(federation, userId)).toBe('unavailable');
  expect(await federation.grants.find({ userId, owner: OWNER, upstream })).toMatchObject({ status: 'active' });
});

test('a grant that is revoked while it is refreshed stays revoked, and the new tokens are ended', async () => {
  const { idp, federation, userId, refreshToken } = await start();
  const ended: string[] = [];
  idp.intercept = async (request, response) => {
    const json = { 'content-type': 'application/json' };
    if (request.url === '/token') {
      expect(await federation.grants.revoke({ userId }, operator().origin)).toBe(1);
      response.writeHead(200, json).end('{"access_token":"a","token_type":"bearer","refresh_token":"of-nobody"}');
      return true;
    }
    if (request.url !== '/token/revocation') return false;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    ended.push(new URLSearchParams(Buffer.concat(chunks).toString()).get('token') ?? '');
    response.writeHead(200).end();
    return true;
  };
  federation.clock.advance(HOUR);
  expect(await tokenOf(federation, userId)).toBe('link');
  expect(await federation.grants.list({ userId })).toEqual([]);
  expect(ended).toEqual([refreshToken, 'of-nobody']);
});

test('a record that cannot be written refuses the refresh before the provider is asked', async () => {
  const { idp, federation, userId } = await start();
  federation.clock.advance(HOUR);
  await federation.trail.close();
  await expect(federation.grants.upstreamToken({ userId, owner: OWNER, upstream })).rejects.toMatchObject({
    code: /^AUDIT_/,
  });
  expect(idp.refreshes).toBe(0);
});

test.each([
  ['lives for less than a minute is handed out', 5, 'brief'],
  ['is over when it arrives is not', 0, 'unavailable'],
])('a token that %s, after one refresh', async (_, expiresIn, expected) => {
  const { idp, federation, userId } = await start();
  idp.intercept = ({ url }, response) => {
    if (url !== '/token') return false;
    const answer = { access_token: 'brief', token_type: 'bearer', expires_in: expiresIn };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    return true;
  };
  federation.clock.advance(HOUR);
  const before = asked(idp);
  expect(await tokenOf(federation, userId)).toBe(expected);
  expect(asked(idp)).toBe(before + 1);
});

describe('a token that an API refused', () => {
  const another = async ({ grants }: Federation, userId: string, refused: string): Promise<string> => {
    const key = { userId, owner: OWNER, upstream };
    const answer = await grants.upstreamToken(key, { refused: new Secret(refused) });
    return answer.ok ? reveal(answer.value.accessToken) : answer.error.reason;
  };

  test('is refreshed though it lives: once for a hundred who met it, in two processes', async () => {
    const { idp, federation, userId, first } = await start();
    const other = await federation.beside();
    idp.intercept = slowly;
    const asking = Array.from({ length: 100 }, (_, at) => another(at % 2 === 0 ? federation : other, userId, first));
    const tokens = new Set(await Promise.all(asking));
    expect([tokens.size, tokens.has(first), idp.refreshes]).toEqual([1, false, 1]);
  });

  test('is not refreshed for who refused an older one, nor again and again for who refuses them all', async () => {
    const { idp, federation, userId, first } = await start();
    expect(await another(federation, userId, 'an older one')).toBe(first);
    const second = await another(federation, userId, first);
    expect(await another(federation, userId, first)).toBe(second);
    expect(await another(federation, userId, second)).toBe(second);
    expect(idp.refreshes).toBe(1);
    federation.clock.advance(30_000);
    expect(await another(federation, userId, second)).not.toBe(second);
    expect(idp.refreshes).toBe(2);
  });

  test('is all there is while the provider is down, and says to link anew where it ended the grant', async () => {
    const { idp, federation, userId, first } = await start();
    idp.intercept = failing(503);
    expect(await another(federation, userId, first)).toBe(first);
    federation.clock.advance(5_000);
    idp.intercept = ({ url }, response) => {
      if (url !== '/token') return false;
      response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"invalid_grant"}');
      return true;
    };
    expect(await another(federation, userId, first)).toBe('link');
  });
});

describe('an ID token', () => {
  const idTokenOf = async ({ grants }: Federation, userId: string) =>
    await grants.upstreamToken({ userId, owner: OWNER, upstream }, { wanted: 'id_token' });

  test('is given where it is wanted, says what it is, and is refreshed when it is about to end', async () => {
    const { idp, federation, userId } = await start();
    const answer = await idTokenOf(federation, userId);
    if (!answer.ok) throw new Error(answer.error.reason);
    expect(answer.value.issued).toBe('id_token');
    expect(reveal(answer.value.accessToken).split('.')).toHaveLength(3);
    // The provider in this test has the real time, so what it gives then has as little left.
    federation.clock.advance(7 * 24 * HOUR - 30_000);
    const next = await idTokenOf(federation, userId);
    expect(next.ok && reveal(next.value.accessToken)).not.toBe(reveal(answer.value.accessToken));
    expect(idp.refreshes).toBe(1);
    // One that is over when it arrives is none, and the access token is another matter.
    federation.clock.advance(45_000);
    expect(await idTokenOf(federation, userId)).toEqual({ ok: false, error: { reason: 'link' } });
    expect(await tokenOf(federation, userId)).not.toBe('link');
  });
});
