/** How tools are used, as sums of days. */
import { onTestFinished, describe, expect, test } from 'vitest';
import type { Principal } from '#contract';
import { openDatabase, type Database } from '#db';
import { silentLogger } from '#kernel';
import { dialects, emptyPlace, type TestDialect } from '../../../../test/databases.ts';
import { forgetUsageBefore, sumUsage } from '../../store/usage-store.ts';
import { usedTools } from '../usage-facts.ts';
import { UsageRecorder, type UsedTool } from '../usage-recorder.ts';
import { callsOf, dayOf, latencyAt, NOTHING, Tally, together } from '../usage.ts';

const ALICE: Principal = {
  ...{ kind: 'agent', iss: 'chatelaine', sub: 'a1', name: 'alice', namespace: 'default', roles: ['user'] },
  ...{ access: new Set(), groups: [], scopes: new Set(), via: { method: 'api-key', keyId: 'k' } },
};
const BOB: Principal = { ...ALICE, sub: 'b1', name: 'bob' };
const NOON = Date.parse('2026-11-30T12:00:00Z');
const EVER = { from: 0, to: Number.MAX_SAFE_INTEGER, scopes: [{ namespaces: 'all' }] } as const;

async function opened(dialect: TestDialect): Promise<{ database: Database; at: { now: number } }> {
  const { place } = await emptyPlace(dialect);
  const at = { now: NOON };
  const database = await openDatabase({ ...place, clock: { now: () => at.now } });
  onTestFinished(() => database.close());
  return { database, at };
}

const call = (more: Partial<UsedTool> = {}): UsedTool => ({
  ...{ namespace: 'default', tool: 'pay', principal: ALICE, ended: 'succeeded', durationMs: 12 },
  ...more,
});

describe.each(dialects)('with its state in %s', (dialect) => {
  test('calls of several processes add up by day, tool and caller', async () => {
    const { database, at } = await opened(dialect);
    const recorder = () => new UsageRecorder({ database, clock: { now: () => at.now }, log: silentLogger });
    const [one, other] = [recorder(), recorder()];
    one.note(call());
    one.note(call({ ended: 'denied', durationMs: 0.4 }));
    other.note(call({ durationMs: 4000 }));
    other.note(call({ tool: 'look' }));
    other.note(call({ tool: 'look', principal: BOB }));
    at.now += 86_400_000;
    other.note(call());
    await Promise.all([one.close(), other.close()]);
    const sumsBy = async (by: 'day' | 'tool' | 'principal' | undefined, filter = {}) =>
      await sumUsage(database.db, { ...EVER, ...filter }, by, 10);
    const days = await sumsBy('day');
    expect(days.map(({ day, sums }) => [day, callsOf(sums)])).toEqual([
      [dayOf(NOON), 5],
      [dayOf(NOON) + 86_400_000, 1],
    ]);
    const tools = await sumsBy('tool');
    expect(tools.map(({ namespace, tool, sums }) => [namespace, tool, callsOf(sums)])).toEqual([
      ['default', 'pay', 4],
      ['default', 'look', 2],
    ]);
    expect((await sumsBy('principal')).map(({ principal, sums }) => [principal, callsOf(sums)])).toEqual([
      ['agent:a1', 5],
      ['agent:b1', 1],
    ]);
    const [all] = await sumsBy(undefined, { tool: 'pay', to: NOON + 1 });
    expect(all?.sums).toEqual({
      ...{ succeeded: 2, failed: 0, denied: 1, durationMs: 4012, lastAt: NOON },
      latencies: [1, 0, 0, 1, 0, 0, 0, 0, 1, 0],
    });
    for (const scopes of [
      [],
      [{ namespaces: [] }],
      [{ namespaces: ['other'] }],
      [{ namespaces: 'all', principal: 'agent:b' }],
    ] as const)
      expect(await sumsBy('day', { scopes })).toEqual([]);
    const facts = await usedTools({ database, clock: { now: () => at.now } }).of([
      { namespace: 'default', name: 'pay' },
    ]);
    expect(facts.get('default/pay')).toEqual({ calls: 4, errors: 0, averageMs: 4024 / 4, lastUsedAt: at.now });
    await forgetUsageBefore(database.db, dayOf(at.now));
    expect((await sumsBy('day')).length).toBe(1);
  });
});

test('a latency is the bound that such a part of all calls kept', () => {
  const tally = new Tally();
  for (const ms of [0.5, 2, 2, 25, Number.NaN]) tally.add('succeeded', ms, 1);
  expect([0, 0.2, 0.5, 0.8, 1].map((part) => latencyAt(part, tally))).toEqual([1, 1, 3, 30, Number.POSITIVE_INFINITY]);
  expect(latencyAt(0.5, NOTHING)).toBe(undefined);
  expect(callsOf(together(tally, tally))).toBe(10);
});
