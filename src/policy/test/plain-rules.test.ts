/** Rules decided without Cedar: the same as with it, and what a new installation begins with is of them. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PolicySet, readRules, STARTER_POLICIES, type Decision, type PolicySource } from '#policy';
import { isPlain, plainRules } from '../decide/plain-rules.ts';
import { readPolicy } from '../decide/policy-set.ts';
import { starterRules } from '../starter-rules.ts';
import { request, rules, sourceOf } from './generated.fixture.ts';
import { decide } from './reference.ts';
import { evaluator, policy, requestWith, setOf } from './policies.fixture.ts';

function rulesOf(source: PolicySource) {
  const read = readRules(evaluator.cedar, source);
  if (!read.ok) throw new Error(JSON.stringify(read.error));
  return read.value;
}

const plainSetOf = (sources: readonly PolicySource[]): PolicySet =>
  PolicySet.ofRead(
    plainRules,
    sources.map((source) => readPolicy(source, rulesOf(source))),
  );

const verdictOf = ({ allowed, because, determining, overridden, obligations }: Decision) => ({
  ...{ allowed, because, determining, overridden },
  masks: obligations.masks,
});

test.each(STARTER_POLICIES)('what Cedar makes of $id is known without it', (source) => {
  expect(starterRules(source)).toEqual(rulesOf(source));
  expect(rulesOf(source).every(isPlain)).toBe(true);
});

test('a starter policy of which a character was changed is read by Cedar', () => {
  for (const source of STARTER_POLICIES)
    expect(starterRules({ ...source, cedar: source.cedar.replace('Role::"admin"', 'Role::"auditor"') })).toBe(
      undefined,
    );
});

test('decisions by plain rules are those of the oracle', () => {
  let cases = 0;
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(rules, fc.array(request, { minLength: 10, maxLength: 14 }), (all, asked) => {
      const plain = all.filter((one) => rulesOf(sourceOf(one)).every(isPlain));
      const set = plainSetOf(plain.map(sourceOf));
      for (const { request: one, reference } of asked) {
        const verdict = verdictOf(set.decide(one));
        expect(verdict).toEqual(decide(plain, reference));
        seen.set(verdict.because, (seen.get(verdict.because) ?? 0) + 1);
        cases++;
      }
    }),
    { numRuns: 300 },
  );
  expect(cases).toBeGreaterThanOrEqual(3000);
  for (const because of ['permit', 'forbid', 'nothing']) expect(seen.get(because) ?? 0).toBeGreaterThan(30);
}, 300_000);

test.each([
  ['resource.origin == "declared"'],
  ['"declared" == resource.origin'],
  ['resource.origin != "registered"'],
  ['resource.tags == "finance"'],
  ['resource.tags != "finance"'],
  ['resource.readOnly'],
  ['!resource.readOnly && resource.destructive'],
  ['resource.readOnly || resource.name == "pay"'],
  ['false && resource.nothing == "x"'],
  ['true || resource.nothing == "x"'],
  ['resource.nothing == "x"'],
  ['resource.nothing == "x" || true'],
  ['resource.name'],
  ['!resource.name'],
  ['resource.name && true'],
  ['true && resource.name'],
  ['principal.name == "Alice"'],
])('`%s` is plain, and matches or errs as in Cedar', (condition) => {
  for (const kind of ['when', 'unless']) {
    const source = policy(`permit (principal, action, resource) ${kind} { ${condition} };`);
    expect(rulesOf(source).every(isPlain)).toBe(true);
    const [ours, cedars] = [plainSetOf([source]), setOf(source)].map((set) => set.decide(requestWith()));
    expect({ ...ours, errors: ours?.errors.map(({ rule }) => rule) }).toEqual({
      ...cedars,
      errors: cedars?.errors.map(({ rule }) => rule),
    });
  }
});

test.each([
  ['context.mfa'],
  ['principal == User::"alice"'],
  ['resource in Toolset::"one/money"'],
  ['resource.tags == resource.scopes'],
  ['resource.tags.contains("finance")'],
  ['resource has origin'],
  ['resource.name like "p*"'],
  ['resource.name == 1'],
  ['if true then true else false'],
])('`%s` is left to Cedar', (condition) => {
  expect(rulesOf(policy(`permit (principal, action, resource) when { ${condition} };`)).every(isPlain)).toBe(false);
});
