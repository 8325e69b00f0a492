import { describe, expect, test } from 'vitest';
import { operator } from '#identity';
import { reveal } from '#kernel';
import { dialects } from '../../../test/databases.ts';
import { everythingStored } from './identity.fixture.ts';
import { PASSWORD, refusalCode, startSignIn, VISITOR, type SignInProcess } from './sign-in.fixture.ts';

const ORIGIN = {
  door: 'system' as const,
  actor: { kind: 'system' as const, iss: 'chatelaine', sub: 'serve', name: 'serve' },
};
const WANTED = { name: 'maria', displayName: 'Maria Bernasconi', password: PASSWORD };

const issue = async ({ services }: SignInProcess, reissue = false): Promise<string> => {
  const link = await services.setup.issue(ORIGIN, { reissue });
  return link === undefined ? 'none' : reveal(link);
};

describe.each(dialects)('the first administrator: %s', (dialect) => {
  test('comes in by the link, sets up a second factor, and is an administrator', async () => {
    const process = await startSignIn(dialect);
    const { services, live, enrolApp, trail } = process;
    const link = await issue(process);
    expect(link).toMatch(/^[\w-]{43}$/);
    expect(await services.setup.opens(link)).toBe(true);
    const begun = await services.setup.redeem(VISITOR, link, WANTED);
    expect(begun.session.stage).toBe('enrolment');
    const { begun: done } = await enrolApp(await live(begun));
    expect(await services.verifier.verifyCookie(reveal(done.token))).toMatchObject({
      ok: true,
      value: { name: 'maria', roles: ['admin'], amr: ['pwd', 'otp', 'mfa'] },
    });
    expect(trail.told).toEqual([
      'setup.link-issued intent',
      'setup.link-issued success',
      'setup.administrator intent',
      'setup.administrator success',
      'second-factor.added intent',
      'second-factor.added success',
    ]);
  });

  test('is one: of twenty who follow the link at once, in two processes, one comes in', async () => {
    const here = await startSignIn(dialect);
    const there = await startSignIn(dialect, here);
    const link = await issue(here);
    const ends = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        refusalCode(
          (at % 2 === 0 ? here : there).services.setup.redeem(VISITOR, link, { ...WANTED, name: `maria${at}` }),
        ),
      ),
    );
    expect(ends.filter((end) => end === 'nothing')).toHaveLength(1);
    expect(ends.filter((end) => end === 'LINK_REFUSED')).toHaveLength(19);
    expect(await here.database.db.selectFrom('users').selectAll().execute()).toHaveLength(1);
  });

  test('finds the link whole after a mistake in the form', async () => {
    const process = await startSignIn(dialect);
    const link = await issue(process);
    const redeem = (password: string) =>
      refusalCode(process.services.setup.redeem(VISITOR, link, { ...WANTED, password }));
    expect(await redeem('short')).toBe('PASSWORD_REFUSED');
    expect(await redeem('Maria Bernasconi 1')).toBe('PASSWORD_REFUSED');
    expect(await redeem(PASSWORD)).toBe('nothing');
  });

  test('does not come in by a link that is an hour old, replaced, of another kind, or made up', async () => {
    const process = await startSignIn(dialect);
    const { services, clock, person } = process;
    const replaced = await issue(process);
    const old = await issue(process);
    const nora = await person('nora');
    const password = reveal((await services.passwords.issueLink(operator(), nora.id)).token);
    clock.advance(3_600_000 - 1);
    expect(await services.setup.opens(old)).toBe(true);
    clock.advance(1);
    for (const link of [replaced, old, password, '', 'x'.repeat(43)]) {
      expect(await services.setup.opens(link)).toBe(false);
      expect(await refusalCode(services.setup.redeem(VISITOR, link, WANTED))).toBe('LINK_REFUSED');
    }
    expect(await services.passwords.linked(await issue(process))).toBeUndefined();
  });

  test('made in another way ends the link; it is not made again, unless somebody at the server wants it', async () => {
    const process = await startSignIn(dialect);
    const { services, person } = process;
    const link = await issue(process);
    await person('root', ['admin']);
    expect(await services.setup.opens(link)).toBe(false);
    expect(await refusalCode(services.setup.redeem(VISITOR, link, WANTED))).toBe('LINK_REFUSED');
    expect(await issue(process)).toBe('none');
    const reissued = await issue(process, true);
    expect((await services.setup.redeem(VISITOR, reissued, WANTED)).session.stage).toBe('enrolment');
  });

  test('had a link that lies nowhere: its digest alone is kept', async () => {
    const process = await startSignIn(dialect);
    const link = await issue(process);
    const stored = Buffer.concat(await everythingStored({ where: process.at } as never)).toString('latin1');
    expect(stored).not.toContain(link);
  });
});
