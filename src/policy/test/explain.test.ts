import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PolicySet } from '#policy';
import { combine } from '../decide/combine.ts';
import { explain, inquire, possible, sentence, weigh } from '../explain/index.ts';
import { request, rules, sourceOf } from './generated.fixture.ts';
import { evaluator, policy, requestWith, setOf } from './policies.fixture.ts';

const ALL = '(principal, action, resource)';
const NAMED = { principal: 'alice', action: 'execute', tool: 'one/pay' };

const said = (set: PolicySet, more = {}): string => sentence(NAMED, explain(evaluator, set, requestWith(more)));

describe('what is explained is what is decided', () => {
  test('of a thousand decisions, and each rule that decided or was outweighed is named as such', () => {
    fc.assert(
      fc.property(rules, fc.array(request, { minLength: 5, maxLength: 5 }), (all, asked) => {
        const set = setOf(...all.map(sourceOf));
        for (const { request: one } of asked) {
          const inquiry = inquire(evaluator, set, one);
          expect(inquiry.decision).toEqual(set.decide(one));
          const parts = weigh(inquiry.matching, inquiry.errors.length > 0);
          const of = (part: string) => parts.filter((weighed) => weighed.part === part).map(({ rule }) => rule.id);
          const { determining, overridden, allowed } = inquiry.decision;
          expect(of('decides').toSorted()).toEqual(determining);
          if (allowed) expect(of('outweighed').toSorted()).toEqual(overridden);
        }
      }),
      { numRuns: 200 },
    );
  }, 300_000);

  test('and who yields is heard once those are gone whom it yields to', () => {
    fc.assert(
      fc.property(rules, request, (all, { request: one }) => {
        const { matching, errors } = inquire(evaluator, setOf(...all.map(sourceOf)), one);
        for (const { rule, part, to } of weigh(matching, errors.length > 0)) {
          if (part !== 'outranked' && part !== 'forbidden') continue;
          const without = matching.filter(({ id }) => !to.some((other) => other.rule === id));
          const permits = without.filter(({ effect }) => effect === 'permit');
          if (part === 'outranked')
            expect(combine(permits, []).determining).not.toEqual(combine(matching, []).determining);
          else expect(combine(without, []).because).not.toBe('forbid');
          expect(to.length).toBeGreaterThan(0);
          expect(without).toContain(rule);
        }
      }),
      { numRuns: 300 },
    );
  }, 300_000);
});

describe('a sentence says', () => {
  test('which permit allows it, what for, and what was looked at', () => {
    const set = setOf(
      policy(`@approval("group:boss") permit${ALL} when { context.args.amount < 100 };`, { id: '*/pay', priority: 5 }),
      policy(`permit${ALL};`, { id: '*/all' }),
    );
    expect(said(set, { argument: () => 20 })).toBe(
      'alice may execute `one/pay`: `*/pay` (priority 5) permits it, in return for approval group:boss. Looked at: args.amount = 20.',
    );
  });

  test('which forbid denies it, whatever permits say, and why being overridable did not help', () => {
    const set = setOf(policy(`permit${ALL};`, { id: '*/may' }), policy(`@overridable forbid${ALL};`, { id: '*/not' }));
    expect(said(set)).toBe(
      'alice may not execute `one/pay`: `*/not` (priority 0) forbids it, whatever `*/may` (priority 0) says; it is overridable, and no permit that matched ranks above it.',
    );
  });

  test('that a forbid was outweighed', () => {
    const set = setOf(
      policy(`permit${ALL};`, { id: '*/may', priority: 1 }),
      policy(`@overridable forbid${ALL};`, { id: '*/not' }),
    );
    expect(said(set)).toContain('permits it, and outweighs `*/not`, which is overridable.');
  });

  test.each([
    ['no rule is about it', [], 'no rule is about it, and what nothing permits is denied.'],
    [
      'some are, and none matched',
      [`permit${ALL} when { !context.mfa };`],
      '1 rule is about it, and none that permits it matched. Looked at: mfa = true.',
    ],
    [
      'one holds no more',
      [`@validUntil("2020-01-01T00:00:00Z") permit${ALL};`],
      '1 rule is about it, 1 of them outside of the time that they hold, and none that permits it matched.',
    ],
    ['one could not be evaluated', [`permit${ALL} when { context.client == "x" };`], '`*/p0` could not be evaluated'],
  ])('that %s', (_, sources, expected) => {
    expect(said(setOf(...sources))).toContain(expected);
  });
});

describe('machines are told', () => {
  const set = setOf(
    policy(`permit${ALL} when { context has client && context.client == "desk" };`, { id: '*/desk' }),
    policy(`@mask("card") @limit("5 at once") permit${ALL};`, { id: '*/high', priority: 9 }),
    policy(`@mask("card") permit${ALL};`, { id: '*/too', priority: 9 }),
    policy(`permit${ALL};`, { id: 'one/own', namespace: 'one', priority: 99 }),
    policy(`permit(principal == User::"bob", action, resource);`, { id: '*/bob' }),
  );
  const told = explain(evaluator, set, requestWith());

  test('every rule that is about it and no other, what it said, and what it yields to', () => {
    expect(told.rules.map(({ id, said: what, part, to }) => [id, what, part, to])).toEqual([
      ['*/desk', 'unmatched', undefined, []],
      ['*/high', 'matched', 'decides', []],
      ['*/too', 'matched', 'decides', []],
      [
        'one/own',
        'matched',
        'outranked',
        [
          { rule: '*/high', because: 'global' },
          { rule: '*/too', because: 'global' },
        ],
      ],
    ]);
  });

  test('where each obligation comes from', () => {
    expect(told.obligations).toEqual([
      { kind: 'mask', value: 'card', from: ['*/high', '*/too'] },
      { kind: 'limit', value: '5 at once', from: ['*/high'] },
    ]);
  });

  test('what was looked at, by whom, and what of it was not there', () => {
    expect(told.facts).toEqual([{ name: 'client', value: undefined, readBy: ['*/desk'] }]);
  });
});

describe('of somebody of whom little is known', () => {
  const NOTHING = { fields: new Set<string>(), args: 'none', moment: false } as const;
  const may = (set: PolicySet, known = NOTHING) => possible(evaluator, set, requestWith(), known);

  test('it depends on what policies look at, and says on what', () => {
    const set = setOf(`permit${ALL} when { context.args.amount < 10 && context.mfa };`);
    expect(may(set)).toMatchObject({ may: 'depends', on: ['args.amount', 'mfa'], by: ['*/p0'] });
  });

  test('what is known rules a permit out, whatever the rest of it looks at', () => {
    const named = (name: string) => `principal.name == "${name}" && context.mfa`;
    expect(may(setOf(`permit${ALL} when { ${named('alice')} };`)).may).toBe('depends');
    expect(may(setOf(`permit${ALL} when { ${named('bob')} };`)).may).toBe('no');
    expect(may(setOf(`permit${ALL} unless { context.mfa || principal.name == "alice" };`)).may).toBe('no');
  });

  test('a forbid that looks at nothing unknown denies for certain, one that does leaves it open', () => {
    expect(may(setOf(`permit${ALL};`, `forbid${ALL};`)).may).toBe('no');
    expect(may(setOf(`permit${ALL};`, `forbid${ALL} when { context.time["UTC"].hour < 8 };`))).toMatchObject({
      may: 'depends',
      on: ['time["UTC"].hour'],
    });
  });

  test('whoever is allowed in some circumstances is never said to be denied, and yes is said of nobody who is denied', () => {
    fc.assert(
      fc.property(rules, fc.array(request, { minLength: 4, maxLength: 4 }), (all, asked) => {
        const set = setOf(...all.map(sourceOf));
        for (const { request: one } of asked) {
          const { may: answer } = possible(evaluator, set, one, NOTHING);
          const { allowed } = set.decide(one);
          if (allowed) expect(answer).not.toBe('no');
          else expect(answer).not.toBe('yes');
        }
      }),
      { numRuns: 300 },
    );
  }, 300_000);
});
