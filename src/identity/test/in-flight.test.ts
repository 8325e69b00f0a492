import { describe, expect, test } from 'vitest';
import { reveal } from '#kernel';
import { operator } from '#identity';
import { dialects } from '../../../test/databases.ts';
import { PasswordHasher } from '../passwords/password-hasher.ts';
import { PASSWORD, refusalCode, startSignIn, TEST_COST, VISITOR } from './sign-in.fixture.ts';

const NEXT = 'quiet rivers at dawn';
const ORIGIN = {
  door: 'console' as const,
  actor: { kind: 'system' as const, iss: 'chatelaine', sub: 'test', name: 'test' },
};

/** Compares passwords once it is let: what it compares with was read before. */
class HeldHasher extends PasswordHasher {
  readonly reached = Promise.withResolvers<void>();
  readonly let = Promise.withResolvers<void>();

  override async matches(...what: Parameters<PasswordHasher['matches']>): Promise<boolean> {
    this.reached.resolve();
    await this.let.promise;
    return await super.matches(...what);
  }
}

describe.each(dialects)('what happens meanwhile: %s', (dialect) => {
  /** A sign-in whose password is being compared, until `ends` is called: it gives what becomes of it. */
  const signingIn = async () => {
    const hasher = new HeldHasher({ cost: { ...TEST_COST, passes: 2 } });
    const held = await startSignIn(dialect, undefined, { hasher });
    const quick = await startSignIn(dialect, held);
    const maria = await held.person('maria');
    const link = reveal((await quick.services.passwords.issueLink(operator(), maria.id)).token);
    const end = refusalCode(held.password('maria'));
    await hasher.reached.promise;
    const ends = async (): Promise<string> => {
      hasher.let.resolve();
      return await end;
    };
    return { quick, maria, link, ends };
  };

  test('a sign-in with the old password does not outlive its change', async () => {
    const { quick, maria, link, ends } = await signingIn();
    await quick.services.passwords.redeem(VISITOR, link, NEXT);
    expect(await ends()).toBe('SIGN_IN_REFUSED');
    expect(await quick.services.sessions.list(maria.id)).toEqual([]);
    expect((await quick.password('maria', { password: NEXT })).session.stage).toBe('active');
  });

  test('a sign-in does not outlive that its person was disabled, also when they are enabled again', async () => {
    const { quick, maria, ends } = await signingIn();
    await quick.users.disable(operator(), maria.id);
    expect(await ends()).toBe('SIGN_IN_REFUSED');
    await quick.users.enable(operator(), maria.id);
    expect(await quick.services.sessions.list(maria.id)).toEqual([]);
  });

  test('a password that is only hashed anew meanwhile is the same password', async () => {
    const { quick, ends } = await signingIn();
    const again = refusalCode(quick.password('maria'));
    expect([await again, await ends()]).toEqual(['nothing', 'nothing']);
  });

  test('of two changes of one password at once one is made, and its session alone goes on', async () => {
    const here = await startSignIn(dialect);
    const there = await startSignIn(dialect, here);
    const maria = await here.person('maria');
    const sessions = [await here.password('maria'), await here.password('maria')] as const;
    const [mine, theirs] = [await here.live(sessions[0]), await there.live(sessions[1])];
    const change = (process: typeof here, live: typeof mine, next: string) =>
      refusalCode(process.services.passwords.change(VISITOR, live, { current: PASSWORD, next }));
    const ends = await Promise.all([change(here, mine, NEXT), change(there, theirs, `${NEXT} again`)]);
    expect(ends.filter((end) => end === 'nothing')).toHaveLength(1);
    expect(await here.services.sessions.list(maria.id)).toHaveLength(1);
  });
});

describe.each(dialects)('a program that was let in and has not asked yet: %s', (dialect) => {
  const approved = async () => {
    const process = await startSignIn(dialect);
    const { services, clock } = process;
    const maria = await process.person('maria');
    const begun = await process.password('maria');
    const live = await process.live(begun);
    const { deviceCode, userCode } = await services.programs.start(VISITOR, 'laptop');
    await services.programs.decide(VISITOR, live, userCode, true);
    const poll = async () => {
      clock.advance(5000);
      return (await services.programs.poll(VISITOR, reveal(deviceCode))).state;
    };
    return { ...process, maria, live, poll };
  };

  test.each<[string, (at: Awaited<ReturnType<typeof approved>>) => Promise<unknown>]>([
    [
      'the password is changed',
      ({ services, live }) => services.passwords.change(VISITOR, live, { current: PASSWORD, next: NEXT }),
    ],
    [
      'a link sets another password',
      async ({ services, maria }) =>
        services.passwords.redeem(
          VISITOR,
          reveal((await services.passwords.issueLink(operator(), maria.id)).token),
          NEXT,
        ),
    ],
    ['all sessions are ended', ({ services, maria }) => services.sessions.endAll(ORIGIN, maria.id)],
    [
      'all others are ended',
      ({ services, maria, live }) => services.sessions.endAll(ORIGIN, maria.id, live.session.id),
    ],
    ['its person signs out', ({ services, live }) => services.signIn.signOut(VISITOR, live)],
    [
      'the session that let it in is ended',
      ({ services, maria, live }) => services.sessions.end(ORIGIN, maria.id, live.session.id),
    ],
    [
      'its person is disabled and enabled',
      async ({ users, maria }) => {
        await users.disable(operator(), maria.id);
        await users.enable(operator(), maria.id);
      },
    ],
  ])('gets nothing after %s', async (_, act) => {
    const at = await approved();
    await act(at);
    expect(await at.poll()).toMatch(/^(?:access_denied|expired_token)$/);
    expect((await at.services.sessions.list(at.maria.id)).filter(({ kind }) => kind === 'cli')).toEqual([]);
  });

  test('gets its session else, and goes on when the browser signs out later', async () => {
    const at = await approved();
    expect(await at.poll()).toBe('approved');
    await at.services.signIn.signOut(VISITOR, at.live);
    expect((await at.services.sessions.list(at.maria.id)).map(({ kind }) => kind)).toEqual(['cli']);
  });
});
