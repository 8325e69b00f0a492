import { describe, expect, test } from 'vitest';
import { sha256Hex } from '#kernel';
import { dialects } from '../../../test/databases.ts';
import { everythingStored, idOf, startIdentity, startIdentityOn, type StartIdentity } from './identity.fixture.ts';
import { root } from './people.fixture.ts';

describe.each(dialects)('%s', (dialect) => {
  const startIdentity: StartIdentity = (...args) => startIdentityOn(dialect, ...args);

  test('nothing that is stored holds a key or its secret, in any spelling', async () => {
    const started = await startIdentity();
    const key = await started.issue();
    await started.identity.keys.revoke(root, idOf(key));
    const secret = key.slice(31);
    const bytes = Buffer.from(secret, 'base64url');
    const stored = await everythingStored(started);
    const holds = (needle: string | Buffer) => stored.some((content) => content.includes(needle));
    expect(holds(sha256Hex(secret))).toBe(true);
    for (const spelling of [
      secret,
      bytes,
      bytes.toString('hex'),
      bytes.toString('base64'),
      encodeURIComponent(secret),
    ]) {
      expect(holds(spelling)).toBe(false);
    }
  });

  test('a second key belongs to the agent that is there; another namespace has its own', async () => {
    const { clock, identity } = await startIdentity();
    const first = await identity.keys.create(root, { agent: 'claude', label: 'laptop' });
    clock.advance(1);
    const second = await identity.keys.create(root, { agent: 'claude', roles: ['user'] });
    const elsewhere = await identity.keys.create(root, { agent: 'claude', namespace: 'travel' });
    expect([first.agentIsNew, second.agentIsNew, elsewhere.agentIsNew]).toEqual([true, false, true]);
    expect(second.agent.id).toBe(first.agent.id);
    expect(elsewhere.agent.id).not.toBe(first.agent.id);
    expect((await identity.keys.list('default')).map((key) => [key.id, key.label])).toEqual([
      [first.key.id, 'laptop'],
      [second.key.id, ''],
    ]);
    expect(await identity.keys.list()).toHaveLength(3);
    expect((await identity.agents.list('travel')).map((agent) => agent.name)).toEqual(['claude']);
  });

  test.each([
    ['more', ['user', 'admin']],
    ['fewer', ['user']],
    ['other', ['policy_admin', 'auditor']],
  ])('a key with %s roles than its agent has is refused, and nothing is made', async (_, roles) => {
    const { identity } = await startIdentity();
    await identity.keys.create(root, { agent: 'claude', roles: ['user', 'auditor'] });
    await expect(identity.keys.create(root, { agent: 'claude', roles })).rejects.toMatchObject({
      code: 'AGENT_ROLES_DIFFER',
    });
    expect(await identity.keys.list()).toHaveLength(1);
  });

  test('a disabled agent gets no key', async () => {
    const { identity } = await startIdentity();
    await identity.keys.create(root, { agent: 'claude' });
    await identity.agents.disable(root, 'claude');
    await expect(identity.keys.create(root, { agent: 'claude' })).rejects.toMatchObject({ code: 'AGENT_DISABLED' });
  });

  test('two processes that make the first key of one agent at once make one agent', async () => {
    const here = await startIdentity();
    const there = await startIdentity(here);
    const made = await Promise.all(
      [here, there, here, there].map(({ identity }) => identity.keys.create(root, { agent: 'claude' })),
    );
    expect(new Set(made.map((issued) => issued.agent.id)).size).toBe(1);
    expect(made.filter((issued) => issued.agentIsNew)).toHaveLength(1);
    expect(await here.identity.keys.list()).toHaveLength(4);
  });

  test('revoking twice keeps the first moment', async () => {
    const { clock, identity, issue } = await startIdentity();
    const id = idOf(await issue());
    const first = await identity.keys.revoke(root, id);
    clock.advance(1000);
    expect(await identity.keys.revoke(root, id)).toEqual(first);
  });
});

test.each<[string, object, string]>([
  ['an empty agent name', { agent: '' }, 'NAME_REFUSED'],
  ['an agent name with a space', { agent: 'my bot' }, 'NAME_REFUSED'],
  ['an agent name that steers a terminal', { agent: 'a\u001b[2Jb' }, 'NAME_REFUSED'],
  ['an agent name of 129 characters', { agent: 'a'.repeat(129) }, 'NAME_REFUSED'],
  ['a namespace of dots', { namespace: '..' }, 'NAME_REFUSED'],
  ['a namespace with a slash', { namespace: 'a/b' }, 'NAME_REFUSED'],
  ['a label of two lines', { label: 'a\nb' }, 'NAME_REFUSED'],
  ['a label that turns the writing direction', { label: 'a\u202eb' }, 'NAME_REFUSED'],
  ['two scopes in one', { scopes: ['read write'] }, 'SCOPE_REFUSED'],
  ['an empty scope', { scopes: [''] }, 'SCOPE_REFUSED'],
  ['a scope with a quote, which would end the challenge early', { scopes: ['a"b'] }, 'SCOPE_REFUSED'],
  ['a role that there is not', { roles: ['usr'] }, 'ROLE_UNKNOWN'],
  ['a lifetime of nothing', { lifetimeMs: 0 }, 'KEY_LIFETIME_REFUSED'],
  ['a lifetime that is no number', { lifetimeMs: Number.NaN }, 'KEY_LIFETIME_REFUSED'],
  ['a lifetime beyond every calendar', { lifetimeMs: 1e17 }, 'KEY_LIFETIME_REFUSED'],
])('refuses %s', async (_, request, code) => {
  const { identity } = await startIdentity();
  const creating = identity.keys.create(root, { agent: 'claude', ...request });
  await expect(creating).rejects.toMatchObject({ code, status: 400 });
  expect(await identity.agents.list()).toEqual([]);
});

test('what cannot be printed does not get into a message', async () => {
  const { identity } = await startIdentity();
  await expect(identity.keys.create(root, { agent: `\u001b[2J\n${'x'.repeat(500)}` })).rejects.toMatchObject({
    message: expect.stringMatching(/^`\ufffd\[2J\ufffdx{75}…` cannot be/) as string,
  });
});

test('a whole key given for an id is not repeated in the refusal', async () => {
  const { identity, issue } = await startIdentity();
  const key = await issue();
  await expect(identity.keys.revoke(root, key)).rejects.toMatchObject({
    code: 'KEY_UNKNOWN',
    message: expect.not.stringContaining(key.slice(31, 40)) as string,
  });
});

test('an agent that is not there is refused with the name that was meant', async () => {
  const { identity, issue } = await startIdentity();
  await issue({ agent: 'booking-bot' });
  await expect(identity.agents.disable(root, 'bookin-bot')).rejects.toMatchObject({
    code: 'AGENT_UNKNOWN',
    message: expect.stringContaining('did you mean `booking-bot`?') as string,
  });
});
