/** Whoever answers for an agent, and holds no office, hands out no more than the agent has already. */
import { describe, expect, test } from 'vitest';
import type { Author, KeyRequest, Rotation } from '#identity';
import { profile, refusal, root, somebody, startPeople } from './people.fixture.ts';

const HOUR_MS = 3_600_000;

/** `cy`, who answers for `bot`, and the key that an administrator made for it. */
async function startOwner(given: Partial<KeyRequest> = {}) {
  const people = await startPeople();
  const { identity, users } = people;
  const cy = await users.create(root, { name: 'cy', profile });
  await identity.agents.create(root, { name: 'bot', roles: ['user'], responsibleUser: cy.id });
  const { key } = await identity.keys.create(root, {
    agent: 'bot',
    scopes: ['read:flights', 'read:hotels'],
    allowedTools: ['search', 'book'],
    allowedCidrs: ['10.0.0.0/8', '2001:db8::/32'],
    lifetimeMs: HOUR_MS,
    ...given,
  });
  const by: Author = somebody('cy', ['user@default'], { kind: 'user', sub: cy.id });
  return { ...people, by, key };
}

const narrow: KeyRequest = {
  agent: 'bot',
  access: ['execute'],
  scopes: ['read:flights'],
  allowedTools: ['search'],
  allowedCidrs: ['10.1.0.0/16', '2001:db8:1::/48'],
  lifetimeMs: HOUR_MS / 2,
};

describe('a key that its responsible user makes', () => {
  test.each<[string, Partial<KeyRequest>, string]>([
    ['with less of everything', {}, 'nothing'],
    ['with a scope that no key of the agent has', { scopes: ['read:flights', 'write:flights'] }, 'FORBIDDEN'],
    ['without scopes', { scopes: [] }, 'nothing'],
    ['for another tool', { allowedTools: ['search', 'pay'] }, 'FORBIDDEN'],
    ['for every tool', { allowedTools: undefined }, 'FORBIDDEN'],
    ['for a network beside', { allowedCidrs: ['10.1.0.0/16', '11.0.0.0/8'] }, 'FORBIDDEN'],
    ['for a network around', { allowedCidrs: ['10.0.0.0/7'] }, 'FORBIDDEN'],
    ['for the network of another family', { allowedCidrs: ['::/0'] }, 'FORBIDDEN'],
    ['from anywhere', { allowedCidrs: undefined }, 'FORBIDDEN'],
    ['until after the other ends', { lifetimeMs: HOUR_MS + 1 }, 'FORBIDDEN'],
    ['without an end', { lifetimeMs: undefined }, 'FORBIDDEN'],
  ])('%s: %s', async (_, more, verdict) => {
    const { identity, by } = await startOwner();
    expect(await refusal(() => identity.keys.create(by, { ...narrow, ...more }))).toBe(verdict);
  });

  test('for more than the others are for is refused', async () => {
    const { identity, by } = await startOwner({ access: ['read'] });
    expect(await refusal(() => identity.keys.create(by, narrow))).toBe('FORBIDDEN');
    expect(await refusal(() => identity.keys.create(by, { ...narrow, access: ['read'] }))).toBe('nothing');
  });

  test('puts nothing together from several keys, and nothing from those that do not count', async () => {
    const { identity, by, key, clock } = await startOwner();
    await identity.keys.create(root, { ...narrow, scopes: ['pay:everything'], allowedTools: ['pay'] });
    const both = { ...narrow, scopes: ['read:flights', 'pay:everything'] };
    expect(await refusal(() => identity.keys.create(by, both))).toBe('FORBIDDEN');
    await identity.keys.revoke(root, key.id);
    expect(await refusal(() => identity.keys.create(by, narrow))).toBe('FORBIDDEN');
    const brief = { ...narrow, scopes: ['pay:everything'], allowedTools: ['pay'], lifetimeMs: HOUR_MS / 4 };
    expect(await refusal(() => identity.keys.create(by, brief))).toBe('nothing');
    clock.advance(HOUR_MS);
    expect(await refusal(() => identity.keys.create(by, { ...brief, lifetimeMs: 1000 }))).toBe('FORBIDDEN');
  });

  test('is not the first of an agent: an administrator makes that, as wide as they like', async () => {
    const { identity, by } = await startOwner();
    await identity.agents.change(root, 'bot', 'default', { roles: ['user'] });
    for (const { id } of await identity.keys.list()) await identity.keys.revoke(root, id);
    expect(await refusal(() => identity.keys.create(by, narrow))).toBe('FORBIDDEN');
    const admin = somebody('ana', ['admin@default']);
    expect(await refusal(() => identity.keys.create(admin, { agent: 'bot', scopes: ['pay:everything'] }))).toBe(
      'nothing',
    );
  });
});

describe('a key that its responsible user rotates', () => {
  test.each<[string, Rotation, string]>([
    ['99 years', { lifetimeMs: 99 * 365 * 86_400_000 }, 'FORBIDDEN'],
    ['a moment longer than the old one', { lifetimeMs: HOUR_MS - 1_000_000 + 1 }, 'FORBIDDEN'],
    ['until the old one ends', { lifetimeMs: HOUR_MS - 1_000_000 }, 'nothing'],
  ])('for %s: %s', async (_, rotation, verdict) => {
    const { identity, by, key, clock } = await startOwner();
    clock.advance(1_000_000);
    expect(await refusal(() => identity.keys.rotate(by, key.id, rotation))).toBe(verdict);
  });

  test('ends when the old one would have, where an administrator’s lives as long again', async () => {
    const { identity, by, key, clock } = await startOwner();
    clock.advance(1_000_000);
    const fresh = await identity.keys.rotate(by, key.id, { graceMs: 0 });
    expect(fresh.key.expiresAt).toBe(key.expiresAt);
    const admin = somebody('ana', ['admin@default']);
    const prolonged = await identity.keys.rotate(admin, fresh.key.id);
    expect(prolonged.key.expiresAt).toBe(clock.now() + HOUR_MS - 1_000_000);
  });

  test('goes on without an end where it had none', async () => {
    const { identity, by, key } = await startOwner({ lifetimeMs: undefined });
    expect((await identity.keys.rotate(by, key.id)).key.expiresAt).toBeNull();
  });
});
