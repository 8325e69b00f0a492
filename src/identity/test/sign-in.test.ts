import { describe, expect, onTestFinished, test } from 'vitest';
import { openAuditLog } from '#audit';
import type { AuditEvent } from '#contract';
import { reveal, silentLogger, type ChatelaineError } from '#kernel';
import { operator } from '#identity';
import { dialects } from '../../../test/databases.ts';
import { somebody } from './people.fixture.ts';
import { bindRole, PASSWORD, refusalCode, startSignIn, VISITOR } from './sign-in.fixture.ts';
import { temporaryDirectory } from '../../../test/temporary-directory.ts';

const via = { method: 'session', sessionId: 'x' } as const;

const elsewhere = (last: number) => ({ ...VISITOR, address: `203.0.113.${last}` });

describe.each(dialects)('signing in: %s', (dialect) => {
  test('a person without a second factor and without power over others is in after the password', async () => {
    const { person, password, live, services, trail } = await startSignIn(dialect);
    const maria = await person('maria');
    const begun = await password(' Maria ');
    expect(begun.session.stage).toBe('active');
    expect(await services.verifier.verifyCookie(reveal(begun.token))).toMatchObject({
      ok: true,
      value: { kind: 'user', sub: maria.id, name: 'maria', roles: ['user'], amr: ['pwd'] },
    });
    expect((await live(begun)).person.id).toBe(maria.id);
    expect(trail.told).toEqual(['sign-in.password success']);
    expect(trail.events[0]).toMatchObject({
      class: 'authentication',
      address: VISITOR.address,
      actor: { sub: maria.id },
    });
  });

  test('unknown name, wrong password, disabled person and person without a password are refused alike, and told apart in the record alone', async () => {
    const { person, password, database, trail } = await startSignIn(dialect);
    await person('maria');
    const out = await person('out');
    await person('federated');
    await database.db.updateTable('users').set({ disabled_at: 1 }).where('id', '=', out.id).execute();
    await database.db
      .deleteFrom('passwords')
      .where('user_id', 'in', (query) => query.selectFrom('users').select('id').where('name', '=', 'federated'))
      .execute();
    const errors: unknown[] = [];
    for (const [name, secret] of [
      ['nobody', PASSWORD],
      ['maria', 'wrong password 123'],
      ['out', PASSWORD],
      ['federated', PASSWORD],
    ] as const) {
      errors.push(
        await password(name, { password: secret }).catch(
          ({ code, status, message, remedy, details }: ChatelaineError) => ({ code, status, message, remedy, details }),
        ),
      );
    }
    expect(new Set(errors.map((error) => JSON.stringify(error))).size).toBe(1);
    expect(errors[0]).toMatchObject({ code: 'SIGN_IN_REFUSED', status: 401 });
    expect(trail.events.map(({ details }) => details?.['reason'])).toEqual([
      'unknown',
      'mismatch',
      'disabled',
      'mismatch',
    ]);
    for (const { actor } of trail.events) {
      expect(actor).toEqual({ kind: 'anonymous', iss: 'chatelaine', sub: '', name: '' });
    }
    expect(trail.events.map(({ object }) => object?.id)).toEqual([
      undefined,
      expect.any(String),
      out.id,
      expect.any(String),
    ]);
    expect(JSON.stringify(trail.events[0])).not.toContain('"nobody"');
    expect(JSON.stringify(trail.events.slice(1))).not.toMatch(/"maria"|198\.51|Mozilla/);
  });

  test('H8: the record of a refused name waits for nobody’s key: it is made while the keys of people cannot be had', async () => {
    const { person, password, trail, clock } = await startSignIn(dialect);
    await person('maria');
    for (const name of ['maria', 'nobody']) await refusalCode(password(name, { password: 'wrong password 77' }));
    await password('maria');
    const asked: string[] = [];
    const sealer = {
      seal: (subject: string) => {
        asked.push(subject);
        throw new Error('the key service is down');
      },
      open: () => Promise.reject(new Error('the key service is down')),
    };
    const log = await openAuditLog({ root: temporaryDirectory(), sealer, clock, logger: silentLogger });
    onTestFinished(() => log.close());
    const [known, unknown, accepted] = trail.events;
    for (const event of [known, unknown]) await log.append(event as AuditEvent);
    expect(asked).toEqual([]);
    await expect(log.append(accepted as AuditEvent)).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' });
  });

  test('H8: unknown, wrong and disabled cost the same statements and one hash each', async () => {
    const { person, password, database, users } = await startSignIn(dialect);
    await person('maria');
    await users.disable(operator(), (await person('out')).id);
    // What most hashes cost is looked up now and then, whoever asks.
    await refusalCode(password('anybody', { visitor: elsewhere(99) }));
    const costs: number[] = [];
    for (const [at, name] of ['nobody', 'maria', 'out'].entries()) {
      const before = database.statementCounts().executed;
      await refusalCode(password(name, { password: 'wrong password 77', visitor: elsewhere(at) }));
      costs.push(database.statementCounts().executed - before);
    }
    expect(new Set(costs).size).toBe(1);
    expect(costs[0]).toBeGreaterThan(3);
  });

  test('an administrator with the password alone can do nothing but enrol', async () => {
    const { person, password, live, services, enrolApp } = await startSignIn(dialect);
    await person('root', ['admin']);
    const begun = await password('root');
    expect(begun.session.stage).toBe('enrolment');
    expect(await services.verifier.verifyCookie(reveal(begun.token))).toMatchObject({ ok: false });
    const pending = await live(begun);
    expect(await refusalCode(services.passwords.change(VISITOR, pending, { current: PASSWORD, next: 'x' }))).toBe(
      'SESSION_REQUIRED',
    );
    expect(await refusalCode(services.enrolment.renewRecoveryCodes(VISITOR, pending))).toBe('STEP_UP_REQUIRED');
    const { begun: after, recoveryCodes } = await enrolApp(pending);
    expect(recoveryCodes).toHaveLength(10);
    expect(await services.verifier.verifyCookie(reveal(after.token))).toMatchObject({
      ok: true,
      value: { roles: ['admin'], amr: ['pwd', 'otp', 'mfa'] },
    });
  });

  test('with the password alone nobody adds a second factor to an account that has one', async () => {
    const process = await startSignIn(dialect);
    const { person, password, live, services, enrolApp } = process;
    await person('root', ['admin']);
    await enrolApp(await live(await password('root')));
    const thief = await live(await password('root', { visitor: elsewhere(9) }));
    expect(thief.stage).toBe('second-factor');
    expect(await refusalCode(services.enrolment.app(thief))).toBe('SECOND_FACTOR_REFUSED');
    expect(await refusalCode(services.enrolment.passkeyOptions(thief))).toBe('SECOND_FACTOR_REFUSED');
    expect(await refusalCode(services.enrolment.confirmApp(VISITOR, thief, '000000'))).toBe('SECOND_FACTOR_REFUSED');
    expect(await refusalCode(services.enrolment.remove(VISITOR, thief, 'app'))).toBe('SECOND_FACTOR_REFUSED');
    expect(await refusalCode(services.signIn.passwordAgain(VISITOR, thief, PASSWORD))).toBe('SECOND_FACTOR_REFUSED');
  });

  test('who becomes an administrator while signed in with a password alone has to give a second factor first', async () => {
    const { person, password, live, services, database, clock } = await startSignIn(dialect);
    const maria = await person('maria');
    const begun = await password('maria');
    expect((await live(begun)).stage).toBe('active');
    await bindRole(database.db, clock.now(), maria.id, 'policy_admin');
    services.verifier.forget();
    expect((await live(begun)).stage).toBe('second-factor');
    expect(await services.verifier.verifyCookie(reveal(begun.token))).toMatchObject({ ok: false });
  });

  test('AS-063: each step brings a new token, and the old one is dead', async () => {
    const { person, password, live, services, enrolApp, code, clock } = await startSignIn(dialect);
    await person('root', ['admin']);
    const first = await password('root');
    const { seed, begun: second } = await enrolApp(await live(first));
    const third = await services.signIn.secondFactor(VISITOR, await live(second), { code: code(seed) });
    clock.advance(30_000);
    const tokens = [first, second, third].map(({ token }) => reveal(token));
    expect(new Set(tokens).size).toBe(3);
    const alive = await Promise.all(tokens.map(async (token) => (await services.verifier.read(token)).ok));
    expect(alive).toEqual([false, false, true]);
  });

  test('of two tabs that give a second factor in one session one goes on', async () => {
    const process = await startSignIn(dialect);
    const other = await startSignIn(dialect, process);
    const { person, password, live, services, enrolApp, code } = process;
    await person('root', ['admin']);
    const { seed, begun } = await enrolApp(await live(await password('root')));
    void begun;
    const pending = await password('root');
    const codes = [code(seed), code(seed, 1)] as const;
    const both = await Promise.all([
      refusalCode(services.signIn.secondFactor(VISITOR, await live(pending), { code: codes[0] })),
      refusalCode(other.services.signIn.secondFactor(VISITOR, await other.live(pending), { code: codes[1] })),
    ]);
    expect(both.filter((end) => end === 'nothing')).toHaveLength(1);
  });

  test('step-up renews the moment and keeps the end of the session', async () => {
    const { person, password, live, services, enrolApp, code, clock, trail } = await startSignIn(dialect);
    await person('root', ['admin']);
    const { seed, begun } = await enrolApp(await live(await password('root')));
    clock.advance(20 * 60_000);
    const before = await live(begun);
    expect(await refusalCode(services.enrolment.renewRecoveryCodes(VISITOR, before))).toBe('STEP_UP_REQUIRED');
    const after = await live(await services.signIn.secondFactor(VISITOR, before, { code: code(seed) }));
    expect(after.session.authTime).toBe(clock.now());
    expect(after.session.expiresAt).toBe(before.session.expiresAt);
    const proved = trail.events.findLast(({ type }) => type === 'sign-in.step-up');
    expect(proved?.actor).toMatchObject({ kind: 'user', sessionId: before.session.id });
    expect(await services.enrolment.renewRecoveryCodes(VISITOR, after)).toHaveLength(10);
  });

  test('the last second factor of an administrator stays', async () => {
    const { person, password, live, services, enrolApp, trail } = await startSignIn(dialect);
    await person('root', ['admin']);
    const { begun } = await enrolApp(await live(await password('root')));
    expect(await refusalCode(services.enrolment.remove(VISITOR, await live(begun), 'app'))).toBe(
      'SECOND_FACTOR_NEEDED_STILL',
    );
    expect(trail.told.at(-1)).toBe('second-factor.removed denied SECOND_FACTOR_NEEDED_STILL');
  });

  test('what cannot be recorded does not happen: no session comes of it', async () => {
    const { person, password, services, trail, database } = await startSignIn(dialect);
    const maria = await person('maria');
    trail.refusing = new Error('disk full');
    await expect(password('maria')).rejects.toThrow('disk full');
    trail.refusing = undefined;
    // A row may stand there; its token was given to nobody.
    expect((await services.sessions.list(maria.id)).length).toBeLessThanOrEqual(1);
    expect(await database.db.selectFrom('known_devices').selectAll().execute()).toEqual([]);
  });

  test('a password whose parameters have become weak is hashed anew when it is used', async () => {
    const process = await startSignIn(dialect);
    const stronger = await startSignIn(dialect, process, {
      hasher: { cost: { memory: 128, passes: 2, parallelism: 1 } },
    });
    const maria = await process.person('maria');
    await stronger.password('maria');
    const [row] = await process.database.db
      .selectFrom('passwords')
      .selectAll()
      .where('user_id', '=', maria.id)
      .execute();
    expect(row?.phc).toMatch(/^\$argon2id\$v=19\$m=128,t=2,p=1\$/);
    expect((await process.password('maria')).session.stage).toBe('active');
  });

  test('H8: after a raise an unknown name costs what known ones still cost', async () => {
    const process = await startSignIn(dialect);
    await process.person('maria');
    await process.person('nora');
    const stronger = await startSignIn(dialect, process, {
      // A cost that cannot be computed shows where it is used.
      hasher: { cost: { memory: 1, passes: 1, parallelism: 1 } },
    });
    for (const name of ['nora', 'nobody']) {
      expect(await refusalCode(stronger.password(name, { password: 'wrong password 77' }))).toBe('SIGN_IN_REFUSED');
    }
  });

  test('CON-005: a changed password ends every session and forgets every browser', async () => {
    const { person, password, live, services, database } = await startSignIn(dialect);
    const maria = await person('maria');
    const sessions = [await password('maria'), await password('maria')];
    await services.signIn.remember(maria);
    const wanted = { current: PASSWORD, next: 'another four words entirely' };
    const after = await services.passwords.change(VISITOR, await live(sessions[0] as never), wanted);
    for (const { token } of sessions) {
      expect(await services.verifier.read(reveal(token))).toMatchObject({ ok: false, error: { reason: 'revoked' } });
    }
    expect((await live(after)).stage).toBe('active');
    expect(await database.db.selectFrom('known_devices').selectAll().execute()).toEqual([]);
    expect(await refusalCode(password('maria'))).toBe('SIGN_IN_REFUSED');
    expect((await password('maria', { password: wanted.next })).session.stage).toBe('active');
  });

  test('a link sets a password once, a newer link ends an older one, and both end in a day', async () => {
    const { person, password, services, clock } = await startSignIn(dialect);
    const maria = await person('maria');
    const issue = async () => reveal((await services.passwords.issueLink(operator(), maria.id)).token);
    const [older, link] = [await issue(), await issue()];
    expect(await refusalCode(services.passwords.redeem(VISITOR, older, 'quiet rivers at dawn'))).toBe('LINK_REFUSED');
    expect(await refusalCode(services.passwords.redeem(VISITOR, link, 'short'))).toBe('PASSWORD_REFUSED');
    const many = await Promise.all(
      Array.from({ length: 6 }, () => refusalCode(services.passwords.redeem(VISITOR, link, 'quiet rivers at dawn'))),
    );
    expect(many.toSorted()).toEqual([...Array.from({ length: 5 }, () => 'LINK_REFUSED'), 'nothing']);
    expect((await password('maria', { password: 'quiet rivers at dawn' })).session.stage).toBe('active');
    const late = await issue();
    clock.advance(86_400_000);
    expect(await services.passwords.linked(late)).toBeUndefined();
  });

  test('an administrator gives somebody a password by a link, and takes lost factors away: on record, and sessions end', async () => {
    const { person, password, live, services, enrolApp, code, trail, users } = await startSignIn(dialect);
    const root = await person('root', ['admin']);
    const { seed, begun } = await enrolApp(await live(await password('root')));
    const second = await services.signIn.secondFactor(VISITOR, await live(begun), { code: code(seed) });
    expect(await services.enrolment.reset(operator(), root.id)).toBe(1);
    expect(await services.factors.of(root.id)).toEqual({ app: false, passkeys: [], recoveryCodes: 0 });
    expect(await services.verifier.read(reveal(second.token))).toMatchObject({ ok: false });
    expect((await password('root')).session.stage).toBe('enrolment');
    expect(trail.told).toContain('second-factors.reset intent');
    expect(trail.told).toContain('second-factors.reset success');
    const upstream = { issuer: 'https://login.example', subject: 'x' };
    const profile = { displayName: '', email: '' };
    const federated = await users.create(operator(), { name: 'fed', profile, upstream });
    expect(await refusalCode(services.passwords.issueLink(operator(), federated.id))).toBe('USER_OF_PROVIDER');
    const out = await users.create(operator(), { name: 'out', profile });
    const { token } = await services.passwords.issueLink(operator(), out.id);
    await services.passwords.redeem(VISITOR, reveal(token), 'quiet rivers at dawn');
    expect((await password('out', { password: 'quiet rivers at dawn' })).session.stage).toBe('active');
    await users.disable(operator(), out.id);
    expect(await refusalCode(services.passwords.issueLink(operator(), out.id))).toBe('USER_DISABLED');
    expect(await refusalCode(services.passwords.issueLink(operator(), 'nobody'))).toBe('USER_UNKNOWN');
  });

  test('neither is for whoever lacks the rank or a fresh proof', async () => {
    const { person, services } = await startSignIn(dialect);
    const root = await person('root', ['admin']);
    const stale = somebody('admin', ['admin'], { kind: 'user', amr: ['pwd', 'otp'], authTime: 0, via });
    for (const [by, code] of [
      [somebody('auditor', ['auditor', 'policy_admin']), 'FORBIDDEN'],
      [somebody('there', ['admin@default']), 'USER_UNKNOWN'],
      [stale, 'STEP_UP_REQUIRED'],
    ] as const) {
      expect(await refusalCode(services.passwords.issueLink(by, root.id))).toBe(code);
      expect(await refusalCode(services.enrolment.reset(by, root.id))).toBe(code);
    }
  });

  test('CON-005: a disabled person is signed out everywhere, and stays so when enabled again', async () => {
    const { person, password, services, users } = await startSignIn(dialect);
    const maria = await person('maria');
    const begun = await password('maria');
    await users.disable(operator(), maria.id);
    expect(await services.verifier.verifyCookie(reveal(begun.token))).toMatchObject({ ok: false });
    await users.enable(operator(), maria.id);
    expect(await services.verifier.verifyCookie(reveal(begun.token))).toMatchObject({ ok: false });
    expect((await password('maria')).session.stage).toBe('active');
  });

  test('of an erased person nothing is left by which they signed in, nor from where', async () => {
    const { person, password, live, services, users, enrolApp, database } = await startSignIn(dialect);
    const maria = await person('maria');
    const { begun } = await enrolApp(await live(await password('maria')));
    await services.enrolment.passkeyOptions(await live(begun));
    await services.signIn.remember(maria);
    await services.passwords.issueLink(operator(), maria.id);
    await users.erase(operator(), maria.id);
    for (const table of [
      'passwords',
      'totp_seeds',
      'recovery_codes',
      'sessions',
      'known_devices',
      'one_time_links',
      'passkey_challenges',
    ] as const) {
      expect(await database.db.selectFrom(table).selectAll().execute()).toEqual([]);
    }
    expect(await services.verifier.verifyCookie(reveal(begun.token))).toMatchObject({ ok: false });
    expect(await refusalCode(password('maria'))).toBe('SIGN_IN_REFUSED');
  });
});
