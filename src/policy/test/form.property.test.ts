/** Forms become Cedar and come back, whatever they say. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EVERYWHERE, POLICY_ACTIONS, policyForm, WEEKDAYS, type PolicyForm } from '#contract';
import { readRules } from '#policy';
import { compileForm, formOf, qualified } from '../form/index.ts';
import { evaluator, policy } from './policies.fixture.ts';

/** Texts that look like what stands around them. */
const nasty = fc.constantFrom(
  ...[
    'a',
    'é',
    '"',
    '\\',
    '" || true || "',
    '])',
    ' && ',
    ' || resource.tags.containsAny(["a"])',
    '// no',
    '{ }',
    ' ',
    '*',
  ],
  ...['Role::"user"', '🔑', "'", '0', 'when { }', '/', '#'],
);
const text = fc.array(nasty, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(''));
const some = <Item>(item: fc.Arbitrary<Item>, maxLength = 3) => fc.uniqueArray(item, { minLength: 1, maxLength });
const name = fc.oneof(
  text.map((one) => `ns/${one}`),
  fc.constantFrom('one/pay', 'one/desk'),
);
const minute = fc.integer({ min: 0, max: 24 * 60 });
const clock = (minutes: number): string =>
  `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
const hours = fc
  .tuple(minute, minute, fc.boolean())
  .map(([from, until, whole]): readonly [number, number] =>
    whole ? [from - (from % 60), until - (until % 60)] : [from, until],
  )
  .filter(([from, until]) => from < 24 * 60 && until > 0 && from !== until)
  .map(([from, until]) => `${clock(from)}-${clock(until)}`);
const whole = fc.integer({ min: -1_000_000, max: 1_000_000 });
const decimal = whole.map((value) => value / 10_000).filter((value) => !Object.is(value, -0));
const range = (number: fc.Arbitrary<number>, type: 'integer' | 'float') =>
  fc.tuple(number, number, fc.constantFrom('both', 'min', 'max')).map(([a, b, which]) => ({
    type,
    ...(which !== 'max' && { min: Math.min(a, b) }),
    ...(which !== 'min' && { max: Math.max(a, b) }),
  }));
const parameter = fc.oneof(
  range(whole, 'integer'),
  range(decimal, 'float'),
  fc.record({ oneOf: fc.oneof(some(text), some(whole), fc.tuple(fc.boolean())) }),
  fc.record({ like: text }),
);
const word = fc.stringMatching(/^[a-z.]{1,8}$/);

const form: fc.Arbitrary<PolicyForm> = fc
  .record(
    {
      effect: fc.constantFrom('permit', 'permit', 'forbid'),
      overridable: fc.constant(true),
      actions: some(fc.constantFrom(...POLICY_ACTIONS), 4),
      roles: some(text),
      groups: some(name),
      users: some(text),
      agents: some(text),
      everybody: fc.constant(true),
      tools: some(name),
      toolsets: some(name),
      sources: some(name),
      servers: some(name),
      tags: some(text),
      days: some(fc.constantFrom(...WEEKDAYS), 7),
      hours: some(hours),
      timeZone: fc.constantFrom('Europe/Zurich', 'UTC', 'Etc/GMT+5'),
      addresses: some(fc.constantFrom('10.0.0.0/8', '192.0.2.1', '2001:db8::/32')),
      countries: some(fc.constantFrom('CH', 'DE')),
      parameters: fc.dictionary(fc.oneof(text, fc.constantFrom('amount', 'if', 'city')), parameter, {
        minKeys: 1,
        maxKeys: 3,
      }),
      validFrom: fc.constant('2027-01-01T00:00:00Z'),
      validUntil: fc.constant('2027-02-01T00:00+01:00'),
      requireApproval: fc.constantFrom(true as const, 'group:one/desk', 'role:admin'),
      duration: fc.constant('15m'),
      scopes: some(word),
      mask: some(word),
      limits: some(fc.constantFrom('100 calls per 1h', '5 at once', '9 rows per 1d')),
    },
    { requiredKeys: ['effect'] },
  )
  .map((fields) => (fields.effect === 'permit' ? without(fields, 'overridable') : without(fields, ...FOR_PERMITS)))
  .map((fields) => ('everybody' in fields ? without(fields, 'roles', 'groups', 'users', 'agents') : fields))
  .map((fields) => policyForm.safeParse(fields))
  .filter((parsed) => parsed.success)
  .map(({ data }) => {
    const kept = qualified(data, { namespace: 'one', tools: [] });
    if (!kept.ok) throw new Error(kept.error);
    return kept.value;
  });

const FOR_PERMITS = ['requireApproval', 'duration', 'scopes', 'mask', 'limits', 'everybody'];
const without = (fields: object, ...names: readonly string[]): object =>
  Object.fromEntries(Object.entries(fields).filter(([field]) => !names.includes(field)));

test('a form is found again in its Cedar, which is one rule that Cedar takes', () => {
  let cases = 0;
  const seen = new Set<string>();
  fc.assert(
    fc.property(form, (given) => {
      const cedar = compileForm(given);
      expect(formOf(cedar)).toEqual(given);
      for (const field of Object.keys(given)) seen.add(field);
      if (cases++ % 5 > 0) return;
      const rules = readRules(evaluator.cedar, policy(cedar, { namespace: EVERYWHERE }));
      if (!rules.ok) throw new Error(`${cedar}\n${JSON.stringify(rules.error)}`);
      expect(rules.value.map(({ effect }) => effect)).toEqual([given.effect]);
    }),
    { numRuns: 1500 },
  );
  expect(cases).toBeGreaterThanOrEqual(1500);
  // Every field was said at some time, or the cases show nothing of it.
  expect(seen.size).toBe(Object.keys(policyForm.shape).length);
}, 120_000);

test('a text that is other in one character has no form, or its own', () => {
  fc.assert(
    fc.property(form, fc.nat(), fc.constantFrom('', ' ', '//', '9', '"', '\n'), (given, place, put) => {
      const cedar = compileForm(given);
      const at = place % cedar.length;
      const other = `${cedar.slice(0, at)}${put}${cedar.slice(at + 1)}`;
      const found = formOf(other);
      if (found !== undefined) expect(compileForm(found)).toBe(other);
      if (other !== cedar) expect(found).not.toEqual(given);
    }),
    { numRuns: 1000 },
  );
}, 120_000);
