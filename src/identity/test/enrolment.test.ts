import { describe, expect, test } from 'vitest';
import { reveal } from '#kernel';
import { dialects } from '../../../test/databases.ts';
import { codeAt, stepAt } from '../second-factors/totp.ts';
import { PageVisitor, servePages } from './page-visitor.fixture.ts';
import { bindRole, PASSWORD, refusalCode, startSignIn, VISITOR } from './sign-in.fixture.ts';

const MINUTE = 60_000;

describe('setting up an app, at the pages', () => {
  const start = async () => {
    const process = await startSignIn('sqlite');
    const { port } = await servePages(process);
    const signedIn = async (name: string) => {
      const visitor = new PageVisitor(port, 'https://tools.example');
      await visitor.open('/console/sign-in');
      await visitor.submit('/console/sign-in', { name, password: PASSWORD });
      return visitor;
    };
    const app = async (visitor: PageVisitor) => {
      await visitor.open('/console/enrol');
      return await visitor.submit('/console/enrol', {});
    };
    return { ...process, signedIn, app };
  };

  test('whoever knows the password alone reads no seed, neither on the page nor on its refusal', async () => {
    const { person, live, password, enrolApp, services, signedIn } = await start();
    await person('root', ['admin']);
    const { begun } = await enrolApp(await live(await password('root')));
    const { seed } = await services.enrolment.app(await live(begun));
    const thief = await signedIn('root');
    expect((await thief.get('/console/enrol/app')).status).toBe(401);
    await thief.get('/console/sign-in/second-factor');
    const form = { form: thief.hidden('/console/sign-in/second-factor')['form'] as string };
    const sent = await thief.post('/console/enrol/app', { ...form, code: '000000' });
    expect(sent.status).toBe(401);
    expect(thief.page + sent.text).not.toContain('class="qr"');
    expect((thief.page + sent.text).replaceAll(' ', '')).not.toContain(reveal(seed));
  });

  test('a seed is shown to the session that began it, and to no other of the same person', async () => {
    const { person, signedIn, app } = await start();
    await person('root', ['admin']);
    const [mine, theirs] = [await signedIn('root'), await signedIn('root')];
    const shown = await app(mine);
    expect(shown.text).toContain('class="qr"');
    expect((await theirs.open('/console/enrol/app')).text).not.toContain('class="qr"');
    expect((await mine.open('/console/enrol/app')).text).toBe(shown.text);
  });

  test('of a session found open nobody makes an administrator: the role asks for the password again', async () => {
    const { person, database, clock, services, signedIn } = await start();
    const maria = await person('maria');
    const found = await signedIn('maria');
    clock.advance(11 * MINUTE);
    await bindRole(database.db, clock.now(), maria.id, 'admin');
    services.verifier.forget();
    await found.open('/console/account');
    expect(found.path).toContain('/console/enrol');
    await found.submit('/console/enrol', {});
    expect(found.path).toContain('/console/sign-in?');
    expect(found.page).toContain('Sign in again.');
    expect((await services.factors.of(maria.id)).app).toBe(false);
  });
});

describe.each(dialects)('setting up an app: %s', (dialect) => {
  test('a session of before the role came adds a factor only with a fresh proof', async () => {
    const { person, password, live, services, database, clock, enrolApp } = await startSignIn(dialect);
    const maria = await person('maria');
    const begun = await password('maria');
    await bindRole(database.db, clock.now(), maria.id, 'policy_admin');
    services.verifier.forget();
    clock.advance(11 * MINUTE);
    const stale = await live(begun);
    expect(stale.stage).toBe('second-factor');
    for (const act of [
      () => services.enrolment.app(stale),
      () => services.enrolment.confirmApp(VISITOR, stale, '000000'),
      () => services.enrolment.passkeyOptions(stale),
      () => services.enrolment.addPasskey(VISITOR, stale, '{}', 'x'),
    ]) {
      expect(await refusalCode(act())).toBe('SESSION_REQUIRED');
    }
    const fresh = await live(await password('maria'));
    expect((await live((await enrolApp(fresh)).begun)).stage).toBe('active');
  });

  test('a seed that was begun ends after a quarter of an hour, and another session neither sees nor confirms it', async () => {
    const { person, password, live, services, clock, code } = await startSignIn(dialect);
    await person('root', ['admin']);
    const [mine, theirs] = [await live(await password('root')), await live(await password('root'))];
    const { seed } = await services.enrolment.app(mine);
    expect(await services.enrolment.begunApp(theirs)).toBeUndefined();
    expect(await refusalCode(services.enrolment.confirmApp(VISITOR, theirs, code(seed)))).toBe('SECOND_FACTOR_REFUSED');
    clock.advance(15 * MINUTE - 1);
    expect(reveal((await services.enrolment.begunApp(mine))?.seed as never)).toBe(reveal(seed));
    clock.advance(1);
    expect(await services.enrolment.begunApp(mine)).toBeUndefined();
    expect(await refusalCode(services.enrolment.confirmApp(VISITOR, mine, code(seed)))).toBe('SECOND_FACTOR_REFUSED');
    expect(reveal((await services.enrolment.app(mine)).seed)).not.toBe(reveal(seed));
  });

  test('of many confirmations at once one counts, and the app is there afterwards', async () => {
    const here = await startSignIn(dialect);
    const there = await startSignIn(dialect, here);
    const maria = await here.person('maria');
    const pending = await here.live(await here.password('maria'));
    const { seed } = await here.services.enrolment.app(pending);
    const code = codeAt(seed, stepAt(here.clock.now()));
    const ends = await Promise.all(
      Array.from({ length: 12 }, (_, at) =>
        (at % 2 === 0 ? here : there).services.factors.apps.confirm(maria.id, pending.session.id, code, async () => {}),
      ),
    );
    expect(ends.filter(Boolean)).toHaveLength(1);
    expect(await here.services.factors.apps.has(maria.id)).toBe(true);
  });
});
