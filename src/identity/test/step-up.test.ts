/** Whatever gives or touches more than the role `user` takes a proof of the last ten minutes, whichever way it goes. */
import { expect, test } from 'vitest';
import { EVERYWHERE } from '#contract';
import type { Author } from '#identity';
import { profile, refusal, root, somebody, startPeople, type PeopleProcess } from './people.fixture.ts';

interface Scene {
  readonly people: PeopleProcess;
  readonly friend: string;
  /** Of an agent that has more than `user`. */
  readonly strongKey: string;
  readonly plainKey: string;
}

/** A group of administrators and one of nobody, agents with more than `user` and with that alone. */
async function startScene(): Promise<Scene> {
  const people = await startPeople();
  const { identity, users } = people;
  const friend = (await users.create(root, { name: 'friend', profile })).id;
  const boss = (await users.create(root, { name: 'boss', profile })).id;
  const admins = await identity.groups.create(root, { namespace: EVERYWHERE, name: 'admins' });
  await identity.groups.create(root, { namespace: EVERYWHERE, name: 'readers' });
  for (const subject of [
    { kind: 'group', id: admins.id },
    { kind: 'user', id: boss },
  ] as const) {
    await identity.roles.create(root, { role: 'admin', namespace: EVERYWHERE, subject });
  }
  await identity.agents.create(root, { name: 'plain', roles: ['user'] });
  await identity.agents.create(root, { name: 'strong', roles: ['user', 'auditor'] });
  const strongKey = (await identity.keys.create(root, { agent: 'strong' })).key.id;
  const plainKey = (await identity.keys.create(root, { agent: 'plain' })).key.id;
  return { people, friend, strongKey, plainKey };
}

/** An administrator who proved who they are so long ago. */
const administrator = ({ clock }: PeopleProcess, hours: number): Author =>
  somebody('ana', ['admin'], {
    kind: 'user',
    via: { method: 'session', sessionId: 's' },
    amr: ['pwd', 'otp', 'mfa'],
    authTime: clock.now() - hours * 3_600_000,
  });

type Deed = (scene: Scene, by: Author) => Promise<unknown>;

const ofMore: Record<string, Deed> = {
  'puts somebody into a group of administrators': ({ people, friend }, by) =>
    people.identity.groups.addMember(by, EVERYWHERE, 'admins', { kind: 'user', id: friend }),
  'takes somebody out of one': ({ people, friend }, by) =>
    people.identity.groups.removeMember(by, EVERYWHERE, 'admins', { kind: 'user', id: friend }),
  'deletes one': ({ people }, by) => people.identity.groups.delete(by, EVERYWHERE, 'admins'),
  'makes an agent an administrator': ({ people }, by) =>
    people.identity.agents.change(by, 'plain', 'default', { roles: ['admin'] }),
  'changes an agent that has more': ({ people }, by) =>
    people.identity.agents.change(by, 'strong', 'default', { roles: ['user'] }),
  'makes an agent that has more': ({ people }, by) =>
    people.identity.agents.create(by, { name: 'new', roles: ['tool_publisher'] }),
  'lets one in again': ({ people }, by) => people.identity.agents.enable(by, 'strong'),
  'makes a key of one': ({ people }, by) => people.identity.keys.create(by, { agent: 'strong' }),
  'makes one with its key': ({ people }, by) => people.identity.keys.create(by, { agent: 'new', roles: ['auditor'] }),
  'rotates a key of one': ({ people, strongKey }, by) => people.identity.keys.rotate(by, strongKey),
  'gives a role': ({ people, friend }, by) =>
    people.identity.roles.create(by, {
      role: 'policy_admin',
      namespace: 'a',
      subject: { kind: 'user', id: friend },
    }),
};

test.each(Object.entries(ofMore))('who %s proves anew who they are', async (_, deed) => {
  const scene = await startScene();
  expect(await refusal(() => deed(scene, administrator(scene.people, 5)))).toBe('STEP_UP_REQUIRED');
  expect(await refusal(() => deed(scene, administrator(scene.people, 0)))).toBe('nothing');
});

const ofUsers: Record<string, Deed> = {
  'puts somebody into a group without roles': ({ people, friend }, by) =>
    people.identity.groups.addMember(by, EVERYWHERE, 'readers', { kind: 'user', id: friend }),
  'makes an agent that calls tools': ({ people }, by) =>
    people.identity.agents.create(by, { name: 'new', roles: ['user'] }),
  'makes a key of one': ({ people }, by) => people.identity.keys.create(by, { agent: 'plain' }),
  'takes its key back': ({ people, plainKey }, by) => people.identity.keys.revoke(by, plainKey),
  'looks at an agent that has more': ({ people }, by) => people.identity.agents.show(by, 'strong'),
  'looks at a group of administrators': ({ people }, by) => people.identity.groups.show(by, EVERYWHERE, 'admins'),
};

test.each(Object.entries(ofUsers))('who %s has proved enough', async (_, deed) => {
  const scene = await startScene();
  expect(await refusal(() => deed(scene, administrator(scene.people, 5)))).toBe('nothing');
});
