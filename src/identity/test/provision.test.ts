import { describe, expect, test } from 'vitest';
import { provisionUser, type UpstreamIdentity } from '#identity';
import { dialects } from '../../../test/databases.ts';
import { outcomesOf, profile, refusal, root, startPeople, type PeopleProcess } from './people.fixture.ts';

const ana: UpstreamIdentity = {
  issuer: 'https://login.example',
  subject: '42',
  preferredName: 'ana',
  displayName: 'Ana Ruiz',
  email: 'ana@example.test',
  groups: ['staff', 'admins'],
};

const signIn = ({ identity, users }: PeopleProcess, more: Partial<UpstreamIdentity> = {}) =>
  provisionUser({ frame: identity.frame, users }, { door: 'oauth' }, { ...ana, ...more });

describe.each(dialects)('a sign-in at a provider, on %s', (dialect) => {
  test('makes the user once, and brings profile and groups up to date', async () => {
    const people = await startPeople(dialect);
    const first = await signIn(people);
    expect(first).toMatchObject({ isNew: true, user: { name: 'ana', issuer: ana.issuer, subject: '42' } });
    await people.identity.roles.create(root, {
      role: 'admin',
      namespace: 'travel',
      subject: { kind: 'claim-group', issuer: ana.issuer, name: 'admins' },
    });
    const { id } = first.user;
    const standing = await people.identity.standings.ofUser(id);
    expect(standing).toMatchObject({
      grants: [{ role: 'admin', namespace: 'travel' }],
      groups: ['https://login.example#admins', 'https://login.example#staff'],
    });
    // A group of the same name at another provider is another group.
    const other = await signIn(people, { issuer: 'https://other.example' });
    expect(await people.identity.standings.ofUser(other.user.id)).toMatchObject({ grants: [] });
    const again = await signIn(people, { groups: ['staff'], displayName: 'A. Ruiz' });
    expect(again).toMatchObject({ isNew: false, user: { id, profile: { displayName: 'A. Ruiz' } } });
    expect((await people.identity.standings.ofUser(id))?.grants).toEqual([]);
    // Nothing new is said, so nothing is written.
    await signIn(people, { groups: ['staff'], displayName: 'A. Ruiz' });
    expect(await outcomesOf(people.trail, 'user.regroup')).toHaveLength(6);
  });

  test('leads to nobody else by name or address: a name that is taken is not used', async () => {
    const people = await startPeople(dialect);
    const local = await people.users.create(root, { name: 'ana', profile });
    const { user, isNew } = await signIn(people);
    expect([isNew, user.id === local.id, user.name]).toEqual([true, false, user.id]);
    const confusable = await signIn(people, { subject: '43', preferredName: 'аna' });
    expect(confusable.user.name).toBe(confusable.user.id);
  });

  test('is one user when they sign in twice at once, and two when two want one name', async () => {
    const people = await startPeople(dialect);
    const twice = await Promise.all([signIn(people), signIn(people), signIn(people)]);
    expect(new Set(twice.map(({ user }) => user.id)).size).toBe(1);
    const others = await Promise.all(['50', '51'].map((subject) => signIn(people, { subject, preferredName: 'bo' })));
    expect(others.map(({ user }) => user.name === 'bo').filter((named) => named)).toHaveLength(1);
  });

  test('does not let in who is disabled, and does not bring back who was erased', async () => {
    const people = await startPeople(dialect);
    const { user } = await signIn(people);
    await people.users.disable(root, user.id);
    expect(await refusal(() => signIn(people))).toBe('USER_DISABLED');
    await people.users.erase(root, user.id);
    const back = await signIn(people);
    expect([back.isNew, back.user.id === user.id]).toEqual([true, false]);
  });
});

test.each<[string, Partial<UpstreamIdentity>]>([
  ['in our own name', { issuer: 'chatelaine' }],
  ['without an issuer', { issuer: '' }],
  ['without a subject', { subject: '' }],
  ['with a group of two lines', { groups: ['a\nb'] }],
  ['with an empty group', { groups: [''] }],
  ['with 501 groups', { groups: Array.from({ length: 501 }, (_, at) => `g${at}`) }],
])('a sign-in %s is refused', async (_, more) => {
  const people = await startPeople();
  expect(await refusal(() => signIn(people, more))).toBe('CLAIMS_REFUSED');
  expect((await people.users.list()).items).toEqual([]);
});
