import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { reveal, Secret } from '#kernel';
import { subjectScope } from '#vault';
import { dialects } from '../../../test/databases.ts';
import { qrPath } from '../second-factors/qr-code.ts';
import { newRecoveryCodes, parseRecoveryCode } from '../second-factors/recovery-code.ts';
import { codeAt, matchingStep, newSeed, otpauthUri, parseCode, stepAt } from '../second-factors/totp.ts';
import { everythingStored } from './identity.fixture.ts';
import { refusalCode, startSignIn, VISITOR } from './sign-in.fixture.ts';

// RFC 6238 appendix B, the seed `12345678901234567890`, the last six of eight digits.
test.each([
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_111_111_111, '050471'],
  [1_234_567_890, '005924'],
  [2_000_000_000, '279037'],
  [20_000_000_000, '353130'],
])('at second %i the code is %s (RFC 6238 appendix B)', (second, code) => {
  const seed = new Secret('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');
  expect(codeAt(seed, stepAt(second * 1000))).toBe(code);
});

test('a code counts one step to either side, and never at or before the last step used', () => {
  const seed = newSeed();
  const moment = fc.integer({ min: 300_000, max: 4_000_000_000_000 });
  fc.assert(
    fc.property(moment, fc.integer({ min: -4, max: 4 }), fc.integer({ min: -4, max: 4 }), (now, off, last) => {
      const step = stepAt(now) + off;
      const found = matchingStep(seed, codeAt(seed, step), now, stepAt(now) + last);
      if (Math.abs(off) <= 1 && off > last) expect(found).toBe(step);
      else expect(found).toBeUndefined();
    }),
  );
});

test.each([
  ['123456', '123456'],
  [' 123 456 ', '123456'],
  ['123-456', '123456'],
  ['012345', '012345'],
  ['12345', undefined],
  ['1234567', undefined],
  ['12345a', undefined],
  ['１２３４５６', undefined],
  ['', undefined],
])('`%s` is read as the code %s', (typed, code) => {
  expect(parseCode(typed)).toBe(code);
});

test('the app gets what it needs, and names of any kind stay what they are', () => {
  const uri = new URL(reveal(otpauthUri(new Secret('GEZDGNBV'), 'Chatelaine', 'maria b@example.test')));
  expect(uri.href).toBe(
    'otpauth://totp/Chatelaine:maria%20b%40example.test?secret=GEZDGNBV&issuer=Chatelaine&algorithm=SHA1&digits=6&period=30',
  );
});

test('the drawing has the finder patterns of a QR code in three corners, within its quiet zone', () => {
  const { path, side } = qrPath(new Secret('otpauth://totp/Chatelaine:maria?secret=GEZDGNBVGY3TQOJQ'));
  for (const corner of [`M4 4h7v1h-7z`, `M${side - 11} 4h7v1h-7z`, `M4 ${side - 5}h7v1h-7z`]) {
    expect(path).toContain(corner);
  }
});

test('recovery codes are ten of 80 bits, and are read as people type them', () => {
  const codes = newRecoveryCodes().map(reveal);
  expect(new Set(codes).size).toBe(10);
  for (const code of codes) {
    expect(code).toMatch(/^([0-9a-hjkmnp-tv-z]{4}-){3}[0-9a-hjkmnp-tv-z]{4}$/);
    for (const typed of [
      code,
      code.toUpperCase(),
      code.replaceAll('-', ''),
      ` ${code.replaceAll('-', ' ')} `,
      code.replaceAll('0', 'O').replaceAll('1', 'l'),
    ]) {
      expect(reveal(parseRecoveryCode(typed) as Secret)).toBe(code);
    }
  }
  expect(parseRecoveryCode('123456')).toBeUndefined();
});

describe.each(dialects)('second factors: %s', (dialect) => {
  test('AS-068: a code is used once, also with spaces, by many at once, and in another process', async () => {
    const here = await startSignIn(dialect);
    const there = await startSignIn(dialect, here);
    const maria = await here.person('maria');
    const { seed } = await here.enrolApp(await here.live(await here.password('maria')));
    const code = here.code(seed);
    const spellings = [code, `${code.slice(0, 3)} ${code.slice(3)}`, ` ${code}`];
    const ends = await Promise.all(
      Array.from({ length: 24 }, (_, at) =>
        (at % 2 === 0 ? here : there).services.factors.apps.accept(maria.id, spellings[at % 3] as string),
      ),
    );
    expect(ends.filter(Boolean)).toHaveLength(1);
    expect(await there.services.factors.apps.accept(maria.id, code)).toBe(false);
    // A step that comes after one that was used ahead of time is not taken back.
    expect(await here.services.factors.apps.accept(maria.id, here.code(seed, 1))).toBe(true);
    expect(await here.services.factors.apps.accept(maria.id, code)).toBe(false);
  });

  test('AS-068: of two hundred wrong codes at most ten are judged, in a count apart from the password', async () => {
    const { person, password, live, services, enrolApp, trail } = await startSignIn(dialect);
    await person('maria');
    await enrolApp(await live(await password('maria')));
    const ends: string[] = [];
    const pending = await live(await password('maria'));
    for (let at = 0; at < 200; at++) {
      ends.push(await refusalCode(services.signIn.secondFactor(VISITOR, pending, { code: '000000' })));
    }
    expect(ends.filter((end) => end === 'SECOND_FACTOR_REFUSED').length).toBe(5);
    expect(ends.at(-1)).toBe('SIGN_IN_THROTTLED');
    expect((await password('maria')).session.stage).toBe('second-factor');
    expect(trail.told.filter((told) => told === 'sign-in.second-factor denied SECOND_FACTOR_REFUSED')).toHaveLength(5);
    expect(trail.told.filter((told) => told.startsWith('sign-in.second-factor denied'))).toHaveLength(60);
    await services.close();
    expect(trail.events.at(-1)).toMatchObject({
      ...{ type: 'sign-in.flood', actor: { sub: pending.person.id } },
      details: { refusals: 140 },
    });
  });

  test('a recovery code works once, for its person, and new ones end the old ones', async () => {
    const here = await startSignIn(dialect);
    const there = await startSignIn(dialect, here);
    const [maria, nora] = [await here.person('maria'), await here.person('nora')];
    const { recoveryCodes } = await here.enrolApp(await here.live(await here.password('maria')));
    const [first, second, third] = recoveryCodes as [string, string, string];
    const use = (process: typeof here, id: string, code: string) =>
      process.services.factors.accept(id, 'session', { code });
    expect(await use(here, nora.id, first)).toBeUndefined();
    const many = await Promise.all(
      Array.from({ length: 16 }, (_, at) => use(at % 2 === 0 ? here : there, maria.id, first)),
    );
    expect(many.filter((one) => one !== undefined)).toEqual([{ amr: ['otp', 'mfa'], by: 'recovery-code' }]);
    expect(await use(here, maria.id, second.toUpperCase())).toBeDefined();
    expect((await here.services.factors.of(maria.id)).recoveryCodes).toBe(8);
    await here.services.factors.renewRecoveryCodes(maria.id);
    expect(await use(here, maria.id, third)).toBeUndefined();
    expect((await here.services.factors.of(maria.id)).recoveryCodes).toBe(10);
  });

  test('an app counts once it has shown a code, and takes the place of the one before', async () => {
    const { person, password, live, services, enrolApp, code } = await startSignIn(dialect);
    const maria = await person('maria');
    const begun = await password('maria');
    const first = await services.enrolment.app(await live(begun));
    expect(await services.factors.apps.has(maria.id)).toBe(false);
    expect(reveal((await services.enrolment.app(await live(begun))).seed)).toBe(reveal(first.seed));
    expect(await services.factors.apps.confirm(maria.id, '000000')).toBe(false);
    const { seed, begun: after } = await enrolApp(await live(begun));
    const second = await enrolApp(await live(after));
    expect(second.recoveryCodes).toEqual([]);
    expect(await services.factors.apps.accept(maria.id, code(seed))).toBe(false);
    expect(await services.factors.apps.accept(maria.id, code(second.seed))).toBe(true);
  });

  test('seed and recovery codes are in no file of the database, and an erasure destroys the seed', async () => {
    const process = await startSignIn(dialect);
    const { person, password, live, services, enrolApp, vault, at } = process;
    const maria = await person('maria');
    const { seed, recoveryCodes } = await enrolApp(await live(await password('maria')));
    const stored = Buffer.concat(await everythingStored({ where: at } as never)).toString('latin1');
    for (const secret of [reveal(seed), ...recoveryCodes]) expect(stored).not.toContain(secret);
    await vault.eraseSubject(maria.id, async () => {});
    expect(await refusalCode(services.factors.apps.accept(maria.id, '123456'))).toBe('SUBJECT_ERASED');
  });

  test('a rotation of keys finds the seeds, and the app goes on', async () => {
    const { person, password, live, services, enrolApp, vault, code } = await startSignIn(dialect);
    const maria = await person('maria');
    const { seed } = await enrolApp(await live(await password('maria')));
    // The seed, and the profile of the person.
    expect(await vault.rotate(subjectScope(maria.id), async () => {})).toBe(2);
    expect(await services.factors.apps.accept(maria.id, code(seed))).toBe(true);
  });

  test('a seed that was moved to another person does not open', async () => {
    const { person, password, live, services, enrolApp, database } = await startSignIn(dialect);
    const [maria, mallory] = [await person('maria'), await person('mallory')];
    await enrolApp(await live(await password('mallory')));
    await database.db.updateTable('totp_seeds').set({ user_id: maria.id }).where('user_id', '=', mallory.id).execute();
    expect(await refusalCode(services.factors.apps.accept(maria.id, '123456'))).toBe('SEALED_DATA_ALTERED');
  });
});
