/** Which policies decide, and from when on: over both databases, and in two processes. */
import { describe, expect, test, vi } from 'vitest';
import { STARTER_POLICIES } from '#policy';
import { dialects } from '../../../test/databases.ts';
import { by, draft, FORBID, PERMIT, startPolicies, type PolicyProcess } from './directory.fixture.ts';

const DESK = { namespace: 'one', name: 'desk' };
const STARTER = { namespace: '*', name: 'declared-tools' };

/** Writes where somebody would who does not go through us. */
const overwrite = (process: PolicyProcess, { namespace, name }: typeof DESK, cedar: string) =>
  process.database.transaction(async (trx) => {
    const { id, version } = await trx
      .selectFrom('policies')
      .select(['id', 'version'])
      .where('namespace', '=', namespace)
      .where('name', '=', name)
      .executeTakeFirstOrThrow();
    await trx.updateTable('policy_versions').set({ cedar }).where('policy_id', '=', id).execute();
    await trx
      .insertInto('policy_versions')
      .columns([
        'policy_id',
        'version',
        'priority',
        'description',
        'cedar',
        'shadow',
        'enabled',
        'deleted',
        'reason',
        'author',
        'at',
      ])
      .expression((db) =>
        db
          .selectFrom('policy_versions')
          .select((eb) => [
            ...(['policy_id'] as const),
            eb('version', '+', 1).as('version'),
            ...([
              'priority',
              'description',
              'cedar',
              'shadow',
              'enabled',
              'deleted',
              'reason',
              'author',
              'at',
            ] as const),
          ])
          .where('policy_id', '=', id)
          .where('version', '=', version),
      )
      .execute();
    await trx
      .updateTable('policies')
      .set({ version: version + 1 })
      .where('id', '=', id)
      .execute();
  });

describe.each(dialects)('on %s', (dialect) => {
  test('a new installation has the starter policies, which may be deleted and do not come back', async () => {
    const first = await startPolicies(dialect);
    const kept = await first.policies.list('all');
    expect(kept.map(({ namespace, name, cedar }) => [`${namespace}/${name}`, cedar])).toEqual(
      STARTER_POLICIES.toSorted((one, other) => (one.id < other.id ? -1 : 1)).map(({ id, cedar }) => [id, cedar]),
    );
    expect(await first.mayPay()).toBe(true);
    await first.policies.delete(STARTER, by('our own rules'), () => {});
    expect(await first.mayPay()).toBe(false);
    const restarted = await startPolicies(dialect, first);
    expect((await restarted.policies.list('all')).map(({ name }) => name)).toEqual(['approvals', 'publications']);
    expect(await restarted.mayPay()).toBe(false);
  });

  test('a change is in force in this process at once, and in another without being told', async () => {
    const [here, there] = await two(dialect);
    await here.policies.create(DESK, draft(PERMIT), by());
    expect(await here.mayPay()).toBe(true);
    await vi.waitFor(async () => expect(await there.mayPay()).toBe(true), { timeout: 10_000, interval: 20 });
    await here.policies.change(DESK, draft(FORBID), by(), () => {});
    expect(await here.mayPay()).toBe(false);
    await vi.waitFor(async () => expect(await there.mayPay()).toBe(false), { timeout: 10_000, interval: 20 });
  });

  test('what is disabled or in the shadow decides nothing', async () => {
    const { policies, mayPay } = await empty(dialect);
    await policies.create(DESK, draft(PERMIT, { shadow: true }), by());
    expect(await mayPay()).toBe(false);
    await policies.change(DESK, draft(PERMIT, { enabled: false }), by(), () => {});
    expect(await mayPay()).toBe(false);
    await policies.change(DESK, draft(PERMIT), by(), () => {});
    expect(await mayPay()).toBe(true);
  });

  test('POL-002: a row that cannot be read goes on as it was known, and a change of another is obeyed all the same', async () => {
    const process = await empty(dialect);
    const { policies, mayPay, inForce } = process;
    await policies.create(DESK, draft('permit (principal, action, resource == Tool::"one/count");'), by());
    const other = { namespace: 'one', name: 'other' };
    await policies.create(other, draft(PERMIT), by());
    expect(await mayPay()).toBe(true);
    await overwrite(process, DESK, 'permit (principal, action, resource) when {');
    inForce.changed();
    expect(await mayPay()).toBe(true);
    expect(inForce.faults).toMatchObject([{ id: 'one/desk' }]);
    await policies.delete(other, by(), () => {});
    expect(await mayPay()).toBe(false);
    expect(inForce.faults).toMatchObject([{ id: 'one/desk' }]);
    await policies.change(DESK, draft(PERMIT), by(), () => {});
    expect([await mayPay(), inForce.faults]).toEqual([true, []]);
  });

  test('POL-002: a process that never knew it denies all that the policy could have been about, and says why', async () => {
    const first = await startPolicies(dialect);
    await first.policies.create(DESK, draft(PERMIT), by());
    await overwrite(first, DESK, 'permit what');
    const second = await startPolicies(dialect, first);
    expect(await second.mayPay()).toBe(false);
    expect(second.inForce.faults).toMatchObject([{ id: 'one/desk', problems: [{ message: expect.any(String) }] }]);
    const set = await second.inForce.current();
    expect(set.rules.map(({ id, effect }) => [id, effect])).toContainEqual(['one/desk', 'forbid']);
  });
});

test('a document decides in the place of what was made here under its name, and gives way when it goes', async () => {
  const process = await empty('sqlite');
  await process.policies.create(DESK, draft(PERMIT), by());
  const facts = { priority: 0, description: '', shadow: false, enabled: true };
  process.declare({ ...DESK, ...facts, cedar: FORBID });
  expect(await process.mayPay()).toBe(false);
  await expect(process.policies.change(DESK, draft(PERMIT), by(), () => {})).rejects.toMatchObject({
    code: 'POLICY_DECLARED',
  });
  expect((await process.policies.list('all')).map(({ origin }) => origin)).toEqual(['declared']);
  process.declare();
  expect(await process.mayPay()).toBe(true);
});

test('a policy that was not changed is not read again', async () => {
  const { policies, inForce } = await empty('sqlite');
  await policies.create(DESK, draft(PERMIT), by());
  const [before] = (await inForce.current()).rules;
  await policies.create({ namespace: 'one', name: 'other' }, draft(PERMIT), by());
  const after = (await inForce.current()).rules;
  expect(after).toHaveLength(2);
  expect(after[0]).toBe(before);
});

test('nothing is decided by policies that cannot be confirmed', async () => {
  const { database, inForce } = await startPolicies('sqlite');
  await inForce.current();
  await database.close();
  inForce.changed();
  await expect(inForce.current()).rejects.toThrow(/./);
});

async function empty(dialect: (typeof dialects)[number]): Promise<PolicyProcess> {
  const process = await startPolicies(dialect);
  for (const { id } of STARTER_POLICIES)
    await process.policies.delete({ namespace: '*', name: id.slice(2) }, by(), () => {});
  return process;
}

async function two(dialect: (typeof dialects)[number]): Promise<[PolicyProcess, PolicyProcess]> {
  const here = await empty(dialect);
  const there = await startPolicies(dialect, here);
  expect(await there.mayPay()).toBe(false);
  return [here, there];
}
