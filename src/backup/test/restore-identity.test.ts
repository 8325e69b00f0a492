/** What was taken from people, agents and namespaces after a backup was made is not theirs again after a restore. */
import { describe, expect, test } from 'vitest';
import { reveal, sha256Hex, silentLogger } from '#kernel';
import { EVERYWHERE } from '#contract';
import { openSignIn, operator, type SignInServices, type UserDirectory } from '#identity';
import { dialects } from '../../../test/databases.ts';
import {
  nextPlace,
  refusal,
  restoreTo,
  startInstallation,
  temporaryDirectory,
  verdict,
  type Installation,
} from './backup.fixture.ts';

const root = operator();
const VISITOR = { address: '192.0.2.7', userAgent: 'a browser' };
const [OLD, NEW, THIRD] = ['rivers under wide bridges', 'seven lamps at the harbour', 'nobody paints the ceiling'];

interface Started extends Installation {
  readonly users: UserDirectory;
  readonly signIn: SignInServices;
}

/** An installation where people sign in. */
function withPeople(installation: Installation): Started {
  const { identity, vault } = installation;
  const users = identity.userDirectory(vault);
  const signIn = openSignIn({
    frame: identity.frame,
    log: silentLogger,
    envelope: vault.envelope,
    users,
    publicUrl: new URL('https://tools.example'),
    hasher: { cost: { memory: 64, passes: 1, parallelism: 1 }, atOnce: 4, waiting: 100 },
  });
  return { ...installation, users, signIn };
}

/** Somebody who set a password by a link. */
async function person({ users, signIn }: Started, name: string, password = OLD): Promise<string> {
  const { id } = await users.create(root, { name, profile: { displayName: name, email: '' } });
  await byLink({ signIn }, id, password);
  return id;
}

async function byLink({ signIn }: Pick<Started, 'signIn'>, id: string, password: string): Promise<void> {
  const { token } = await signIn.passwords.issueLink(root, id);
  await signIn.passwords.redeem(VISITOR, reveal(token), password);
}

/** A factor of each kind and a known browser, as rows: what they are worth is tested where they are made. */
async function equip({ database: { db } }: Started, id: string): Promise<void> {
  const row = { user_id: id, created_at: 1 };
  await db
    .insertInto('totp_seeds')
    .values({ ...row, id: `seed-${id}`, seed: 'x', key_id: 'x', last_step: 0, confirmed_at: 1 })
    .execute();
  await db
    .insertInto('passkeys')
    .values({
      ...row,
      id: `passkey-${id}`,
      public_key: 'x',
      counter: 0,
      transports: '',
      label: '',
      synced: 0,
      last_used_at: null,
    })
    .execute();
  await db
    .insertInto('recovery_codes')
    .values({ ...row, digest: sha256Hex(`code ${id}`) })
    .execute();
  await db
    .insertInto('known_devices')
    .values({ ...row, digest: sha256Hex(`device ${id}`), last_used_at: 1 })
    .execute();
}

const TRACES = [
  ...['passwords', 'totp_seeds', 'passkeys', 'recovery_codes', 'known_devices'],
  ...['sessions', 'one_time_links', 'device_codes'],
] as const;

/** The tables that have something of the person. */
async function tracesOf({ database: { db } }: Installation, id: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const table of TRACES) {
    const rows = await db
      .selectFrom(table as 'passwords')
      .select('user_id')
      .where('user_id', '=', id)
      .execute();
    if (rows.length > 0) found.push(table);
  }
  const held = await db.selectFrom('role_bindings').select('id').where('subject_id', '=', id).execute();
  const member = await db.selectFrom('group_members').select('group_id').where('member_id', '=', id).execute();
  return [...found, ...held.map(() => 'role_bindings'), ...member.map(() => 'group_members')];
}

const entersWith = ({ signIn }: Started, name: string, password: string): Promise<string> =>
  refusal(() => signIn.signIn.password(VISITOR, { name, password, device: undefined }));

describe.each(dialects)('after a restore: %s', (dialect) => {
  test('nothing of an erased person is there but their id', async () => {
    const start = withPeople(await startInstallation(dialect));
    const eva = await person(start, 'eva');
    await equip(start, eva);
    expect(await entersWith(start, 'eva', OLD)).toBe('nothing');
    const group = await start.identity.groups.create(root, { namespace: EVERYWHERE, name: 'team' });
    await start.identity.groups.addMember(root, EVERYWHERE, group.name, { kind: 'user', id: eva });
    await start.identity.roles.create(root, {
      role: 'auditor',
      namespace: EVERYWHERE,
      subject: { kind: 'user', id: eva },
    });
    const { file } = await start.backup();
    await start.users.erase(root, eva);
    expect(await tracesOf(start, eva)).toEqual([]);

    const at = await nextPlace(start, dialect);
    await restoreTo(at, file);
    await start.close();
    const next = withPeople(await startInstallation(dialect, at, start.clock));
    expect(await tracesOf(next, eva)).toEqual([]);
    expect(await next.users.find(eva)).toBeUndefined();
  });

  test('roles, memberships, groups, namespaces and keys that were taken away are not given again', async () => {
    const start = withPeople(await startInstallation(dialect));
    const { identity } = start;
    const ids: string[] = [];
    for (const name of ['ana', 'bo', 'cy']) ids.push(await person(start, name));
    const [ana = '', bo = '', cy = ''] = ids;
    const user = (id: string) => ({ kind: 'user', id }) as const;
    for (const name of ['admins', 'gone']) {
      const { id } = await identity.groups.create(root, { namespace: EVERYWHERE, name });
      await identity.roles.create(root, { role: 'auditor', namespace: EVERYWHERE, subject: { kind: 'group', id } });
      for (const member of [ana, bo, cy]) await identity.groups.addMember(root, EVERYWHERE, name, user(member));
    }
    const taken = await identity.roles.create(root, { role: 'policy_admin', namespace: 'a', subject: user(ana) });
    await identity.roles.create(root, { role: 'tool_publisher', namespace: 'a', subject: user(ana) });
    const keys = new Map<string, string>();
    for (const [agent, namespace] of [
      ['leaked', 'a'],
      ['kept', 'a'],
      ['shut', 'b'],
      ['reopened', 'c'],
    ] as const) {
      const made = await identity.keys.create(root, { agent, namespace });
      keys.set(agent, reveal(made.secret));
    }
    const { file } = await start.backup();

    const leaked = (await identity.keys.list('a')).find(({ agent }) => agent === 'leaked');
    await identity.keys.rotate(root, leaked?.id ?? '', { graceMs: 0 });
    await identity.namespaces.disable(root, 'b');
    await identity.namespaces.disable(root, 'c');
    await identity.namespaces.enable(root, 'c');
    await identity.roles.delete(root, taken.id);
    await identity.groups.removeMember(root, EVERYWHERE, 'admins', user(ana));
    await identity.groups.removeMember(root, EVERYWHERE, 'admins', user(bo));
    await identity.groups.addMember(root, EVERYWHERE, 'admins', user(bo));
    await identity.groups.delete(root, EVERYWHERE, 'gone');

    const at = await nextPlace(start, dialect);
    await restoreTo(at, file);
    await start.close();
    const next = withPeople(await startInstallation(dialect, at, start.clock));
    const verdicts = [...keys].map(async ([agent, key]) => [agent, await verdict(next, key)]);
    expect(Object.fromEntries(await Promise.all(verdicts))).toEqual({
      leaked: 'expired',
      kept: 'kept',
      shut: 'disabled',
      reopened: 'reopened',
    });
    const standings = await Promise.all([ana, bo, cy].map((id) => next.users.standing(id)));
    expect(standings.map(({ grants }) => grants.map(({ role, namespace }) => `${role}@${namespace}`))).toEqual([
      ['tool_publisher@a'],
      ['auditor@*'],
      ['auditor@*'],
    ]);
    expect((await next.identity.groups.list()).map(({ name }) => name)).toEqual(['admins']);
  });

  test('a replaced key counts to the end of its grace and no longer', async () => {
    const start = await startInstallation(dialect);
    const old = await start.identity.keys.create(root, { agent: 'bot' });
    const { file } = await start.backup();
    await start.identity.keys.rotate(root, old.key.id, { graceMs: 3_600_000 });
    const [replaced] = await start.identity.keys.list();
    const at = await nextPlace(start, dialect);
    await restoreTo(at, file);
    await start.close();
    const next = await startInstallation(dialect, at, start.clock);
    expect((await next.identity.keys.list()).map(({ id, expiresAt }) => [id, expiresAt])).toEqual([
      [old.key.id, replaced?.expiresAt],
    ]);
  });

  test('who changed a password or lost a factor needs a new link; who had done so before signs in as ever', async () => {
    const start = withPeople(await startInstallation(dialect));
    const { signIn } = start;
    const ids: Record<string, string> = {};
    for (const name of ['changed', 'appless', 'keyless', 'recoded', 'before', 'never']) {
      ids[name] = await person(start, name);
      await equip(start, ids[name]);
    }
    const of = (name: string): string => ids[name] ?? '';
    await byLink(start, of('before'), NEW);
    const { file } = await start.backup();

    await byLink(start, of('changed'), NEW);
    await signIn.factors.apps.remove(of('appless'));
    await signIn.factors.passkeys.remove(of('keyless'), `passkey-${of('keyless')}`);
    await signIn.factors.renewRecoveryCodes(of('recoded'));

    const at = await nextPlace(start, dialect);
    await restoreTo(at, file);
    await start.close();
    const next = withPeople(await startInstallation(dialect, at, start.clock));
    for (const name of ['changed', 'appless', 'keyless', 'recoded']) {
      expect([name, await tracesOf(next, of(name))]).toEqual([name, []]);
      expect([name, await entersWith(next, name, OLD)]).toEqual([name, 'SIGN_IN_REFUSED']);
    }
    for (const name of ['before', 'never']) {
      expect([name, await tracesOf(next, of(name))]).toEqual([
        name,
        expect.arrayContaining(['passwords', 'totp_seeds', 'passkeys', 'recovery_codes']) as string[],
      ]);
    }
    expect(await entersWith(next, 'before', NEW)).toBe('nothing');
    expect(await entersWith(next, 'never', OLD)).toBe('nothing');
    await byLink(next, of('changed'), THIRD);
    expect(await entersWith(next, 'changed', THIRD)).toBe('nothing');

    // A second restore, of a backup of after, ends nothing once more.
    const later = await next.backup(temporaryDirectory());
    const further = await nextPlace(next, dialect);
    await restoreTo(further, later.file);
    await next.close();
    const last = withPeople(await startInstallation(dialect, further, start.clock));
    expect(await entersWith(last, 'changed', THIRD)).toBe('nothing');
  });
});
