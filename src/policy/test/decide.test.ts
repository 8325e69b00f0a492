import { describe, expect, test } from 'vitest';
import { UNREPRESENTABLE } from '#policy';
import { decideWhen, PAY, policy, requestWith, setOf } from './policies.fixture.ts';

const ALL = '(principal, action, resource)';

test('without a policy nothing is allowed', () => {
  expect(setOf().decide(requestWith())).toMatchObject({ allowed: false, because: 'nothing' });
});

test('an erring forbid denies, which plain Cedar would go on without', () => {
  const set = setOf(`permit${ALL};`, `forbid${ALL} when { context.client == "desk" };`);
  expect(set.decide(requestWith())).toMatchObject({
    ...{ allowed: false, because: 'error' },
    errors: [{ rule: '*/p1', message: expect.stringContaining('client') }],
  });
  expect(set.decide(requestWith({ client: 'bot' })).allowed).toBe(true);
});

test.each([
  ['a forbid denies whatever the priority of the permit', '', 9, 'forbid'],
  ['an overridable one is outweighed by a higher permit', '@overridable ', 1, 'permit'],
  ['and by none of the same priority', '@overridable ', 0, 'forbid'],
])('%s', (_, annotation, priority, because) => {
  const set = setOf(
    policy(`permit${ALL};`, { id: '*/may', priority }),
    policy(`${annotation}forbid${ALL};`, { id: '*/not' }),
  );
  expect(set.decide(requestWith()).because).toBe(because);
});

describe('a policy of a namespace', () => {
  const inOne = (cedar: string, priority: number) => policy(cedar, { id: 'one/p', namespace: 'one', priority });

  test('says nothing about tools of another', () => {
    const set = setOf(inOne(`permit${ALL};`, 0));
    expect(set.decide(requestWith()).allowed).toBe(true);
    expect(set.decide(requestWith({}, { ...PAY, namespace: 'two' })).because).toBe('nothing');
  });

  test('never outweighs a global one, whatever its priority', () => {
    const set = setOf(inOne(`permit${ALL};`, 1_000_000), policy(`@overridable forbid${ALL};`, { priority: -5 }));
    expect(set.decide(requestWith()).because).toBe('forbid');
  });

  test('asks for nothing in return where a global permit answers already', () => {
    const set = setOf(inOne(`@approval permit${ALL};`, 9), policy(`@mask("card") permit${ALL};`));
    expect(set.decide(requestWith()).obligations).toMatchObject({ approvals: [], masks: ['card'] });
  });
});

test("inheritance is Cedar's: what holds for a toolset, a source or a namespace holds for what is in it", () => {
  for (const parent of ['Toolset::"one/money"', 'Source::"one/bank"', 'Namespace::"one"', 'Tool::"one/pay"']) {
    expect(setOf(`permit(principal, action, resource in ${parent});`).decide(requestWith()).allowed).toBe(true);
  }
  expect(setOf('permit(principal, action, resource in Toolset::"two/money");').decide(requestWith()).allowed).toBe(
    false,
  );
});

test('of the highest permits the strictest obligations hold, and lower ones are not heard', () => {
  const set = setOf(
    policy(`@approval("group:a") @duration("1h") @scopes("read write") @limit("10 calls per 1h") permit${ALL};`, {
      id: '*/a',
      priority: 1,
    }),
    policy(`@approval("role:b") @duration("5m") @scopes("write admin") @mask("card") permit${ALL};`, {
      id: '*/b',
      priority: 1,
    }),
    policy(`@duration("1s") @mask("email") permit${ALL};`, { id: '*/c', priority: 0 }),
  );
  expect(set.decide(requestWith())).toMatchObject({
    determining: ['*/a', '*/b'],
    obligations: {
      ...{ approvals: ['group:a', 'role:b'], durationMs: 300_000, scopes: ['write'], masks: ['card'] },
      limits: [{ most: 10, unit: 'calls', everyMs: 3_600_000 }],
    },
  });
});

test('an argument that Cedar has no value for denies whoever looks at it, and nobody else', () => {
  const argument = (name: string) => (name === 'amount' ? UNREPRESENTABLE : 1);
  expect(decideWhen('context.args has amount && context.args.amount > 1', { argument })).toMatchObject({
    ...{ allowed: false, because: 'argument' },
    errors: [{ message: 'args.amount' }],
  });
  expect(decideWhen('context.args.other == 1', { argument }).allowed).toBe(true);
});

test('a policy holds between its moments: from the first on, and no more at the second', () => {
  const set = setOf(`@validFrom("2027-01-01T00:00:00Z") @validUntil("2027-02-01T00:00:00+01:00") permit${ALL};`);
  const at = (moment: string) => set.decide(requestWith({ now: Date.parse(moment) })).allowed;
  expect(at('2026-12-31T23:59:59.999Z')).toBe(false);
  expect(at('2027-01-01T00:00:00Z')).toBe(true);
  expect(at('2027-01-31T22:59:59.999Z')).toBe(true);
  expect(at('2027-01-31T23:00:00Z')).toBe(false);
});

test('what clocks say is said for the zone that a policy names, over the change of summer time too', () => {
  const office = 'context.time["Europe/Zurich"].hour >= 9 && context.time["Europe/Zurich"].weekday <= 5';
  const at = (moment: string) => decideWhen(office, { now: Date.parse(moment) }).allowed;
  // Monday in winter, Monday in summer, Sunday.
  expect(['2026-11-30T07:59:00Z', '2026-11-30T08:00:00Z'].map(at)).toEqual([false, true]);
  expect(['2026-06-29T06:59:00Z', '2026-06-29T07:00:00Z', '2026-06-28T09:00:00Z'].map(at)).toEqual([
    false,
    true,
    false,
  ]);
});

test('an address is in a range, or it is not there', () => {
  const inside = 'context has address && context.address.isInRange(ip("10.0.0.0/8"))';
  expect(decideWhen(inside, { address: '10.1.2.3' }).allowed).toBe(true);
  expect(decideWhen(inside, { address: '192.0.2.1' }).allowed).toBe(false);
  expect(decideWhen(inside, { address: '2001:db8::1' }).allowed).toBe(false);
  expect(decideWhen(inside).allowed).toBe(false);
});

test('a proof of the future is none', () => {
  const fresh = 'context has authAgeSeconds && context.authAgeSeconds < 600';
  const now = Date.parse('2026-11-30T08:30:00Z');
  expect(decideWhen(fresh, { authTime: now - 599_000 }).allowed).toBe(true);
  expect(decideWhen(fresh, { authTime: now - 600_000 }).allowed).toBe(false);
  expect(decideWhen(fresh, { authTime: now + 1000 }).allowed).toBe(false);
});

test('Cedar is asked once for what policies look at, and again when that is other', () => {
  const set = setOf('permit(principal, action, resource) when { context.args.amount < 10 };');
  const ask = (amount: number, now = 0) => set.decide(requestWith({ now, argument: () => amount })).allowed;
  expect([ask(1), ask(1), ask(1, 5_000_000), ask(20), ask(1)]).toEqual([true, true, true, false, true]);
  expect(set.evaluations).toBe(2);
});

test('what a caller has seen is a fact like any other: asked once for the same labels', () => {
  const set = setOf(`permit${ALL};`, `forbid${ALL} when { context.seen.contains("untrusted") && resource.openWorld };`);
  const ask = (...seen: readonly string[]) => set.decide(requestWith({ seen })).allowed;
  expect([ask(), ask('untrusted'), ask('pii'), ask('untrusted'), ask()]).toEqual([true, false, true, false, true]);
  expect(set.decide(requestWith()).allowed).toBe(true);
  expect(set.evaluations).toBe(3);
});

test('what looks at the moment itself is asked each time', () => {
  const set = setOf('permit(principal, action, resource) when { context.now < datetime("2027-01-01T00:00:00Z") };');
  const at = (moment: string) => set.decide(requestWith({ now: Date.parse(moment) })).allowed;
  expect([at('2026-12-31T23:59:59Z'), at('2027-01-01T00:00:00Z')]).toEqual([true, false]);
  // Not remembered even for its own moment: what is remembered would be one more for every call.
  expect([at('2026-12-31T23:59:59Z'), set.evaluations]).toEqual([true, 3]);
});

test('more selections than Cedar holds at once are parsed anew, and decide as before', () => {
  const set = setOf(
    ...Array.from({ length: 300 }, (_, at) => `permit(principal, action, resource == Tool::"one/t${at}");`),
  );
  for (const round of [1, 2])
    for (let at = 0; at < 300; at++)
      expect(set.decide(requestWith({ now: round }, { ...PAY, name: `t${at}` })).determining).toEqual([`*/p${at}`]);
});

describe('a list shows', () => {
  const shown = (...sources: readonly string[]) => setOf(...sources).mayEver(requestWith());

  test('a tool that some arguments are allowed for', () => {
    expect(shown(`permit${ALL} when { context.args.amount < 10 };`)).toBe(true);
    expect(shown(`permit${ALL};`, `forbid${ALL} when { context.args.amount > 10 };`)).toBe(true);
  });

  test('no tool that is denied whatever is passed', () => {
    expect(shown(`permit${ALL} when { context.args.amount < 10 };`, `forbid${ALL} when { context.mfa };`)).toBe(false);
    expect(shown(`permit${ALL} when { !context.mfa };`)).toBe(false);
  });
});
