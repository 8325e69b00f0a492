import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { forgetfulLedger } from '#contract';
import { openDatabase } from '#db';
import { openIdentity, provisionUser } from '#identity';
import { silentLogger } from '#kernel';
import { dialects } from '../../../test/databases.ts';
import { root, startPeople, type PeopleProcess } from './people.fixture.ts';

const ISSUER = 'https://login.example';
const signIn = ({ identity, users }: PeopleProcess, subject = '42') =>
  provisionUser({ frame: identity.frame, users }, { door: 'oauth' }, { issuer: ISSUER, subject, preferredName: 'ana' });
const standingOf = async (
  { identity }: Pick<PeopleProcess, 'identity'>,
  subject = '42',
  namespace = 'default',
  issuer = ISSUER,
) => {
  const standing = await identity.standings.ofSubject(issuer, subject, namespace);
  return typeof standing === 'string' ? standing : { id: standing.user.id, grants: standing.grants };
};

describe.each(dialects)('whom an issuer means by a subject, on %s', (dialect) => {
  test('is who signed in by both together, with the roles they have here', async () => {
    const people = await startPeople(dialect);
    expect(await standingOf(people)).toBe('unknown');
    const { user } = await signIn(people);
    expect(await standingOf(people)).toEqual({ id: user.id, grants: [] });
    await people.identity.roles.create(root, {
      role: 'user',
      namespace: 'travel',
      subject: { kind: 'user', id: user.id },
    });
    expect(await standingOf(people)).toMatchObject({ grants: [{ role: 'user', namespace: 'travel' }] });
    expect(await standingOf(people, '42', 'default', 'https://other.example')).toBe('unknown');
    // Our own users are vouched for by us alone.
    expect(await standingOf(people, user.id, 'default', 'chatelaine')).toBe('unknown');
  });

  test('is cut off when disabled, here at once and elsewhere within a second', async () => {
    const people = await startPeople(dialect);
    // Another process on the same data, which has been running for a while.
    const { clock, trail } = people;
    const database = await openDatabase({ ...people.where.place, clock });
    onTestFinished(() => database.close());
    const beside = {
      identity: openIdentity({ database, clock, trail, log: silentLogger, ledger: forgetfulLedger }),
    };
    const { user } = await signIn(people);
    expect(await standingOf(people)).toMatchObject({ id: user.id });
    await vi.waitFor(async () => expect(await standingOf(beside)).toMatchObject({ id: user.id }), { timeout: 2000 });
    await people.users.disable(root, user.id);
    expect(await standingOf(people)).toBe('disabled');
    people.clock.advance(1000);
    await vi.waitFor(async () => expect(await standingOf(beside)).toBe('disabled'), { timeout: 1000, interval: 20 });
  });

  test('is nobody in a namespace that is disabled', async () => {
    const people = await startPeople(dialect);
    await people.identity.namespaces.disable(root, 'travel');
    expect(await standingOf(people, 'stranger', 'travel')).toBe('disabled');
    expect(await standingOf(people, 'stranger')).toBe('unknown');
  });
});
