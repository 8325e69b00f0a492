import { describe, expect, test } from 'vitest';
import { subjectScope } from '#vault';
import { dialects } from '../../../test/databases.ts';
import { outcomesOf, profile, refusal, root, somebody, startPeople } from './people.fixture.ts';

describe.each(dialects)('users on %s', (dialect) => {
  test('are made once for a name, in whatever case, and found again by it', async () => {
    const { users, trail } = await startPeople(dialect);
    const ana = await users.create(root, { name: 'Ana.Ruiz', profile });
    expect(ana).toMatchObject({ name: 'Ana.Ruiz', issuer: 'chatelaine', subject: ana.id, profile });
    expect(await refusal(() => users.create(root, { name: 'ANA.ruiz', profile }))).toBe('USER_NAME_TAKEN');
    expect((await users.findByName('ana.ruiz'))?.id).toBe(ana.id);
    // What somebody types may be in a compatibility form; no second user can be made in one.
    expect((await users.findByName('ａna.ruiz'))?.id).toBe(ana.id);
    expect(await users.find(ana.id)).toEqual(ana);
    expect(await outcomesOf(trail, 'user.create')).toEqual(['intent', 'success', 'intent', 'denied USER_NAME_TAKEN']);
  });

  test('of a provider are told apart by issuer and subject', async () => {
    const { users } = await startPeople(dialect);
    const upstream = { issuer: 'https://one.example', subject: '42' };
    const one = await users.create(root, { name: 'one', profile, upstream });
    const two = await users.create(root, {
      name: 'two',
      profile,
      upstream: { ...upstream, issuer: 'https://two.example' },
    });
    expect(one.id).not.toBe(two.id);
    expect(await refusal(() => users.create(root, { name: 'three', profile, upstream }))).toBe('USER_SUBJECT_TAKEN');
    const ours = { issuer: 'chatelaine', subject: one.id };
    expect(await refusal(() => users.create(root, { name: 'three', profile, upstream: ours }))).toBe('CLAIMS_REFUSED');
    expect((await users.findBySubject('https://two.example', '42'))?.name).toBe('two');
  });

  test('are listed by age, page by page, and a forged cursor reaches no query', async () => {
    const { users, clock } = await startPeople(dialect);
    for (const name of ['c', 'a', 'b', 'd', 'e']) {
      await users.create(root, { name, profile });
      clock.advance(1);
    }
    const seen: string[] = [];
    for (let cursor: string | undefined; ;) {
      const page = await users.list({ limit: 2, cursor });
      seen.push(...page.items.map((user) => user.name));
      cursor = page.next;
      if (cursor === undefined) break;
    }
    expect(seen).toEqual(['c', 'a', 'b', 'd', 'e']);
    for (const cursor of ['', "' or 1=1 --", 'A'.repeat(26), '../..']) {
      expect(await refusal(() => users.list({ cursor }))).toBe('PAGE_REFUSED');
    }
    for (const limit of [0, -1, 1.5, Number.NaN, 1001]) {
      expect(await refusal(() => users.list({ limit }))).toBe('PAGE_REFUSED');
    }
  });

  test('are disabled from the first moment on, told of before it is acknowledged, and enabled again', async () => {
    const { users, clock, trail } = await startPeople(dialect);
    const ana = await users.create(root, { name: 'ana', profile });
    const told: string[] = [];
    users.onCutOff(async (id, why) => {
      told.push(`${id === ana.id} ${why} ${(await users.find(id))?.disabledAt}`);
    });
    const since = clock.now();
    await users.disable(root, ana.id);
    clock.advance(1000);
    expect((await users.disable(root, ana.id)).disabledAt).toBe(since);
    expect(told).toEqual([`true disabled ${since}`, `true disabled ${since}`]);
    expect((await users.enable(root, ana.id)).disabledAt).toBeNull();
    expect(await outcomesOf(trail, 'user.disable')).toEqual(['intent', 'success', 'intent', 'success']);
  });

  test('who are erased leave an id: no name, no subject, no profile, and no key that could bring one back', async () => {
    const { users, database, vault } = await startPeople(dialect);
    const upstream = { issuer: 'https://one.example', subject: 'ana-at-one' };
    const ana = await users.create(root, { name: 'ana', profile, upstream });
    await users.erase(root, ana.id);
    await users.erase(root, ana.id);
    expect(await users.find(ana.id)).toBeUndefined();
    const rows = JSON.stringify(await database.db.selectFrom('users').selectAll().execute());
    expect(rows).toContain(ana.id);
    expect(rows).not.toMatch(/"ana"|ana-at-one|Ruiz|example\.test/);
    const sealing = () => vault.envelope.writing(subjectScope(ana.id), async () => {});
    expect(await refusal(sealing)).toBe('SUBJECT_ERASED');
    for (const change of [
      () => users.rename(root, ana.id, 'back'),
      () => users.changeProfile(root, ana.id, profile),
      () => users.enable(root, ana.id),
      () => users.disable(root, ana.id),
    ]) {
      expect(await refusal(change)).toBe('USER_UNKNOWN');
    }
    // The name and the subject are free: whoever signs in with them is somebody new, with nothing of hers.
    expect((await users.create(root, { name: 'ana', profile, upstream })).id).not.toBe(ana.id);
  });

  test('keep a profile that opens in their row alone, and a rotation finds it', async () => {
    const { users, database, vault } = await startPeople(dialect);
    const ana = await users.create(root, { name: 'ana', profile });
    const bo = await users.create(root, { name: 'bo', profile: { displayName: 'Bo', email: '' } });
    expect(await vault.rotate(subjectScope(ana.id), async () => {})).toBe(1);
    expect((await users.find(ana.id))?.profile).toEqual(profile);
    const [sealed] = await database.db.selectFrom('users').selectAll().where('id', '=', ana.id).execute();
    const { profile: text, key_id } = sealed ?? { profile: null, key_id: null };
    expect(text).not.toContain('Ruiz');
    await database.db.updateTable('users').set({ profile: text, key_id }).where('id', '=', bo.id).execute();
    expect(await refusal(() => users.find(bo.id))).toBe('SEALED_DATA_ALTERED');
  });

  test('are renamed and described, and whoever else has the name keeps it', async () => {
    const { users } = await startPeople(dialect);
    const ana = await users.create(root, { name: 'ana', profile });
    await users.create(root, { name: 'bo', profile });
    expect(await refusal(() => users.rename(root, ana.id, 'BO'))).toBe('USER_NAME_TAKEN');
    expect((await users.rename(root, ana.id, 'ANA')).name).toBe('ANA');
    const described = await users.changeProfile(root, ana.id, { displayName: 'A.', email: '' });
    expect(described.profile).toEqual({ displayName: 'A.', email: '' });
    expect(await users.find(ana.id)).toMatchObject({ name: 'ANA', profile: { displayName: 'A.', email: '' } });
  });

  test('change their own profile and nobody else’s; another user answers as one that there is not', async () => {
    const { users } = await startPeople(dialect);
    const ana = await users.create(root, { name: 'ana', profile });
    const bo = await users.create(root, { name: 'bo', profile });
    const self = somebody('ana', ['user@default'], { kind: 'user', sub: ana.id });
    await users.changeProfile(self, ana.id, { displayName: 'A.', email: '' });
    const [foreign, missing] = await Promise.all(
      [bo.id, '0'.repeat(26)].map((id) =>
        users.changeProfile(self, id, profile).catch((error: unknown) => (error as Error).message.replace(id, '?')),
      ),
    );
    expect(foreign).toBe(missing);
    // The role of a credential that only reads stays where it is.
    const reading = somebody('ana', ['user@default'], { kind: 'user', sub: ana.id, access: new Set(['read']) });
    expect(await refusal(() => users.changeProfile(reading, ana.id, profile))).toBe('FORBIDDEN');
    expect(await refusal(() => users.disable(self, ana.id))).toBe('USER_UNKNOWN');
  });
});
