import { describe, expect, test } from 'vitest';
import { operator } from '#identity';
import { endOverdue } from '#registry';
import { approvalsAfterRestore } from '../../store/approvals-after-restore.ts';
import { dialects } from '../../../../test/databases.ts';
import { MINUTE, startDesk } from './approvals.fixture.ts';

describe.each(dialects)('a call that wants a yes, on %s', (dialect) => {
  test('waits for it, is let through once, and waits again', async () => {
    const desk = await startDesk(dialect);
    const [ann, claude] = [await desk.person('ann'), await desk.agent('claude')];
    const asked = await desk.claim(claude);
    expect(asked.outcome).toBe('APPROVAL_REQUIRED');
    expect(await desk.approve(ann, asked.id)).toBe('done');
    expect((await desk.claim(claude)).outcome).toBe('let through');
    const replayed = await desk.claim(claude);
    expect(replayed.outcome).toBe('APPROVAL_REQUIRED');
    expect(replayed.id).not.toBe(asked.id);
  });

  test('joins the request that waits already, whatever process it comes to', async () => {
    const desk = await startDesk(dialect);
    const other = await desk.beside();
    const claude = await desk.agent('claude');
    const asked = await desk.claim(claude);
    expect(await other.claim(claude)).toEqual(asked);
  });

  test.each([
    ['another byte of an argument', { amount: 13 }, {}],
    ['a number that is a text', { amount: '12' }, {}],
    ['an argument more', { amount: 12, note: '' }, {}],
    ['half of a surrogate pair', { amount: 12, note: '\ud800' }, {}],
    ['another definition of the tool', { amount: 12 }, { pin: 'sha256:other' }],
    ['another tool', { amount: 12 }, { tool: 'refund' }],
    ['a policy that has come to want more', { amount: 12 }, { needs: ['', 'role:admin'] }],
  ])('is not let through with a grant for another one: %s', async (_, args, more) => {
    const desk = await startDesk(dialect);
    const [ann, claude] = [await desk.person('ann'), await desk.agent('claude')];
    const asked = await desk.claim(claude);
    await desk.approve(ann, asked.id);
    const changed = await desk.claim(claude, args, more);
    expect(changed.outcome).toBe('APPROVAL_REQUIRED');
    expect(changed.id).not.toBe(asked.id);
    // And the one that was granted is still there.
    expect((await desk.claim(claude)).outcome).toBe('let through');
  });

  test('is not let through with the grant of another caller, client or delegate', async () => {
    const desk = await startDesk(dialect);
    const [ann, claude, other] = [await desk.person('ann'), await desk.agent('claude'), await desk.agent('other')];
    const asked = await desk.claim(claude);
    await desk.approve(ann, asked.id);
    const through = { ...claude, act: [{ iss: 'chatelaine', sub: other.sub }] };
    for (const caller of [other, { ...claude, clientId: 'desk' }, through])
      expect((await desk.claim(caller)).outcome).toBe('APPROVAL_REQUIRED');
    expect((await desk.claim(claude)).outcome).toBe('let through');
  });

  test('that was refused says so, with the reason, until it may be asked for anew', async () => {
    const desk = await startDesk(dialect);
    const [ann, claude] = [await desk.person('ann'), await desk.agent('claude')];
    const asked = await desk.claim(claude);
    expect(await desk.refuse(ann, asked.id, 'not on a Sunday')).toBe('done');
    await expect(
      desk.approvals.claims.claim(
        { ...(await import('./approvals.fixture.ts')).callOf(claude, { amount: 12 }) },
        { obligations: { approvals: [''] } },
        'sha256:pin',
      ),
    ).rejects.toThrow(/refused .*: not on a Sunday/);
    expect(await desk.approve(ann, asked.id)).toBe('APPROVAL_OVER');
    desk.clock.advance(15 * MINUTE);
    expect((await desk.claim(claude)).outcome).toBe('APPROVAL_REQUIRED');
  });

  test('expires: the request after fifteen minutes, the grant after five', async () => {
    const desk = await startDesk(dialect);
    const [ann, claude] = [await desk.person('ann'), await desk.agent('claude')];
    const first = await desk.claim(claude);
    desk.clock.advance(15 * MINUTE);
    const late = { ...ann, authTime: desk.clock.now() };
    expect(await desk.approve(late, first.id)).toBe('APPROVAL_OVER');
    const second = await desk.claim(claude);
    expect(second.id).not.toBe(first.id);
    expect(await desk.approve(late, second.id)).toBe('done');
    desk.clock.advance(5 * MINUTE);
    const third = await desk.claim(claude);
    expect(third).toMatchObject({ outcome: 'APPROVAL_REQUIRED' });
    expect(third.id).not.toBe(second.id);
  });

  test('is written down as over by whichever process looks, once', async () => {
    const desk = await startDesk(dialect);
    const other = await desk.beside();
    const claude = await desk.agent('claude');
    await desk.claim(claude, { amount: 1 });
    await desk.claim(claude, { amount: 2 });
    desk.clock.advance(15 * MINUTE);
    const ended = await Promise.all([endOverdue(desk.approvals.parts), endOverdue(other.approvals.parts)]);
    expect(ended[0] + ended[1]).toBe(2);
    const told = [...desk.records, ...other.records].filter(({ type }) => type === 'approval.expired');
    expect(told).toHaveLength(2);
  });

  test('keeps its arguments sealed while it waits, and no longer', async () => {
    const desk = await startDesk(dialect);
    const [ann, claude] = [await desk.person('ann'), await desk.agent('claude')];
    const asked = await desk.claim(claude, { to: 'Widow Bolte', pin: '4711' });
    const rows = () => desk.database.db.selectFrom('approvals').selectAll().execute();
    expect(JSON.stringify(await rows())).not.toMatch(/Bolte|4711/);
    const seen = await desk.approvals.view.show(ann, asked.id, { door: 'console', address: undefined });
    expect(seen.call?.arguments).toEqual({ to: 'Widow Bolte', pin: expect.stringContaining('not shown') as string });
    await desk.approve(ann, asked.id);
    expect(await rows()).toMatchObject([{ sealed: null, key_id: null }]);
    // On record is their digest alone.
    expect(JSON.stringify(desk.records)).not.toMatch(/Bolte|4711/);
    const told = desk.records.filter(({ type }) => type.startsWith('approval.'));
    expect(new Set(told.map((event) => event.argumentsDigest)).size).toBe(1);
  });

  test('comes back from a backup as nothing that anybody could use', async () => {
    const desk = await startDesk(dialect);
    const [ann, claude] = [await desk.person('ann'), await desk.agent('claude')];
    const granted = await desk.claim(claude);
    await desk.approve(ann, granted.id);
    await desk.claim(claude, { amount: 2 });
    const ended = await desk.database.transaction(
      (trx) => approvalsAfterRestore.endSessions?.(trx, desk.clock.now()) ?? Promise.resolve(0),
    );
    expect(ended).toBe(2);
    expect((await desk.claim(claude)).outcome).toBe('APPROVAL_REQUIRED');
  });

  test('is one of so many that a caller may have waiting', async () => {
    const desk = await startDesk(dialect, { settings: { mostPending: 3 } });
    const [claude, other] = [await desk.agent('claude'), await desk.agent('other')];
    const ask = (amount: number) => desk.claim(claude, { amount });
    const outcomes = await Promise.all([1, 2, 3, 4, 5].map(ask));
    expect(outcomes.map(({ outcome }) => outcome).toSorted()).toEqual([
      ...['APPROVALS_EXHAUSTED', 'APPROVALS_EXHAUSTED'],
      ...['APPROVAL_REQUIRED', 'APPROVAL_REQUIRED', 'APPROVAL_REQUIRED'],
    ]);
    expect((await desk.claim(other, { amount: 9 })).outcome).toBe('APPROVAL_REQUIRED');
  });

  test('is not let through by who was disabled since', async () => {
    const desk = await startDesk(dialect);
    const [ann, claude] = [await desk.person('ann'), await desk.agent('claude')];
    const asked = await desk.claim(claude);
    await desk.approve(ann, asked.id);
    await desk.users.disable(operator(), ann.sub);
    const again = await desk.claim(claude);
    expect(again.outcome).toBe('APPROVAL_REQUIRED');
    expect(again.id).not.toBe(asked.id);
  });

  test('of somebody whom nobody knows is asked of nobody', async () => {
    const desk = await startDesk(dialect);
    const nobody = { ...(await desk.agent('claude')), kind: 'anonymous' } as const;
    expect(await desk.claim(nobody)).toEqual({ outcome: 'APPROVAL_REFUSED', id: '' });
  });

  test('is forgotten a month after it was over, with what was said to it', async () => {
    const desk = await startDesk(dialect);
    const [ann, claude] = [await desk.person('ann'), await desk.agent('claude')];
    await desk.approve(ann, (await desk.claim(claude)).id);
    await desk.claim(claude);
    const kept = async () => [
      (await desk.database.db.selectFrom('approvals').select('id').execute()).length,
      (await desk.database.db.selectFrom('approval_decisions').select('decider').execute()).length,
    ];
    desk.clock.advance(30 * 24 * 60 * MINUTE);
    await endOverdue(desk.approvals.parts);
    expect(await kept()).toEqual([1, 1]);
    desk.clock.advance(1);
    await endOverdue(desk.approvals.parts);
    expect(await kept()).toEqual([0, 0]);
  });

  test('of an agent that was cut off since is nobody’s to approve', async () => {
    const desk = await startDesk(dialect);
    const [ann, claude] = [await desk.person('ann'), await desk.agent('claude')];
    const asked = await desk.claim(claude);
    await desk.identity.agents.disable(operator(), 'claude');
    expect(await desk.approve(ann, asked.id)).toBe('APPROVAL_OVER');
  });
});
