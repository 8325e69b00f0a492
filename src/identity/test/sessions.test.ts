import { describe, expect, test, vi } from 'vitest';
import { randomToken, reveal } from '#kernel';
import { dialects } from '../../../test/databases.ts';
import { clearCookie, cookieJar, readCookie, setCookie } from '../sessions/cookies.ts';
import { csrfToken, isCsrfToken, isOwnPage } from '../sessions/csrf.ts';
import { SESSION_LIFETIMES, sessionEnd } from '../sessions/session.ts';
import { newToken, presentedCliDigest, presentedDigest } from '../sessions/token.ts';
import { everythingStored } from './identity.fixture.ts';
import { refusalCode, startSignIn, VISITOR } from './sign-in.fixture.ts';

const MINUTE = 60_000;
const ORIGIN = {
  door: 'console' as const,
  actor: { kind: 'system' as const, iss: 'chatelaine', sub: 'test', name: 'test' },
};

test.each([
  ['fresh', {}, 0, undefined],
  ['one millisecond before idle', {}, 30 * MINUTE - 1, undefined],
  ['idle', {}, 30 * MINUTE, 'expired'],
  ['in use until its absolute end', { lastSeenAt: 720 * MINUTE - 1 }, 720 * MINUTE - 1, undefined],
  ['in use at its absolute end', { lastSeenAt: 720 * MINUTE - 1 }, 720 * MINUTE, 'expired'],
  ['ended', { endedAt: 5 }, 1, 'revoked'],
  ['ended and expired', { endedAt: 5 }, 9000 * MINUTE, 'revoked'],
  ['of the command line, idle for an hour', { kind: 'cli' as const }, 60 * MINUTE, undefined],
  ['of the command line, idle for eight', { kind: 'cli' as const }, 480 * MINUTE, 'expired'],
])('a session that is %s: %o after %i ms is %s', (_, more, now, end) => {
  const began = { createdAt: 0, lastSeenAt: 0, expiresAt: 720 * MINUTE };
  const session = { kind: 'browser' as const, endedAt: null, ...began, ...more };
  expect(sessionEnd(session, now, SESSION_LIFETIMES)).toBe(end);
});

describe('the cookie', () => {
  test('over https is __Host-, Secure, HttpOnly and Lax (AS-063)', () => {
    const jar = cookieJar(new URL('https://tools.example'));
    const { secret } = newToken();
    expect(setCookie(jar, jar.session, secret)).toBe(
      `__Host-chatelaine=${reveal(secret)}; Path=/; Secure; HttpOnly; SameSite=Lax`,
    );
    expect(clearCookie(jar, jar.session)).toContain('Max-Age=0');
  });

  test('over http on loopback has a plain name and no Secure, which Safari would drop it for', () => {
    const jar = cookieJar(new URL('http://localhost:7420'));
    expect(setCookie(jar, jar.session, newToken().secret)).toMatch(
      /^chatelaine=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/,
    );
  });

  test.each([
    ['a=1; s=x; b=2', 'x'],
    ['s=x', 'x'],
    ['s=x; s=y', undefined],
    ['ss=x', undefined],
    ['', undefined],
    [undefined, undefined],
    ['s', undefined],
    ['s=a=b', 'a=b'],
  ])('in %j is %j', (header, value) => {
    expect(readCookie(header, 's')).toBe(value);
  });

  test('has one spelling, and a bearer is no cookie', () => {
    const token = reveal(newToken().secret);
    expect(presentedDigest(token)).toMatch(/^[0-9a-f]{64}$/);
    for (const other of [`${token} `, token.slice(1), `${token.slice(0, -1)}B`, `chs_${token}`, '', `"${token}"`]) {
      expect(presentedDigest(other)).toBeUndefined();
    }
    expect(presentedCliDigest(`chs_${token}`)).toBe(presentedDigest(token));
    expect(presentedCliDigest(token)).toBeUndefined();
  });
});

describe('a form', () => {
  test('carries the token of its cookie and of no other', () => {
    const [mine, other] = [randomToken(), randomToken()];
    expect(isCsrfToken(csrfToken(mine), mine)).toBe(true);
    for (const wrong of ['', csrfToken(other), mine, csrfToken(mine).slice(1)])
      expect(isCsrfToken(wrong, mine)).toBe(false);
  });

  test.each<[string, string | undefined, string | undefined, string, boolean]>([
    ['our page', 'https://tools.example', 'same-origin', 'https://tools.example', true],
    ['our page in a browser without fetch metadata', 'https://tools.example', undefined, 'https://tools.example', true],
    ['another site', 'https://evil.test', 'cross-site', 'https://tools.example', false],
    ['another site that a browser forgot to mark', 'https://evil.test', undefined, 'https://tools.example', false],
    ['a sibling domain', 'https://x.tools.example', 'same-site', 'https://tools.example', false],
    ['our name over http', 'http://tools.example', undefined, 'https://tools.example', false],
    ['another port', 'https://tools.example:8443', 'same-site', 'https://tools.example', false],
    ['a sandboxed frame', 'null', 'cross-site', 'https://tools.example', false],
    ['a frame that says nothing', 'null', undefined, 'https://tools.example', false],
    ['no browser', undefined, undefined, 'https://tools.example', false],
    ['a user typing', undefined, 'none', 'https://tools.example', false],
    ['loopback by its other name', 'http://127.0.0.1:7420', 'same-origin', 'http://localhost:7420', true],
    ['another server on loopback', 'http://127.0.0.1:9999', undefined, 'http://localhost:7420', false],
    [
      'a name that only looks like loopback',
      'http://localhost.evil.test:7420',
      undefined,
      'http://localhost:7420',
      false,
    ],
  ])('from %s (%s, %s) to %s: %s', (_, origin, secFetchSite, url, own) => {
    expect(isOwnPage({ origin, secFetchSite }, new URL(url))).toBe(own);
  });
});

describe.each(dialects)('sessions: %s', (dialect) => {
  test('what lies in the database opens nothing', async () => {
    const { person, password, at } = await startSignIn(dialect);
    await person('maria');
    const token = reveal((await password('maria')).token);
    const stored = Buffer.concat(await everythingStored({ where: at } as never)).toString('latin1');
    expect(stored).not.toContain(token);
    expect(stored).toContain(presentedDigest(token));
  });

  test('a known session runs no statement and answers without waiting', async () => {
    const { person, password, services, database, clock } = await startSignIn(dialect);
    await person('maria');
    const token = reveal((await password('maria')).token);
    // The word of the sign-in's own writes comes back by the change feed, when it does.
    await vi.waitFor(async () => {
      clock.advance(1000);
      await services.verifier.verifyCookie(token);
      clock.advance(1000);
      expect(services.verifier.verifyCookie(token)).not.toBeInstanceOf(Promise);
    });
    const before = database.statementCounts().executed;
    for (let at = 0; at < 1000; at++) expect(services.verifier.verifyCookie(token)).not.toBeInstanceOf(Promise);
    expect(database.statementCounts().executed).toBe(before);
  });

  test('use keeps it alive, in one process for the other, until its absolute end', async () => {
    const here = await startSignIn(dialect);
    const there = await startSignIn(dialect, here);
    await here.person('maria');
    const token = reveal((await here.password('maria')).token);
    const alive = async (process: typeof here) => (await process.services.verifier.verifyCookie(token)).ok;
    expect(await alive(there)).toBe(true);
    for (let minutes = 20; minutes < 720; minutes += 20) {
      here.clock.advance(20 * MINUTE);
      expect(await alive(here)).toBe(true);
      await vi.waitFor(async () => {
        const [row] = await here.database.db.selectFrom('sessions').selectAll().execute();
        expect(row?.last_seen_at).toBe(here.clock.now());
      });
    }
    expect(await alive(there)).toBe(true);
    here.clock.advance(20 * MINUTE);
    expect([await alive(here), await alive(there)]).toEqual([false, false]);
  });

  test('without use it ends after half an hour, and is in no list', async () => {
    const { person, password, services, clock } = await startSignIn(dialect);
    const maria = await person('maria');
    const token = reveal((await password('maria')).token);
    clock.advance(30 * MINUTE - 1);
    expect(await services.verifier.verifyCookie(token)).toMatchObject({ ok: true });
    clock.advance(30 * MINUTE);
    expect(await services.verifier.verifyCookie(token)).toMatchObject({ ok: false, error: { reason: 'expired' } });
    expect(await services.sessions.list(maria.id)).toEqual([]);
  });

  test('a shorter lifetime ends what began under a longer one, within it and the time to sign in', async () => {
    const before = await startSignIn(dialect);
    await before.person('maria');
    const token = reveal((await before.password('maria')).token);
    const lifetimes = { ...SESSION_LIFETIMES, idleMs: 300 * MINUTE, absoluteMs: 60 * MINUTE };
    const after = await startSignIn(dialect, before, { lifetimes });
    const alive = async () => (await after.services.verifier.verifyCookie(token)).ok;
    after.clock.advance(75 * MINUTE - 1);
    expect(await alive()).toBe(true);
    after.clock.advance(1);
    expect(await alive()).toBe(false);
  });

  test.each([
    ['idle', { idleMs: 5 * MINUTE }, 5 * MINUTE],
    ['absolute', { absoluteMs: 20 * MINUTE }, 20 * MINUTE],
  ])('a shorter %s lifetime ends a session and takes it off the list', async (_, shorter, end) => {
    const lifetimes = { ...SESSION_LIFETIMES, ...shorter };
    const { person, password, services, clock } = await startSignIn(dialect, undefined, { lifetimes });
    const { id } = await person('maria');
    const token = reveal((await password('maria')).token);
    clock.advance(end - 1);
    expect(await services.sessions.list(id)).toHaveLength(1);
    clock.advance(1);
    expect(await services.verifier.verifyCookie(token)).toMatchObject({ ok: false, error: { reason: 'expired' } });
    expect(await services.sessions.list(id)).toEqual([]);
  });

  test('CON-005: ended here, it is over here at once and elsewhere within a second', async () => {
    const here = await startSignIn(dialect);
    const there = await startSignIn(dialect, here);
    const maria = await here.person('maria');
    const [first, second] = [await here.password('maria'), await here.password('maria')];
    const reason = async (process: typeof here, { token }: typeof first) => {
      const verdict = await process.services.verifier.verifyCookie(reveal(token));
      return verdict.ok ? 'alive' : verdict.error.reason;
    };
    expect([await reason(there, first), await reason(there, second)]).toEqual(['alive', 'alive']);
    await here.services.sessions.end(ORIGIN, maria.id, first.session.id);
    expect(await reason(here, first)).toBe('revoked');
    await vi.waitFor(
      async () => {
        here.clock.advance(250);
        expect(await reason(there, first)).toBe('revoked');
      },
      { timeout: 900, interval: 20 },
    );
    expect(await reason(there, second)).toBe('alive');
  });

  test('CON-005: a disabled person is cut off, and a lost role is gone from the next request on', async () => {
    const here = await startSignIn(dialect);
    const there = await startSignIn(dialect, here);
    const maria = await here.person('maria', ['user', 'auditor']);
    const token = reveal((await here.password('maria')).token);
    const seen = async () => {
      const verdict = await there.services.verifier.verifyCookie(token);
      return verdict.ok ? verdict.value.roles.join(' ') : verdict.error.reason;
    };
    const soon = async (expected: string) =>
      await vi.waitFor(
        async () => {
          here.clock.advance(250);
          expect(await seen()).toBe(expected);
        },
        { timeout: 900, interval: 20 },
      );
    expect((await seen()).split(' ').toSorted()).toEqual(['auditor', 'user']);
    await here.database.db.deleteFrom('role_bindings').where('role', '=', 'auditor').execute();
    await soon('user');
    await here.database.db.updateTable('users').set({ disabled_at: 1 }).where('id', '=', maria.id).execute();
    await soon('disabled');
  });

  test('one person ends no session of another, and an unknown one is as good as a foreign one', async () => {
    const { person, password, services, live } = await startSignIn(dialect);
    const [maria] = [await person('maria'), await person('nora')];
    const theirs = await password('nora');
    for (const id of [theirs.session.id, 'nothing']) {
      expect(await refusalCode(services.sessions.end(ORIGIN, maria.id, id))).toBe('SESSION_UNKNOWN');
    }
    expect((await live(theirs)).stage).toBe('active');
  });

  test('the list says where each began, and all others can be ended at once', async () => {
    const { person, password, services } = await startSignIn(dialect);
    const maria = await person('maria');
    const first = await password('maria');
    await password('maria', { visitor: { address: '2001:db8::5', userAgent: 'curl\u001b[31m/8' } });
    expect((await services.sessions.list(maria.id)).map(({ address, device }) => [address, device])).toContainEqual([
      '2001:db8::5',
      'curl[31m/8',
    ]);
    expect(await services.sessions.endAll(ORIGIN, maria.id, first.session.id)).toBe(1);
    expect((await services.sessions.list(maria.id)).map(({ id }) => id)).toEqual([first.session.id]);
  });

  test('without its database nothing is known any more: unavailable', async () => {
    const { person, password, services, database, clock } = await startSignIn(dialect);
    await person('maria');
    const token = reveal((await password('maria')).token);
    await database.close();
    clock.advance(1000);
    expect(await services.verifier.verifyCookie(token)).toMatchObject({ ok: false, error: { reason: 'unavailable' } });
  });
});

describe.each(dialects)('a program: %s', (dialect) => {
  const start = async (options: Parameters<typeof startSignIn>[2] = {}) => {
    const process = await startSignIn(dialect, undefined, options);
    await process.person('maria');
    const live = await process.live(await process.password('maria'));
    const waiting = await process.services.programs.start(VISITOR, 'chatelaine on maria’s laptop');
    const poll = async (code = reveal(waiting.deviceCode)) => {
      process.clock.advance(5000);
      return await process.services.programs.poll(VISITOR, code);
    };
    return { ...process, liveSession: live, waiting, poll };
  };

  test('waits, is let in by its code, gets its session once, and is in the list', async () => {
    const { services, liveSession, waiting, poll } = await start();
    expect(waiting.userCode).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    expect(await poll()).toEqual({ state: 'authorization_pending' });
    const typed = waiting.userCode.toLowerCase().replace('-', ' ');
    expect(await services.programs.look(VISITOR, liveSession, typed)).toMatchObject({
      client: 'chatelaine on maria’s laptop',
    });
    await services.programs.decide(VISITOR, liveSession, typed, true);
    const approved = await poll();
    if (approved.state !== 'approved') throw new Error(approved.state);
    const credential = reveal(approved.credential);
    expect(credential).toMatch(/^chs_/);
    expect(await services.verifier.verify(credential)).toMatchObject({
      ok: true,
      value: { name: 'maria', amr: ['pwd'] },
    });
    expect(await services.verifier.verifyCookie(credential.slice(4))).toMatchObject({ ok: false });
    expect(await poll()).toEqual({ state: 'expired_token' });
    const listed = (await services.sessions.list(liveSession.person.id)).find(({ kind }) => kind === 'cli');
    await services.sessions.end(ORIGIN, liveSession.person.id, listed?.id as string);
    expect(await services.verifier.verify(credential)).toMatchObject({ ok: false, error: { reason: 'revoked' } });
  });

  test('of many polls at once one gets the session', async () => {
    const { services, liveSession, waiting, clock } = await start();
    await services.programs.decide(VISITOR, liveSession, waiting.userCode, true);
    clock.advance(5000);
    const ends = await Promise.all(
      Array.from({ length: 8 }, () => services.programs.poll(VISITOR, reveal(waiting.deviceCode))),
    );
    expect(ends.filter(({ state }) => state === 'approved')).toHaveLength(1);
    expect(await services.sessions.list(liveSession.person.id)).toHaveLength(2);
  });

  test('is told to slow down, sent away, and forgotten after ten minutes', async () => {
    const { services, liveSession, waiting, clock, poll } = await start();
    await poll();
    expect(await services.programs.poll(VISITOR, reveal(waiting.deviceCode))).toEqual({ state: 'slow_down' });
    await services.programs.decide(VISITOR, liveSession, waiting.userCode, false);
    expect(await refusalCode(services.programs.decide(VISITOR, liveSession, waiting.userCode, true))).toBe(
      'DEVICE_CODE_UNKNOWN',
    );
    expect(await poll()).toEqual({ state: 'access_denied' });
    const second = await services.programs.start(VISITOR, '');
    clock.advance(10 * MINUTE);
    expect(await refusalCode(services.programs.look(VISITOR, liveSession, second.userCode))).toBe(
      'DEVICE_CODE_UNKNOWN',
    );
    expect(await poll(reveal(second.deviceCode))).toEqual({ state: 'expired_token' });
    for (const code of ['', 'x'.repeat(43), reveal(newToken().secret)])
      expect(await poll(code)).toEqual({ state: 'expired_token' });
  });

  test('is not let in by an old proof, by a sign-in that is not complete, or for somebody disabled meanwhile', async () => {
    const { services, liveSession, waiting, clock, live, password, person, database, poll } = await start();
    await person('root', ['admin']);
    const pending = await live(await password('root'));
    expect(await refusalCode(services.programs.decide(VISITOR, pending, waiting.userCode, true))).toBe(
      'SESSION_REQUIRED',
    );
    clock.advance(6 * MINUTE);
    const later = await services.programs.start(VISITOR, 'later');
    clock.advance(4 * MINUTE + 1);
    expect(await refusalCode(services.programs.decide(VISITOR, liveSession, later.userCode, true))).toBe(
      'STEP_UP_REQUIRED',
    );
    const fresh = await live(await password('maria'));
    await services.programs.decide(VISITOR, fresh, later.userCode, true);
    await database.db.updateTable('users').set({ disabled_at: 1 }).where('name', '=', 'maria').execute();
    expect(await poll(reveal(later.deviceCode))).toEqual({ state: 'access_denied' });
  });

  test('gets a session of the lifetimes of the command line, not of the browser', async () => {
    const lifetimes = { ...SESSION_LIFETIMES, cliIdleMs: 10 * MINUTE, cliAbsoluteMs: 20 * MINUTE };
    const { services, liveSession, waiting, clock, poll } = await start({ lifetimes });
    await services.programs.decide(VISITOR, liveSession, waiting.userCode, true);
    const approved = await poll();
    if (approved.state !== 'approved') throw new Error(approved.state);
    expect(approved.expiresAt).toBe(clock.now() + 20 * MINUTE);
    clock.advance(10 * MINUTE);
    expect(await services.verifier.verify(reveal(approved.credential))).toMatchObject({ ok: false });
  });

  test.each([
    ['of the last minute', SESSION_LIFETIMES.proofMs, '60 s', 60],
    ['as recent as the configuration asks, where that is less', MINUTE / 2, '30 s', 30],
  ])('is let in by a proof %s, and says how recent', async (_, proofMs, said, maxAgeSeconds) => {
    const lifetimes = { ...SESSION_LIFETIMES, proofMs };
    const { services, liveSession, waiting, clock } = await start({ lifetimes });
    clock.advance(maxAgeSeconds * 1000 + 1);
    await expect(services.programs.decide(VISITOR, liveSession, waiting.userCode, true)).rejects.toMatchObject({
      code: 'STEP_UP_REQUIRED',
      message: expect.stringContaining(`not older than ${said}`) as string,
      details: { maxAgeSeconds },
    });
  });

  test('codes cannot be guessed: five wrong ones, then waiting', async () => {
    const { services, liveSession } = await start();
    const ends: string[] = [];
    for (let at = 0; at < 7; at++)
      ends.push(await refusalCode(services.programs.look(VISITOR, liveSession, 'BBBB-BBBB')));
    expect(ends).toEqual([
      ...Array.from({ length: 5 }, () => 'DEVICE_CODE_UNKNOWN'),
      'SIGN_IN_THROTTLED',
      'SIGN_IN_THROTTLED',
    ]);
  });
});
