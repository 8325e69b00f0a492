import { describe, expect, test } from 'vitest';
import { reveal, type Secret } from '#kernel';
import { operator, SYSTEM } from '#identity';
import { dialects } from '../../../test/databases.ts';
import { PASSWORD, refusalCode, startSignIn, VISITOR } from './sign-in.fixture.ts';

const NEXT = 'quiet rivers at dawn';
const TABLES = ['passwords', 'totp_seeds', 'passkeys', 'recovery_codes', 'users', 'one_time_links'] as const;

describe.each(dialects)('what stays changed is on record before it is: %s', (dialect) => {
  const start = async () => {
    const process = await startSignIn(dialect);
    const { services } = process;
    const setup = reveal((await services.setup.issue({ door: 'system', actor: SYSTEM }, { reissue: true })) as Secret);
    const maria = await process.person('maria');
    const { begun, seed } = await process.enrolApp(await process.live(await process.password('maria')));
    const live = await process.live(begun);
    const link = reveal((await services.passwords.issueLink(operator(), maria.id)).token);
    const another = await services.enrolment.app(live);
    const { deviceCode, userCode } = await services.programs.start(VISITOR, 'laptop');
    return { ...process, live, link, setup, seed, another, deviceCode: reveal(deviceCode), userCode };
  };

  test.each<[string, string, (at: Awaited<ReturnType<typeof start>>) => Promise<unknown>]>([
    [
      'a changed password',
      'password.changed',
      ({ services, live }) => services.passwords.change(VISITOR, live, { current: PASSWORD, next: NEXT }),
    ],
    [
      'a password by a link',
      'password.set-by-link',
      ({ services, link }) => services.passwords.redeem(VISITOR, link, NEXT),
    ],
    [
      'a new factor',
      'second-factor.added',
      ({ services, live, another, code }) => services.enrolment.confirmApp(VISITOR, live, code(another.seed)),
    ],
    [
      'a factor taken away',
      'second-factor.removed',
      ({ services, live }) => services.enrolment.remove(VISITOR, live, 'app'),
    ],
    [
      'new recovery codes',
      'recovery-codes.renewed',
      ({ services, live }) => services.enrolment.renewRecoveryCodes(VISITOR, live),
    ],
    [
      'a program that is let in',
      'program.approved',
      ({ services, live, userCode }) => services.programs.decide(VISITOR, live, userCode, true),
    ],
    [
      'the first administrator',
      'setup.administrator',
      ({ services, setup }) =>
        services.setup.redeem(VISITOR, setup, { name: 'root', displayName: 'R', password: PASSWORD }),
    ],
  ])('%s', async (_, type, act) => {
    const at = await start();
    const kept = async () => [
      await Promise.all(TABLES.map((table) => at.database.db.selectFrom(table).selectAll().execute())),
      await at.database.db.selectFrom('device_codes').select('state').execute(),
    ];
    const before = await kept();
    at.trail.refusing = new Error('disk full');
    await expect(act(at)).rejects.toThrow('disk full');
    expect(await kept()).toEqual(before);
    at.trail.refusing = undefined;
    const from = at.trail.events.length;
    expect(await refusalCode(act(at))).toBe('nothing');
    expect(at.trail.told.slice(from).filter((told) => told.startsWith(type))).toEqual([
      `${type} intent`,
      `${type} success`,
    ]);
  });

  test('a wrong code is no intent', async () => {
    const { services, live, trail } = await start();
    const from = trail.events.length;
    expect(await refusalCode(services.enrolment.confirmApp(VISITOR, live, '000000'))).toBe('SECOND_FACTOR_REFUSED');
    expect(trail.told.slice(from)).toEqual(['second-factor.added denied SECOND_FACTOR_REFUSED']);
  });
});
