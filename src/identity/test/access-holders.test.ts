/** What an access review is told of people and agents: all that they hold, where from, and nothing else. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EVERYWHERE, ROLES, type Role } from '#contract';
import { provisionUser } from '#identity';
import { dialects } from '../../../test/databases.ts';
import { accessHolders, type IdentityHolder } from '../roles/access-holders.ts';
import { profile, root, startPeople, type PeopleProcess } from './people.fixture.ts';

async function holdersOf({ database, declared }: PeopleProcess, page?: number): Promise<readonly IdentityHolder[]> {
  const holders: IdentityHolder[] = [];
  for await (const holder of accessHolders(database.db, () => declared, page)) holders.push(holder);
  return holders;
}

const named = (holders: readonly IdentityHolder[], name: string): IdentityHolder =>
  holders.find((holder) => holder.name === name) as IdentityHolder;

const from = (document: object) => ({
  kind: 'roleBinding' as const,
  namespace: 'default',
  name: 'from-a-file',
  everywhere: false,
  role: 'auditor' as const,
  ...document,
});

describe.each(dialects)('on %s', (dialect) => {
  test('a role comes from a gift, a group, a provider’s group or the configuration, and says so', async () => {
    const people = await startPeople(dialect);
    const { identity, users, declared } = people;
    const issuer = 'https://idp.test';
    const { user } = await provisionUser(
      { frame: identity.frame, users },
      { door: 'oauth' },
      { issuer, subject: 'a-1', preferredName: 'ana', ...profile, groups: ['staff', 'ops'] },
    );
    const subject = { kind: 'user', id: user.id } as const;
    const group = await identity.groups.create(root, { namespace: 'travel', name: 'planners' });
    await identity.groups.addMember(root, 'travel', 'planners', subject);
    const give = (role: Role, namespace: string, to: Parameters<typeof identity.roles.create>[1]['subject']) =>
      identity.roles.create(root, { role, namespace, subject: to });
    await give('admin', EVERYWHERE, subject);
    await give('user', 'travel', { kind: 'group', id: group.id });
    await give('tool_publisher', 'travel', { kind: 'claim-group', issuer, name: 'ops' });
    // Somebody else's group of the same name.
    await give('policy_admin', EVERYWHERE, { kind: 'claim-group', issuer: 'https://other.test', name: 'ops' });
    declared.push(from({ issuer, group: 'staff' }), from({ group: 'planners', namespace: 'travel' }));
    declared.push(from({ issuer, user: 'a-1', role: 'user', everywhere: true }));
    const ana = named(await holdersOf(people), 'ana');
    expect(ana).toMatchObject({ kind: 'user', iss: 'chatelaine', sub: user.id, namespace: EVERYWHERE, keys: [] });
    expect(ana.roles).toEqual([
      { role: 'admin' },
      { role: 'user', by: 'configuration' },
      { role: 'tool_publisher', namespace: 'travel', by: `group ${issuer}#ops` },
      { role: 'auditor', namespace: 'default', by: `configuration, group ${issuer}#staff` },
      { role: 'user', namespace: 'travel', by: 'group travel/planners' },
      { role: 'auditor', namespace: 'travel', by: 'configuration, group travel/planners' },
    ]);
  });

  test('of an agent, the roles of its row, of bindings and of groups, in their namespaces', async () => {
    const people = await startPeople(dialect);
    const { identity, declared } = people;
    const agent = await identity.agents.create(root, { name: 'bot', namespace: 'travel', roles: ['user'] });
    const subject = { kind: 'agent', id: agent.id } as const;
    const group = await identity.groups.create(root, { namespace: EVERYWHERE, name: 'bots' });
    await identity.groups.addMember(root, EVERYWHERE, 'bots', subject);
    await identity.roles.create(root, { role: 'auditor', namespace: 'payments', subject });
    await identity.roles.create(root, {
      role: 'auditor',
      namespace: EVERYWHERE,
      subject: { kind: 'group', id: group.id },
    });
    declared.push(from({ agent: 'bot', namespace: 'travel', role: 'tool_publisher' }));
    // Another's, of the same name.
    declared.push(from({ agent: 'bot', namespace: 'default', role: 'admin' }));
    expect(named(await holdersOf(people), 'bot').roles).toEqual([
      { role: 'user', namespace: 'travel' },
      { role: 'auditor', namespace: 'payments' },
      { role: 'tool_publisher', namespace: 'travel', by: 'configuration' },
      { role: 'auditor', by: 'group */bots' },
    ]);
  });

  test('keys that ended are shown, those that were revoked are nobody’s', async () => {
    const people = await startPeople(dialect);
    const { identity, clock } = people;
    const start = clock.now();
    const issue = (request: object) => (clock.advance(1), identity.keys.create(root, { agent: 'bot', ...request }));
    const [live, late, gone] = [
      await issue({ scopes: ['read:x'], access: ['read'], allowedTools: ['city'] }),
      await issue({ lifetimeMs: 60_000 }),
      await issue({}),
    ];
    const replaced = (await issue({})).key.id;
    clock.advance(1);
    const { key: successor } = await identity.keys.rotate(root, replaced, { graceMs: 3_600_000 });
    await identity.keys.revoke(root, gone.key.id);
    clock.advance(120_000);
    const { keys } = named(await holdersOf(people), 'bot');
    const usual = { access: ['read', 'execute'], scopes: [] };
    expect(keys).toEqual([
      { id: live.key.id, access: ['read'], scopes: ['read:x'], tools: ['city'], createdAt: start + 1 },
      { ...usual, id: late.key.id, createdAt: start + 2, expiresAt: start + 60_002 },
      { ...usual, id: replaced, createdAt: start + 4, expiresAt: start + 3_600_005 },
      { ...usual, id: successor.id, createdAt: start + 5 },
    ]);
  });

  test('who is disabled holds what they hold, and is said to be; who was deleted or erased is nobody', async () => {
    const people = await startPeople(dialect);
    const { identity, users, clock } = people;
    // Ids of one moment are in no order.
    const create = (name: string) => (clock.advance(1), users.create(root, { name, profile }));
    const [ana, bo, cy] = [await create('ana'), await create('bo'), await create('cy')];
    for (const { id } of [ana, bo, cy]) {
      await identity.roles.create(root, { role: 'user', namespace: 'travel', subject: { kind: 'user', id } });
    }
    const agent = (name: string, more: object = {}) => {
      clock.advance(1);
      return identity.agents.create(root, { name, roles: ['user'], ...more });
    };
    await agent('of-ana', { responsibleUser: ana.id });
    await agent('of-bo', { responsibleUser: bo.id });
    await agent('switched-off');
    await agent('deleted');
    await agent('shut', { namespace: 'travel' });
    await users.disable(root, ana.id);
    await users.erase(root, cy.id);
    await identity.agents.disable(root, 'switched-off');
    await identity.agents.delete(root, 'deleted');
    await identity.namespaces.disable(root, 'travel');
    const holders = await holdersOf(people);
    expect(holders.map(({ name, disabled, roles }) => [name, disabled, roles])).toEqual([
      ['ana', true, [{ role: 'user', namespace: 'travel', disabled: true }]],
      ['bo', false, [{ role: 'user', namespace: 'travel', disabled: true }]],
      ['of-ana', true, [{ role: 'user', namespace: 'default' }]],
      ['of-bo', false, [{ role: 'user', namespace: 'default' }]],
      ['switched-off', true, [{ role: 'user', namespace: 'default' }]],
      ['shut', true, [{ role: 'user', namespace: 'travel', disabled: true }]],
    ]);
  });

  test('everybody is there once, however small the pages', async () => {
    const people = await startPeople(dialect);
    const { identity, users } = people;
    for (let at = 0; at < 5; at++) {
      await users.create(root, { name: `user${at}`, profile });
      await identity.keys.create(root, { agent: `agent${at}` });
    }
    const all = await holdersOf(people);
    expect(all).toHaveLength(10);
    for (const page of [1, 2, 5, 10]) expect(await holdersOf(people, page)).toEqual(all);
  });
});

describe.each(dialects)('on %s', (dialect) => {
  test('in a namespace has to do who holds a role there or, as a user, everywhere, wherever it is from; and its agents', async () => {
    const people = await startPeople(dialect);
    const { identity, users, declared, clock } = people;
    const create = async (name: string) => (clock.advance(1), (await users.create(root, { name, profile })).id);
    const issuer = 'https://idp.test';
    const provide = async (name: string, groups: readonly string[] = []) => {
      const from = { issuer, subject: `s-${name}`, preferredName: name, ...profile, groups };
      clock.advance(1);
      return (await provisionUser({ frame: identity.frame, users }, { door: 'oauth' }, from)).user.id;
    };
    const give = (id: string, namespace: string) =>
      identity.roles.create(root, { role: 'user', namespace, subject: { kind: 'user', id } });
    await identity.roles.create(root, {
      ...{ role: 'user', namespace: 'travel', subject: { kind: 'claim-group', issuer, name: 'bound' } },
    });
    await identity.groups.create(root, { namespace: 'travel', name: 'planners' });
    const names = new Map([
      [await create('given'), 'given'],
      [await create('global'), 'global'],
      [await create('Named'), 'Named'],
      [await create('member'), 'member'],
      [await provide('vouched'), 'vouched'],
      [await provide('in-bound', ['bound']), 'in-bound'],
      [await provide('in-declared', ['declared']), 'in-declared'],
      [await create('elsewhere'), 'elsewhere'],
      [await create('disabled'), 'disabled'],
      [await provide('named', ['others']), 'named'],
    ]);
    const idOf = (name: string) => [...names].find(([, one]) => one === name)?.[0] as string;
    await give(idOf('given'), 'travel');
    await give(idOf('global'), EVERYWHERE);
    await give(idOf('elsewhere'), 'default');
    await give(idOf('disabled'), 'travel');
    await users.disable(root, idOf('disabled'));
    await identity.groups.addMember(root, 'travel', 'planners', { kind: 'user', id: idOf('member') });
    declared.push(
      from({ namespace: 'travel', user: 'NAMED' }),
      from({ namespace: 'travel', user: 's-vouched', issuer }),
      from({ namespace: 'travel', group: 'planners' }),
      from({ namespace: 'travel', group: 'declared', issuer }),
      from({ namespace: 'default', user: 'elsewhere' }),
    );
    const within = async (kind: 'users' | 'agents', limit: number) => {
      const found: string[] = [];
      for (let page: readonly string[] | undefined; page === undefined || page.length === limit; found.push(...page))
        page = await identity.holdersWithin[kind](['travel'], { after: found.at(-1), limit });
      return found.map((id) => names.get(id));
    };
    const expected = ['given', 'global', 'Named', 'member', 'vouched', 'in-bound', 'in-declared'];
    for (const limit of [1, 3, 100]) expect(await within('users', limit)).toEqual(expected);

    const group = await identity.groups.create(root, { namespace: EVERYWHERE, name: 'helpers' });
    await identity.roles.create(root, { role: 'user', namespace: 'travel', subject: { kind: 'group', id: group.id } });
    const agent = async (name: string, namespace: string) => {
      clock.advance(1);
      const { id } = await identity.agents.create(root, { name, namespace, roles: [] });
      names.set(id, name);
      return { kind: 'agent', id } as const;
    };
    await agent('own', 'travel');
    await identity.groups.addMember(root, EVERYWHERE, 'helpers', await agent('helper', 'default'));
    await identity.roles.create(root, { role: 'user', namespace: 'travel', subject: await agent('guest', 'default') });
    await identity.roles.create(root, { role: 'user', namespace: EVERYWHERE, subject: await agent('any', 'default') });
    expect(new Set(await within('agents', 2))).toEqual(new Set(['guest', 'helper', 'own']));
  });
});

test('what counts for somebody is what the review says they hold, but for disabled namespaces (property)', async () => {
  const people = await startPeople();
  const { identity, users, declared } = people;
  const places = [EVERYWHERE, 'default', 'travel', 'payments'];
  const { user } = await provisionUser(
    { frame: identity.frame, users },
    { door: 'oauth' },
    { issuer: 'https://idp.test', subject: 'a-1', preferredName: 'ana', ...profile, groups: ['ops'] },
  );
  // Who stays an administrator whatever is tried.
  const guard = await provisionUser(
    { frame: identity.frame, users },
    { door: 'oauth' },
    { issuer: 'https://idp.test', subject: 'g-1', preferredName: 'guard', ...profile },
  );
  const guarding = { kind: 'user', id: guard.user.id } as const;
  await identity.roles.create(root, { role: 'admin', namespace: EVERYWHERE, subject: guarding });
  const group = await identity.groups.create(root, { namespace: 'travel', name: 'planners' });
  await identity.groups.addMember(root, 'travel', 'planners', { kind: 'user', id: user.id });
  await identity.namespaces.disable(root, 'payments');
  const subjects = [
    { kind: 'user', id: user.id },
    { kind: 'group', id: group.id },
    { kind: 'claim-group', issuer: 'https://idp.test', name: 'ops' },
    { kind: 'claim-group', issuer: 'https://idp.test', name: 'others' },
  ] as const;
  const binding = fc.record({
    role: fc.constantFrom(...ROLES),
    namespace: fc.constantFrom(...places),
    subject: fc.constantFrom(...subjects),
  });
  const document = fc
    .record({
      role: fc.constantFrom(...ROLES),
      everywhere: fc.boolean(),
      namespace: fc.constantFrom('default', 'travel', 'payments'),
      who: fc.constantFrom({ group: 'planners' }, { group: 'ops', issuer: 'https://idp.test' }, { user: 'ana' }),
    })
    .map(({ who, ...rest }) => from({ ...rest, ...who }));
  await fc.assert(
    fc.asyncProperty(
      fc.array(binding, { maxLength: 6 }),
      fc.array(document, { maxLength: 4 }),
      async (bindings, documents) => {
        const made = [];
        for (const one of bindings) made.push(await identity.roles.create(root, one));
        declared.splice(0, declared.length, ...documents);
        const { grants } = await users.standing(user.id);
        const counting = named(await holdersOf(people), 'ana').roles.filter(({ disabled }) => disabled !== true);
        const text = ({ role, namespace = EVERYWHERE }: { role: string; namespace?: string }) => `${role}@${namespace}`;
        expect([...new Set(counting.map(text))].toSorted()).toEqual(grants.map(text).toSorted());
        for (const id of new Set(made.map((one) => one.id))) await identity.roles.delete(root, id);
      },
    ),
    { numRuns: 40 },
  );
});
