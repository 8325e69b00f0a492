/** Attacks on policies that decisions answer, by the ids of the abuse corpus. */
import { describe, expect, test } from 'vitest';
import { compileForm, type RegistryRules } from '../form/index.ts';
import { formOfRules, registryRules } from '../form/registry-rules.ts';
import { checkPolicy } from '../policies/check.ts';
import { TOOLS } from './directory.fixture.ts';
import { decideWhen, evaluator, PAY, policy, requestWith, setOf } from './policies.fixture.ts';

const ALL = '(principal, action, resource)';

describe('POL-001: a deny wins whatever the order, the priorities and the ties', () => {
  const TEXTS = [
    'permit (principal == User::"alice", action, resource);',
    'permit (principal in Group::"desk", action, resource);',
    'forbid (principal, action, resource == Tool::"one/pay");',
  ] as const;
  const ORDERS = [
    ...[
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ],
    ...[
      [2, 2, 0, 1],
      [0, 0, 1, 1, 2],
    ],
  ];

  test.each(ORDERS.map((order) => [order]))('in the order %j', (order) => {
    for (const priorities of [
      [0, 0, 0],
      [9, 5, 1],
      [1, 5, 9],
      [5, 5, -1_000_000],
    ]) {
      const set = setOf(
        ...order.map((at, place) =>
          policy(TEXTS[at as 0], { id: `*/p${place}-${at}`, priority: priorities[at] as number }),
        ),
      );
      const decision = set.decide(requestWith());
      expect([decision.allowed, decision.because]).toEqual([false, 'forbid']);
      expect(decision.determining.every((id) => id.endsWith('-2'))).toBe(true);
      expect(decision.determining).toHaveLength(order.filter((at) => at === 2).length);
    }
  });
});

describe('POL-002: what errs denies', () => {
  test.each([
    ['an attribute that is not there', 'context.client == "x"'],
    ['a number beyond all numbers', 'context.args.count * 9223372036854775807 > 1'],
    ['a text that is no address', 'ip(context.args.city).isLoopback()'],
    ['a type that is another', 'context.args.city < 5'],
  ])('%s, in a permit and in a forbid', (_, condition) => {
    const argument = (name: string) => (name === 'count' ? 5 : 'Bern');
    expect(decideWhen(condition, { argument })).toMatchObject({ allowed: false, because: 'error' });
    const set = setOf(`permit${ALL};`, `forbid${ALL} when { ${condition} };`);
    expect(set.decide(requestWith({ argument }))).toMatchObject({ allowed: false, because: 'error' });
  });

  test('an attribute that no tool and no schema has is refused before it is kept', () => {
    const checked = checkPolicy(evaluator.cedar, policy(`forbid${ALL} when { context.args.amont == 1 };`), {
      ...{ tools: TOOLS, groups: [], others: [], now: 0 },
    });
    expect(checked.problems).toMatchObject([{ message: expect.stringContaining('did you mean `amount`?') }]);
  });
});

describe('POL-003: a name in another spelling is another tool, which no policy permits', () => {
  const set = setOf(
    'permit (principal, action, resource == Tool::"one/Delete_User");',
    `forbid (principal, action, resource == Tool::"one/pay");`,
  );
  test.each([
    'delete_user',
    'Delete_User ',
    'Delete%5FUser',
    'Delete_User.',
    'Ｄelete_User',
    'Delete_Use\u0301r',
    'Delete\u200b_User',
  ])('%j', (name) =>
    expect(set.decide(requestWith({}, { ...PAY, name }))).toMatchObject({ allowed: false, because: 'nothing' }),
  );
  test('and the name itself is permitted', () =>
    expect(set.decide(requestWith({}, { ...PAY, name: 'Delete_User' })).allowed).toBe(true));
});

describe('POL-009: time and place come from the server alone', () => {
  const office = compileForm({ effect: 'permit', everybody: true, hours: ['09:00-17:00'], timeZone: 'Europe/Zurich' });
  const at = (moment: string) => setOf(office).decide(requestWith({ now: Date.parse(moment) })).allowed;

  test('hours begin at their first moment and end before their last', () => {
    expect(['07:59:59.999', '08:00:00', '15:59:59.999', '16:00:00'].map((time) => at(`2026-11-30T${time}Z`))).toEqual([
      ...[false, true, true, false],
    ]);
  });

  test('an hour that the end of summer time has twice is within both times, a leap second in its minute', () => {
    const fold = compileForm({ effect: 'permit', everybody: true, hours: ['02:00-03:00'], timeZone: 'Europe/Zurich' });
    const during = (moment: string) => setOf(fold).decide(requestWith({ now: Date.parse(moment) })).allowed;
    expect(
      ['2026-10-24T23:59:59Z', '2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z', '2026-10-25T02:00:00Z'].map(during),
    ).toEqual([false, true, true, false]);
    // RFC 3339 knows `:60`, and Date does not: a moment that nobody can place is none.
    expect(Number.isNaN(Date.parse('2026-12-31T23:59:60Z'))).toBe(true);
  });

  test('a night belongs to the day that it begins on', () => {
    const night = compileForm({ effect: 'permit', everybody: true, days: ['fri'], hours: ['22:00-06:00'] });
    const during = (moment: string) => setOf(night).decide(requestWith({ now: Date.parse(moment) })).allowed;
    expect(
      [
        '2026-11-27T21:59:00Z',
        '2026-11-27T22:00:00Z',
        '2026-11-28T05:59:59Z',
        '2026-11-28T06:00:00Z',
        '2026-11-27T03:00:00Z',
      ].map(during),
    ).toEqual([false, true, true, false, false]);
  });

  test('an argument that is called like a clock or a place changes nothing', () => {
    const argument = () => 'CH';
    const home = compileForm({ effect: 'permit', everybody: true, countries: ['CH'] });
    expect(setOf(home).decide(requestWith({ argument })).allowed).toBe(false);
    expect(setOf(home).decide(requestWith({ country: 'CH' })).allowed).toBe(true);
    expect(setOf(home).decide(requestWith({ country: 'DE', argument })).allowed).toBe(false);
  });
});

describe('a form decides what it says', () => {
  const permit = (form: object) => compileForm({ effect: 'permit', ...form } as never);
  const may = (form: object, more = {}) => setOf(permit(form)).decide(requestWith(more)).allowed;

  test('whoever is one of those named, of any kind', () => {
    expect(may({ roles: ['nobody'], users: ['alice'] })).toBe(true);
    expect(may({ groups: ['desk', 'other'] })).toBe(true);
    expect(may({ roles: ['nobody'], users: ['bob'] })).toBe(false);
  });

  test('what is named, or has a tag', () => {
    expect(may({ tools: ['one/other'], tags: ['finance'] })).toBe(true);
    expect(may({ tools: ['one/pay'], tags: ['none'] })).toBe(true);
    expect(may({ tools: ['one/other'], tags: ['none'] })).toBe(false);
    expect(may({ toolsets: ['one/money'] })).toBe(true);
  });

  test('addresses of both families, and none where none is known', () => {
    const form = { addresses: ['10.0.0.0/8', '2001:db8::/32'] };
    expect(['10.1.2.3', '2001:db8::9', '192.0.2.1', undefined].map((address) => may(form, { address }))).toEqual([
      ...[true, true, false, false],
    ]);
  });

  test('an argument that is not there is not within its bounds', () => {
    const form = { parameters: { count: { type: 'integer', max: 5 } } };
    const given = (value: number | undefined) => may(form, { argument: () => value });
    expect([5, 6, undefined].map(given)).toEqual([true, false, false]);
  });

  test('who approves is not by that somebody who may approve', () => {
    const set = setOf(permit({ everybody: true, requireApproval: true }));
    expect(set.decide(requestWith()).obligations.approvals).toEqual(['']);
    expect(set.decide({ ...requestWith(), action: 'approve' }).allowed).toBe(false);
  });
});

describe('rules of a tool registry', () => {
  const formOf = (rules: RegistryRules) => formOfRules(registryRules.parse(rules), 'one');

  test('that say nothing permit whoever is signed in, and an empty list restricts nothing', () => {
    expect(formOf({ roles: [] })).toEqual({ ok: true, value: { effect: 'permit' } });
  });

  test('hours as texts, to midnight, and a number of calls in all', () => {
    const rules = {
      time_restrictions: { allowed_hours: { start: '22:00', end: '00:00' } },
      resource_limits: { max_requests: 10 },
    };
    expect(formOf(rules)).toMatchObject({ value: { hours: ['22:00-24:00'], limits: ['10 calls per 36500d'] } });
  });

  test('that cannot be said are refused, not half said', () => {
    expect(formOf({ valid_until: 'tomorrow' })).toMatchObject({
      ok: false,
      error: expect.stringContaining('validUntil'),
    });
    expect(registryRules.safeParse({ rolls: ['user'] }).success).toBe(false);
    expect(registryRules.safeParse({ log_usage: false }).success).toBe(false);
  });
});

describe('a rule that can never match is told', () => {
  const said = (text: string, others: readonly string[] = [], more = {}) => {
    const set =
      others.length === 0
        ? []
        : setOf(...others.map((cedar, at) => policy(cedar, { id: `*/o${at}`, priority: 1 }))).rules;
    const source = policy(text, { id: 'one/p', namespace: 'one', ...more });
    return checkPolicy(evaluator.cedar, source, {
      tools: TOOLS,
      groups: ['one/desk'],
      others: set,
      now: Date.parse('2026-11-30'),
    })
      .warnings.map(({ message }) => message)
      .filter((message) => message.includes('never'));
  };

  test.each([
    ['a forbid of everything', `permit${ALL};`, `forbid${ALL};`],
    [
      'a forbid of its tool',
      'permit (principal, action, resource == Tool::"one/pay");',
      'forbid (principal, action, resource in Tool::"one/pay");',
    ],
    [
      'one of a list of those it names',
      'permit (principal in Group::"one/desk", action, resource);',
      'forbid (principal, action, resource) when { principal in [Role::"user", Group::"one/desk"] };',
    ],
    ['an overridable one of higher rank', `permit${ALL};`, `@overridable forbid${ALL};`],
  ])('%s', (_, permit, forbid) => expect(said(permit, [forbid])).toEqual([expect.stringContaining('`*/o0`')]));

  test.each([
    ['a forbid under a condition', `permit${ALL};`, `forbid${ALL} when { context.mfa };`],
    [
      'a forbid of another tool',
      'permit (principal, action, resource == Tool::"one/pay");',
      'forbid (principal, action, resource == Tool::"one/x");',
    ],
    ['a forbid for a while', `permit${ALL};`, `@validUntil("2099-01-01T00:00:00Z") forbid${ALL};`],
    ['a forbid of fewer people', `permit${ALL};`, 'forbid (principal in Group::"one/desk", action, resource);'],
    [
      'a forbid in head and condition',
      'permit (principal in Group::"one/desk", action, resource);',
      'forbid (principal in Group::"one/desk", action, resource) when { principal in [Role::"user"] };',
    ],
  ])('but not for %s', (_, permit, forbid) => expect(said(permit, [forbid])).toEqual([]));

  test('after its end, and about what is elsewhere', () => {
    expect(said(`@validUntil("2026-01-01T00:00:00Z") permit${ALL};`)).toEqual([
      expect.stringContaining('it held until'),
    ]);
    expect(said('permit (principal, action, resource == Tool::"two/pay");')).toEqual([
      expect.stringContaining('confined'),
    ]);
  });
});
