import { expect, it } from 'vitest';
import type { Decision } from '#policy';
import type { JudgedCall } from '../../steps.ts';
import { ruleOf, type LimitRule } from '../rule.ts';
import { WantsBook } from '../wants-book.ts';

const rule = (per: LimitRule['per']): readonly LimitRule[] => [
  ruleOf({
    ...{ name: 'team', namespace: 'default', everywhere: false, per },
    limits: [{ most: 10, unit: 'calls', everyMs: 60_000 }],
  } as never),
];
const call = {
  principal: { kind: 'agent', iss: 'chatelaine', sub: 'a' },
  tool: { namespace: 'default', name: 'look' },
  ...{ toolsets: [], peer: { address: '192.0.2.1' } },
} as unknown as JudgedCall;
const decision = { obligations: { limits: [] }, determining: [] } as unknown as Decision;

it('what a call takes of is worked out once for a caller and a tool', () => {
  const [book, rules] = [new WantsBook(), rule(['principal'])];
  const wants = book.of(rules, call, decision);
  expect(wants.map(({ measure }) => measure.whose)).toEqual(['agent:a']);
  expect(book.of(rules, { ...call, requestId: 'another' }, decision)).toBe(wants);
});

it('other rules, toolsets, decisions, tools and callers are other wants', () => {
  const [book, rules] = [new WantsBook(), rule(['principal'])];
  const wants = book.of(rules, call, decision);
  const asked = { limits: [{ most: 1, unit: 'calls' as const, everyMs: 1000 }] };
  const other = { ...decision, obligations: { ...decision.obligations, ...asked }, determining: ['p'] } as Decision;
  expect(book.of(rules, call, other)).toHaveLength(2);
  expect(book.of(rules, call, decision)).toHaveLength(1);
  expect(book.of(rule(['tool']), call, decision)[0]?.measure.whose).toBe('tool:default/look');
  expect(book.of(rules, { ...call, toolsets: ['a'] }, decision)).not.toBe(wants);
  const somebody = { ...call, principal: { ...call.principal, sub: 'b' } } as JudgedCall;
  expect(book.of(rules, somebody, decision)[0]?.measure.whose).toBe('agent:b');
});

it('an address is the call’s: what counts by it is worked out for each', () => {
  const [book, rules] = [new WantsBook(), rule(['address'])];
  const from = (address: string) => book.of(rules, { ...call, peer: { address } }, decision);
  expect(from('192.0.2.1')[0]?.measure.whose).toBe('address:192.0.2.1');
  expect(from('192.0.2.2')[0]?.measure.whose).toBe('address:192.0.2.2');
});
