/** Policies that are watched cost a call a place in a queue, however many calls there are. */
import { expect, test } from 'vitest';
import type { AuditEvent } from '#contract';
import { silentLogger, systemClock } from '#kernel';
import { Evaluator, type DecisionRequest, type PolicySource } from '#policy';
import { ShadowPolicies } from '../backtest/shadow.ts';
import { evaluator, policy, requestWith, setOf } from './policies.fixture.ts';

const ALL = '(principal, action, resource)';
const SET = setOf(`permit${ALL};`);

const judged = (request: DecisionRequest, args: object | undefined = {}) => ({ ...request, arguments: args });

function watching(...watched: readonly PolicySource[]) {
  const events: AuditEvent[] = [];
  let sources: readonly PolicySource[] = watched;
  const shadow = new ShadowPolicies({
    ...{ evaluator: async () => new Evaluator(evaluator.cedar, 'shadow'), watched: () => sources, clock: systemClock },
    log: silentLogger,
    trail: {
      append: async (event) => {
        events.push(event);
        return { id: '', writer: '', seq: events.length };
      },
    },
  });
  return { shadow, events, watch: (next: readonly PolicySource[]) => (sources = next) };
}

const observe = (shadow: ShadowPolicies, request = judged(requestWith())): void =>
  shadow.observe(request, SET.decide(request), SET);

test('of a flood at once a thousand are compared, the others are counted, and one record says how many', async () => {
  const { shadow, events } = watching(policy(`forbid${ALL};`, { id: '*/draft' }));
  for (let call = 0; call < 5000; call++) observe(shadow);
  // Nothing of it happens while calls are decided.
  expect(shadow.report('*/draft')?.counts['would-deny']).toBe(0);
  await shadow.settled();
  expect([shadow.report('*/draft')?.counts['would-deny'], shadow.dropped]).toEqual([1000, 4000]);
  expect(shadow.report('*/draft')?.examples['would-deny']).toHaveLength(5);
  await shadow.close();
  expect(events.map(({ type, details }) => [type, details?.['calls'], details?.['callers']])).toEqual([
    ['policy.shadow', 1000, ['User alice']],
  ]);
});

test('one that is about something else is compared without asking Cedar, and one that cannot be read decides nothing', async () => {
  const { shadow } = watching(
    policy(`forbid(principal, action, resource == Tool::"one/other");`, { id: '*/other' }),
    policy('this is no policy', { id: '*/broken' }),
  );
  observe(shadow);
  await shadow.settled();
  expect(shadow.report('*/other')?.counts).toEqual({ same: 1, 'would-deny': 0, 'would-allow': 0, obligations: 0 });
  expect(shadow.report('*/broken')?.counts.same).toBe(0);
});

test('one that is written anew is counted anew, and what was counted before is on record', async () => {
  const { shadow, events, watch } = watching(policy(`forbid${ALL};`, { id: '*/draft' }));
  observe(shadow);
  await shadow.settled();
  watch([policy(`@mask("card") permit${ALL};`, { id: '*/draft', priority: 1 })]);
  observe(shadow);
  await shadow.settled();
  expect(shadow.report('*/draft')?.counts).toMatchObject({ 'would-deny': 0, obligations: 1 });
  await shadow.close();
  expect(events.map(({ details }) => [details?.['difference'], details?.['calls']])).toEqual([
    ['would-deny', 1],
    ['obligations', 1],
  ]);
});

test('one that looks at arguments says nothing of calls whose arguments nobody looked at', async () => {
  const { shadow } = watching(policy(`permit${ALL} when { !(context.args has amount) };`, { id: '*/draft' }));
  const none = setOf();
  const request = judged(requestWith(), undefined);
  shadow.observe({ ...request, arguments: undefined }, none.decide(request), none);
  await shadow.settled();
  expect([shadow.report('*/draft')?.counts['would-allow'], shadow.dropped]).toEqual([0, 1]);
});
