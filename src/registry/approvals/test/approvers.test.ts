import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Principal } from '#contract';
import { operator } from '#identity';
import { unmet } from '../needs.ts';
import { startDesk } from './approvals.fixture.ts';

describe('whose yes counts', () => {
  test('nobody’s for their own call, also not where a program makes it for them', async () => {
    const desk = await startDesk();
    const ann = await desk.person('ann', { roles: ['admin'] });
    const program: Principal = { ...ann, clientId: 'desk', via: { method: 'token', issuer: 'https://us', jti: 'j' } };
    const asked = await desk.claim(program);
    expect(await desk.approve(ann, asked.id)).toBe('APPROVAL_NOT_YOURS');
    expect(await desk.approve(await desk.person('ben'), asked.id)).toBe('done');
  });

  test('that of who answers for the agent, unless the policy names others', async () => {
    const desk = await startDesk();
    const ann = await desk.person('ann', { roles: ['admin'], groups: ['finance'] });
    const claude = await desk.agent('claude', ann);
    const anybody = await desk.claim(claude, { amount: 1 });
    expect(await desk.approve(ann, anybody.id)).toBe('done');
    for (const need of ['group:finance', 'role:admin']) {
      const named = await desk.claim(claude, { amount: 2 }, { needs: [need] });
      expect(await desk.approve(ann, named.id)).toBe('APPROVAL_NOT_YOURS');
    }
  });

  test('that of a member of the group or of who has the role, and of no other', async () => {
    const desk = await startDesk();
    const claude = await desk.agent('claude');
    const [ben, cho] = [
      await desk.person('ben', { groups: ['finance'] }),
      await desk.person('cho', { roles: ['auditor'] }),
    ];
    const byGroup = await desk.claim(claude, { amount: 1 }, { needs: ['group:finance'] });
    expect(await desk.approve(cho, byGroup.id)).toBe('APPROVAL_NOT_YOURS');
    expect(await desk.approve(ben, byGroup.id)).toBe('done');
    // A group of that name in another namespace is another group.
    const dan = await desk.person('dan', { groups: ['elsewhere/finance'] });
    const again = await desk.claim(claude, { amount: 3 }, { needs: ['group:finance'] });
    expect(await desk.approve(dan, again.id)).toBe('APPROVAL_UNKNOWN');
    const byRole = await desk.claim(claude, { amount: 2 }, { needs: ['role:auditor'] });
    expect(await desk.approve(ben, byRole.id)).toBe('APPROVAL_UNKNOWN');
    expect(await desk.approve(cho, byRole.id)).toBe('done');
  });

  test('each need by another person, and one person once', async () => {
    const desk = await startDesk();
    const claude = await desk.agent('claude');
    const both = { roles: ['admin'], groups: ['finance'] } as const;
    const [ben, cho] = [await desk.person('ben', both), await desk.person('cho')];
    const asked = await desk.claim(claude, {}, { needs: ['', 'group:finance'] });
    // Ben could fill both; he is one pair of eyes.
    expect(await desk.approve(ben, asked.id)).toBe('done');
    expect(await desk.approve(ben, asked.id)).toBe('APPROVAL_OVER');
    expect((await desk.claim(claude, {}, { needs: ['', 'group:finance'] })).outcome).toBe('APPROVAL_REQUIRED');
    expect(await desk.approve(cho, asked.id)).toBe('done');
    expect((await desk.claim(claude, {}, { needs: ['', 'group:finance'] })).outcome).toBe('let through');
  });

  test('no longer, once they have left the group', async () => {
    const desk = await startDesk();
    const claude = await desk.agent('claude');
    const ben = await desk.person('ben', { groups: ['finance'] });
    const asked = await desk.claim(claude, {}, { needs: ['group:finance'] });
    expect(await desk.approve(ben, asked.id)).toBe('done');
    await desk.identity.groups.removeMember(operator(), 'default', 'finance', { kind: 'user', id: ben.sub });
    expect((await desk.claim(claude, {}, { needs: ['group:finance'] })).outcome).toBe('APPROVAL_REQUIRED');
  });

  test('only where a policy permits `approve`', async () => {
    const desk = await startDesk('sqlite', { mayApprove: (person) => person.name === 'ben' });
    const claude = await desk.agent('claude');
    const asked = await desk.claim(claude);
    expect(await desk.approve(await desk.person('ann', { roles: ['admin'] }), asked.id)).toBe('APPROVAL_NOT_YOURS');
    expect(await desk.approve(await desk.person('ben'), asked.id)).toBe('done');
  });

  test('only with a recent proof with a second factor', async () => {
    const desk = await startDesk();
    const [ann, claude] = [await desk.person('ann'), await desk.agent('claude')];
    const asked = await desk.claim(claude);
    expect(await desk.approve({ ...ann, authTime: desk.clock.now() - 3_600_000 }, asked.id)).toBe('STEP_UP_REQUIRED');
    expect(await desk.approve({ ...ann, amr: ['pwd'] }, asked.id)).toBe('STEP_UP_REQUIRED');
  });

  const credentials: readonly (readonly [string, (person: Principal) => Principal])[] = [
    ['an API key', (ann) => ({ ...ann, kind: 'agent', via: { method: 'api-key', keyId: 'k' } })],
    [
      'an agent with a certificate',
      (ann) => ({ ...ann, kind: 'agent', via: { method: 'certificate', spiffeId: 's', serial: '1' } }),
    ],
    [
      'a program that acts for a person',
      (ann) => ({ ...ann, clientId: 'desk', tsid: 't', via: { method: 'token', issuer: 'i' } }),
    ],
    ['a delegate of a person', (ann) => ({ ...ann, act: [{ iss: 'chatelaine', sub: 'a' }] })],
    [
      'a token of another issuer that calls its client as we do ours',
      (ann) => ({
        ...ann,
        clientId: 'chatelaine-cli',
        via: { method: 'token', issuer: 'https://idp.test', service: 'idp' },
      }),
    ],
    ['the local operator, who may be an agent with a shell', () => operator().principal],
  ];
  test.each(credentials)('never that of %s', async (_, as) => {
    const desk = await startDesk();
    const [ann, claude] = [await desk.person('ann', { roles: ['admin'] }), await desk.agent('claude')];
    const asked = await desk.claim(claude);
    expect(await desk.approve(as(ann), asked.id)).toBe('APPROVAL_NEEDS_PERSON');
    expect(desk.records.at(-1)).toMatchObject({ type: 'approval.approved', error: 'APPROVAL_NEEDS_PERSON' });
    expect((await desk.claim(claude)).outcome).toBe('APPROVAL_REQUIRED');
  });

  test('is a matching: who came first takes no need that only another can fill', () => {
    const needs = ['', 'group:a', 'role:b'];
    const people = fc.array(fc.subarray(needs), { maxLength: 4 });
    const permutations = (all: readonly (readonly string[])[]): (readonly string[])[][] =>
      all.length === 0
        ? [[]]
        : all.flatMap((one, at) => permutations(all.toSpliced(at, 1)).map((rest) => [one, ...rest]));
    fc.assert(
      fc.property(people, (all) => {
        // The oracle: some order of people fills the needs one by one.
        const padded = [...all, ...needs.map(() => [])];
        const possible = permutations(padded.slice(0, 6)).some((order) =>
          needs.every((need, at) => order[at]?.includes(need)),
        );
        expect(unmet(needs, all).length === 0).toBe(possible);
      }),
      { numRuns: 60 },
    );
  });
});
