/** Agents, groups, roles and namespaces: what changes, what it takes, and that it is known at once. */
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { reveal } from '#kernel';
import { EVERYWHERE } from '#contract';
import type { AgentFacts, Author } from '#identity';
import { dialects } from '../../../test/databases.ts';
import { putPassword } from '../store/passwords-store.ts';
import { outcomesOf, profile, refusal, root, somebody, startPeople, type PeopleProcess } from './people.fixture.ts';

const reasonOf = async ({ identity }: PeopleProcess, key: string, address?: string): Promise<string> => {
  const verdict = await identity.keys.verify(key, { address });
  return verdict.ok ? verdict.value.name : verdict.error.reason;
};

const issue = async ({ identity }: PeopleProcess, request: object): Promise<string> =>
  reveal((await identity.keys.create(root, { agent: 'bot', ...request })).secret);

describe.each(dialects)('on %s', (dialect) => {
  test('the union of what was given to somebody and to their groups is what they are; taking it takes it at once', async () => {
    const people = await startPeople(dialect);
    const { identity, users } = people;
    const ana = await users.create(root, { name: 'ana', profile });
    const group = await identity.groups.create(root, { namespace: 'travel', name: 'planners' });
    const user = { kind: 'user', id: ana.id } as const;
    const roles = async () =>
      (await identity.standings.ofUser(ana.id))?.grants.map(({ role, namespace }) => `${role}@${namespace}`).toSorted();
    expect(await roles()).toEqual([]);
    const direct = await identity.roles.create(root, { role: 'auditor', namespace: EVERYWHERE, subject: user });
    await identity.roles.create(root, { role: 'user', namespace: 'travel', subject: { kind: 'group', id: group.id } });
    await identity.groups.addMember(root, 'travel', 'planners', user);
    people.declared.push({
      kind: 'roleBinding',
      namespace: 'default',
      name: 'from-a-file',
      role: 'tool_publisher',
      everywhere: false,
      user: 'ANA',
    });
    identity.declarationsChanged();
    expect(await roles()).toEqual(['auditor@*', 'tool_publisher@default', 'user@travel']);
    expect((await identity.standings.ofUser(ana.id))?.groups).toEqual(['travel/planners']);
    await identity.roles.delete(root, direct.id);
    await identity.groups.removeMember(root, 'travel', 'planners', user);
    expect(await roles()).toEqual(['tool_publisher@default']);
    await users.disable(root, ana.id);
    expect(await identity.standings.ofUser(ana.id)).toBeUndefined();
  });

  test('an agent is cut off with its responsible user, and with its namespace, and comes back with them', async () => {
    const people = await startPeople(dialect);
    const { identity, users } = people;
    const ana = await users.create(root, { name: 'ana', profile });
    await identity.agents.create(root, {
      name: 'bot',
      roles: ['user'],
      responsibleUser: ana.id,
      spiffeId: 'spiffe://td.test/ns/a',
    });
    const key = await issue(people, {});
    const both = async (): Promise<readonly string[]> => {
      const verdict = await identity.certificates.verify({ spiffeId: 'spiffe://td.test/ns/a', serial: '0a' });
      return [await reasonOf(people, key), verdict.ok ? verdict.value.name : verdict.error.reason];
    };
    expect(await both()).toEqual(['bot', 'bot']);
    await users.disable(root, ana.id);
    expect(await both()).toEqual(['disabled', 'disabled']);
    await users.enable(root, ana.id);
    expect(await both()).toEqual(['bot', 'bot']);
    await identity.namespaces.disable(root, 'default');
    expect(await both()).toEqual(['disabled', 'disabled']);
    expect((await identity.namespaces.listDisabled()).map(({ namespace }) => namespace)).toEqual(['default']);
    await identity.namespaces.enable(root, 'default');
    expect(await both()).toEqual(['bot', 'bot']);
    await users.erase(root, ana.id);
    expect(await both()).toEqual(['disabled', 'disabled']);
  });

  test('a deleted agent is gone for good, and so is its name', async () => {
    const people = await startPeople(dialect);
    const { identity } = people;
    const key = await issue(people, {});
    await identity.agents.delete(root, 'bot');
    expect(await reasonOf(people, key)).toBe('disabled');
    expect(await identity.agents.list()).toEqual([]);
    expect(await refusal(() => identity.agents.enable(root, 'bot'))).toBe('AGENT_UNKNOWN');
    expect(await refusal(() => identity.agents.create(root, { name: 'bot' }))).toBe('AGENT_NAME_TAKEN');
    expect(await refusal(() => issue(people, {}))).toBe('AGENT_DELETED');
  });

  test('a key counts for what it is for: access, tools, networks', async () => {
    const people = await startPeople(dialect);
    const key = await issue(people, {
      access: ['admin', 'read'],
      allowedTools: ['search', 'search', 'book'],
      allowedCidrs: ['::ffff:10.0.0.0/104', '2001:db8::/32'],
    });
    const verdict = await people.identity.keys.verify(key, { address: '::ffff:10.9.8.7' });
    expect(verdict).toMatchObject({
      ok: true,
      value: { access: new Set(['read', 'admin']), allowedTools: new Set(['search', 'book']) },
    });
    for (const address of [undefined, '11.0.0.1', '::1', 'nonsense']) {
      expect(await reasonOf(people, key, address)).toBe('address');
    }
    expect(await reasonOf(people, key, '2001:db8::5')).toBe('bot');
    const [shown] = await people.identity.keys.list();
    expect(shown).toMatchObject({ allowedCidrs: ['10.0.0.0/8', '2001:db8::/32'], access: ['read', 'admin'] });
  });

  test('a rotated key and its replacement both count until the grace ends, and it is replaced once', async () => {
    const people = await startPeople(dialect);
    const { identity, clock } = people;
    const old = await identity.keys.create(root, {
      agent: 'bot',
      scopes: ['a'],
      allowedTools: ['t'],
      lifetimeMs: 9_000_000,
    });
    const fresh = await identity.keys.rotate(root, old.key.id, { graceMs: 60_000 });
    expect(fresh.key).toMatchObject({ scopes: ['a'], allowedTools: ['t'], expiresAt: clock.now() + 9_000_000 });
    const both = () => Promise.all([old, fresh].map(({ secret }) => reasonOf(people, reveal(secret))));
    clock.advance(59_999);
    expect(await both()).toEqual(['bot', 'bot']);
    clock.advance(1);
    expect(await both()).toEqual(['expired', 'bot']);
    expect(await refusal(() => identity.keys.rotate(root, old.key.id))).toBe('KEY_NOT_ACTIVE');
    for (const graceMs of [-1, 0.5, 91 * 86_400_000, Number.NaN]) {
      expect(await refusal(() => identity.keys.rotate(root, fresh.key.id, { graceMs }))).toBe('KEY_GRACE_REFUSED');
    }
    await identity.keys.rotate(root, fresh.key.id, { graceMs: 0 });
    expect(await reasonOf(people, reveal(fresh.secret))).toBe('expired');
    expect(await outcomesOf(people.trail, 'key.rotate')).toEqual([
      ...['intent', 'success', 'intent', 'denied KEY_NOT_ACTIVE', 'intent', 'success'],
    ]);
  });

  test('the last global administrator stays, whoever asks and by whichever way', async () => {
    const { identity, users, database } = await startPeople(dialect);
    const [ana, bo] = [
      await users.create(root, { name: 'ana', profile }),
      await users.create(root, { name: 'bo', profile }),
    ];
    for (const { id } of [ana, bo]) await putPassword(database.db, id, '$argon2id$', 0);
    const group = await identity.groups.create(root, { namespace: EVERYWHERE, name: 'admins' });
    const admin = { role: 'admin', namespace: EVERYWHERE };
    const binding = await identity.roles.create(root, { ...admin, subject: { kind: 'user', id: ana.id } });
    expect(await refusal(() => identity.roles.delete(root, binding.id))).toBe('LAST_ADMIN');
    expect(await refusal(() => users.disable(root, ana.id))).toBe('LAST_ADMIN');
    expect(await refusal(() => users.erase(root, ana.id))).toBe('LAST_ADMIN');
    await identity.roles.create(root, { ...admin, subject: { kind: 'group', id: group.id } });
    await identity.groups.addMember(root, EVERYWHERE, 'admins', { kind: 'user', id: bo.id });
    await users.disable(root, ana.id);
    for (const taking of [
      () => identity.groups.removeMember(root, EVERYWHERE, 'admins', { kind: 'user', id: bo.id }),
      () => identity.groups.delete(root, EVERYWHERE, 'admins'),
      () => users.disable(root, bo.id),
    ]) {
      expect(await refusal(taking)).toBe('LAST_ADMIN');
    }
    expect((await users.find(bo.id))?.disabledAt).toBeNull();
  });

  test('an administrator who cannot sign in is none to fall back on', async () => {
    const { identity, users, database, declared } = await startPeople(dialect);
    const admin = { role: 'admin', namespace: EVERYWHERE };
    const [ana, made] = [
      await users.create(root, { name: 'ana', profile }),
      await users.create(root, { name: 'made', profile }),
    ];
    await putPassword(database.db, ana.id, '$argon2id$', 0);
    for (const { id } of [ana, made]) {
      await identity.roles.create(root, { ...admin, subject: { kind: 'user', id } });
    }
    expect(await refusal(() => users.disable(root, ana.id))).toBe('LAST_ADMIN');
    declared.push({ role: 'admin', everywhere: true, namespace: 'default', user: 'made' } as never);
    expect(await refusal(() => users.disable(root, ana.id))).toBe('LAST_ADMIN');
    const upstream = { issuer: 'https://login.example', subject: 'cy' };
    const cy = await users.create(root, { name: 'cy', profile, upstream });
    await identity.roles.create(root, { ...admin, subject: { kind: 'user', id: cy.id } });
    expect(await refusal(() => users.disable(root, ana.id))).toBe('nothing');
  });

  test('two administrators who disable one another at once cannot both succeed', async () => {
    const { identity, users, database } = await startPeople(dialect);
    const made = [
      await users.create(root, { name: 'ana', profile }),
      await users.create(root, { name: 'bo', profile }),
    ];
    for (const { id } of made) {
      await putPassword(database.db, id, '$argon2id$', 0);
      await identity.roles.create(root, { role: 'admin', namespace: EVERYWHERE, subject: { kind: 'user', id } });
    }
    const outcomes = await Promise.all(made.map(({ id }) => refusal(() => users.disable(root, id))));
    expect(outcomes.toSorted()).toEqual(['LAST_ADMIN', 'nothing']);
  });

  test('REG-015: whatever is of another namespace answers as what is not there, and is on record', async () => {
    const { identity, trail, database } = await startPeople(dialect);
    const { key } = await identity.keys.create(root, { agent: 'bot', namespace: 'alice' });
    await identity.groups.create(root, { namespace: 'alice', name: 'team' });
    const [agent] = await identity.agents.list('alice');
    const subject = { kind: 'agent', id: agent?.id ?? '' } as const;
    const binding = await identity.roles.create(root, { role: 'user', namespace: 'alice', subject });
    const rows = async () =>
      JSON.stringify([
        await database.db.selectFrom('agents').selectAll().execute(),
        await database.db.selectFrom('api_keys').selectAll().execute(),
        await database.db.selectFrom('user_groups').selectAll().execute(),
        await database.db.selectFrom('role_bindings').selectAll().execute(),
      ]);
    const before = await rows();
    const bob = somebody('bob', ['admin@bob', 'user@bob']);
    const nobody = '0'.repeat(26);
    const attempts: readonly (readonly [there: string, absent: string, attempt: (name: string) => Promise<unknown>])[] =
      [
        ...(['show', 'disable', 'enable', 'delete'] as const).map(
          (verb) => ['bot', 'none', (name: string) => identity.agents[verb](bob, name, 'alice')] as const,
        ),
        ['bot', 'none', (name) => identity.agents.change(bob, name, 'alice', { description: 'x' })],
        ['bot', 'none', (name) => identity.keys.create(bob, { agent: name, namespace: 'alice' })],
        ...(['show', 'revoke', 'rotate'] as const).map(
          (verb) => [key.id, nobody, (id: string) => identity.keys[verb](bob, id)] as const,
        ),
        ...(['show', 'delete'] as const).map(
          (verb) => ['team', 'none', (name: string) => identity.groups[verb](bob, 'alice', name)] as const,
        ),
        ['team', 'none', (name) => identity.groups.addMember(bob, 'alice', name, subject)],
        [binding.id, nobody, (id) => identity.roles.delete(bob, id)],
        [
          subject.id,
          nobody,
          (id) => identity.roles.create(bob, { role: 'user', namespace: 'bob', subject: { kind: 'agent', id } }),
        ],
      ];
    for (const [there, absent, attempt] of attempts) {
      const answers = await Promise.all(
        [there, absent].map((name) =>
          attempt(name).then(
            () => 'done',
            (error: { code: string; status: number; message: string }) =>
              `${error.code} ${error.status} ${error.message.replace(name, '?')}`,
          ),
        ),
      );
      expect(answers[0]).toBe(answers[1]);
      expect(answers[0]).toMatch(/UNKNOWN 404/);
    }
    expect(await rows()).toBe(before);
    const recorded = await outcomesOf(trail, 'agent.delete');
    expect(recorded.toSorted()).toEqual(['denied AGENT_UNKNOWN', 'denied AGENT_UNKNOWN', 'intent', 'intent']);
  });
});

test('a name that a document has promised a role to is not free for who could not give it', async () => {
  const { identity, declared } = await startPeople();
  const promise = {
    kind: 'roleBinding',
    namespace: 'a',
    name: 'promise',
    role: 'policy_admin',
    everywhere: true,
  } as const;
  declared.push({ ...promise, group: 'ops' }, { ...promise, agent: 'robot' });
  const ana = somebody('ana', ['admin@a']);
  expect(await refusal(() => identity.groups.create(ana, { namespace: 'a', name: 'ops' }))).toBe('FORBIDDEN');
  expect(await refusal(() => identity.agents.create(ana, { namespace: 'a', name: 'robot' }))).toBe('FORBIDDEN');
  expect(await refusal(() => identity.keys.create(ana, { namespace: 'a', agent: 'robot' }))).toBe('FORBIDDEN');
  expect(await refusal(() => identity.groups.create(ana, { namespace: 'a', name: 'others' }))).toBe('nothing');
});

test('a responsible user makes, rotates and revokes keys of their agent with no more than they have, and none to administer', async () => {
  const { identity, users } = await startPeople();
  const cy = await users.create(root, { name: 'cy', profile });
  const responsibleUser = cy.id;
  await identity.agents.create(root, { name: 'mine', roles: ['user'], responsibleUser });
  await identity.agents.create(root, { name: 'strong', roles: ['user', 'auditor'], responsibleUser });
  await identity.agents.create(root, { name: 'foreign', roles: ['user'] });
  const by: Author = somebody('cy', ['user@default'], { kind: 'user', sub: cy.id });
  await identity.keys.create(root, { agent: 'mine' });
  const { key } = await identity.keys.create(by, { agent: 'mine' });
  const fresh = await identity.keys.rotate(by, key.id);
  await identity.keys.revoke(by, fresh.key.id);
  expect(await refusal(() => identity.keys.create(by, { agent: 'mine', access: ['read', 'admin'] }))).toBe('FORBIDDEN');
  expect(await refusal(() => identity.keys.create(by, { agent: 'strong' }))).toBe('FORBIDDEN');
  expect(await refusal(() => identity.keys.create(by, { agent: 'foreign' }))).toBe('AGENT_UNKNOWN');
  expect(await refusal(() => identity.keys.create(by, { agent: 'nobody' }))).toBe('AGENT_UNKNOWN');
});

describe('what an agent is known by', () => {
  test('a SPIFFE ID is one agent’s', async () => {
    const { identity } = await startPeople();
    const spiffeId = 'spiffe://example.org/ns/travel/agent/bot';
    await identity.agents.create(root, { name: 'bot', namespace: 'travel', roles: ['user'], spiffeId });
    expect(await refusal(() => identity.agents.create(root, { name: 'two', spiffeId }))).toBe('SPIFFE_ID_TAKEN');
    expect(await identity.certificates.verify({ spiffeId, serial: '0a1b' })).toMatchObject({
      ok: true,
      value: { name: 'bot', namespace: 'travel', access: new Set(['read', 'execute']), via: { serial: '0a1b' } },
    });
    expect(await identity.certificates.verify({ spiffeId: `${spiffeId}2`, serial: '1' })).toMatchObject({
      error: { reason: 'unknown' },
    });
  });

  test('an administrator of a namespace gives the SPIFFE IDs of its path alone, and learns of no foreign agent', async () => {
    const { identity } = await startPeople();
    const theirs = 'spiffe://example.org/ns/b/agent/next';
    const claims = (name: string, spiffeId: string) => () =>
      identity.agents.create(ana, { name, namespace: 'a', spiffeId });
    const ana = somebody('ana', ['admin@a']);
    const answers = async (spiffeId: string): Promise<string> =>
      await claims('x', spiffeId)().then(
        () => 'done',
        (error: { code: string; message: string }) => `${error.code} ${error.message.replace(spiffeId, '?')}`,
      );
    const free = await answers(theirs);
    await identity.agents.create(root, { name: 'next', namespace: 'b', spiffeId: theirs });
    expect(await answers(theirs)).toBe(free);
    expect(free).toMatch(/^FORBIDDEN /);
    for (const beside of ['/agent/x', '/ns/a', '/ns/ab/x', '/ns', '/x/ns/a/agent']) {
      expect([beside, await refusal(claims('x', `spiffe://example.org${beside}`))]).toEqual([beside, 'FORBIDDEN']);
    }
    await claims('mine', 'spiffe://example.org/ns/a/agent/mine')();
    expect(await refusal(claims('x', 'spiffe://example.org/ns/a/agent/mine'))).toBe('SPIFFE_ID_TAKEN');
    // What a global administrator gave elsewhere of this path is no more told of than any other.
    await identity.agents.create(root, { name: 'lent', namespace: 'b', spiffeId: 'spiffe://example.org/ns/a/lent' });
    expect(await answers('spiffe://example.org/ns/a/lent')).toBe(free);
  });

  test('a SPIFFE ID that a global administrator gave stays while the rest of the agent is changed', async () => {
    const { identity } = await startPeople();
    const spiffeId = 'spiffe://example.org/workload/7';
    await identity.agents.create(root, { name: 'bot', namespace: 'a', spiffeId });
    const ana = somebody('ana', ['admin@a']);
    const change = (facts: AgentFacts) => identity.agents.change(ana, 'bot', 'a', facts);
    expect(await change({ description: 'x', spiffeId })).toMatchObject({ spiffeId });
    expect(await refusal(() => change({ spiffeId: `${spiffeId}7` }))).toBe('FORBIDDEN');
    expect(await change({ spiffeId: null })).toMatchObject({ spiffeId: null });
    expect(await refusal(() => change({ spiffeId }))).toBe('FORBIDDEN');
  });

  test.each([
    ...[
      '',
      'bot',
      'https://example.org/a',
      'spiffe://',
      'spiffe://example.org',
      'spiffe://example.org/',
      'spiffe:///a',
    ],
    ...['spiffe://Example.org/a', 'SPIFFE://example.org/a', 'spiffe://example.org:443/a', 'spiffe://u@example.org/a'],
    ...[
      'spiffe://example.org/a/',
      'spiffe://example.org//a',
      'spiffe://example.org/a/../b',
      'spiffe://example.org/./a',
    ],
    ...['spiffe://example.org/a%2fb', 'spiffe://example.org/a?b', 'spiffe://example.org/a#b', 'spiffe://example.org/ä'],
  ])('%j is no SPIFFE ID of a workload', async (spiffeId) => {
    const { identity } = await startPeople();
    expect(await refusal(() => identity.agents.create(root, { name: 'bot', spiffeId }))).toBe('AGENT_IDENTITY_REFUSED');
  });

  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicJwk = pair.publicKey.export({ format: 'jwk' });
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' });

  test.each<[string, object]>([
    ['a private key', { jwks: { keys: [pair.privateKey.export({ format: 'jwk' })] } }],
    ['a shared secret', { jwks: { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] } }],
    ['an RSA key of 1024 bits', { jwks: { keys: [weak] } }],
    ['half a key', { jwks: { keys: [{ kty: 'EC', crv: 'P-256', x: 'AA' }] } }],
    ['no key', { jwks: { keys: [] } }],
    ['a key outside a set', { jwks: publicJwk }],
    ['17 keys', { jwks: { keys: Array.from({ length: 17 }, () => publicJwk) } }],
    ['a URL without TLS', { jwksUri: 'http://example.org/jwks' }],
    ['a URL with a password', { jwksUri: 'https://u:p@example.org/jwks' }],
    ['keys and a URL of keys', { jwks: { keys: [publicJwk] }, jwksUri: 'https://example.org/jwks' }],
  ])('%s is refused, and a private member is not repeated', async (_, facts) => {
    const { identity } = await startPeople();
    await expect(identity.agents.create(root, { name: 'bot', ...facts })).rejects.toMatchObject({
      code: 'AGENT_IDENTITY_REFUSED',
      message: expect.not.stringContaining(String(pair.privateKey.export({ format: 'jwk' }).d)) as string,
    });
  });

  test('public keys are kept', async () => {
    const { identity } = await startPeople();
    await identity.agents.create(root, { name: 'bot', jwks: { keys: [publicJwk] } });
    expect(JSON.parse((await identity.agents.show(root, 'bot')).jwks ?? '')).toEqual({ keys: [publicJwk] });
  });
});
