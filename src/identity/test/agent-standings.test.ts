import { describe, expect, test } from 'vitest';
import { dialects } from '../../../test/databases.ts';
import { profile, root, startPeople } from './people.fixture.ts';

describe.each(dialects)('agents who come with a token, on %s', (dialect) => {
  test('are found by id and by name, with everything that was given to them', async () => {
    const { identity, declared } = await startPeople(dialect);
    const { id } = await identity.agents.create(root, { name: 'bot', namespace: 'travel', roles: ['user'] });
    const { agentStandings } = identity;
    const found = await agentStandings.ofAgent(id);
    expect(found).toMatchObject({ agent: { id, name: 'bot' }, grants: [{ role: 'user', namespace: 'travel' }] });
    expect(await agentStandings.named('travel', 'bot')).toMatchObject({ agent: { id } });
    expect(await agentStandings.named('default', 'bot')).toBeUndefined();
    expect(await agentStandings.ofAgent('01KBA3ZZZZZZZZZZZZZZZZZZZZ')).toBeUndefined();
    const binding = {
      kind: 'roleBinding',
      namespace: 'travel',
      name: 'b',
      role: 'auditor',
      everywhere: false,
    } as const;
    declared.push({ ...binding, agent: 'bot' });
    identity.declarationsChanged();
    expect((await agentStandings.ofAgent(id))?.grants).toContainEqual({ role: 'auditor', namespace: 'travel' });
  });

  test('are nobody while they, their namespace or who answers for them is disabled, and once they are deleted', async () => {
    const { identity, users } = await startPeople(dialect);
    const { id: responsibleUser } = await users.create(root, { name: 'cy', profile });
    const { id } = await identity.agents.create(root, { name: 'bot', namespace: 'travel', responsibleUser });
    const isThere = async (): Promise<readonly boolean[]> => {
      const { agentStandings } = identity;
      const found = [await agentStandings.ofAgent(id), await agentStandings.named('travel', 'bot')];
      return found.map((one) => one !== undefined);
    };
    const steps: readonly (readonly [() => Promise<unknown>, boolean])[] = [
      [async () => {}, true],
      [() => identity.agents.disable(root, 'bot', 'travel'), false],
      [() => identity.agents.enable(root, 'bot', 'travel'), true],
      [() => users.disable(root, responsibleUser), false],
      [() => users.enable(root, responsibleUser), true],
      [() => identity.namespaces.disable(root, 'travel'), false],
      [() => identity.namespaces.enable(root, 'travel'), true],
      [() => identity.agents.delete(root, 'bot', 'travel'), false],
    ];
    for (const [step, there] of steps) {
      await step();
      expect(await isThere()).toEqual([there, there]);
    }
  });
});
