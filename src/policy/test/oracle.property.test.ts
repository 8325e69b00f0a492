/** Decisions against the oracle of `reference.ts`, which knows nothing of Cedar, selections or memory. */
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { Evaluator, loadCedar, PolicySet, type Decision, type PolicySource } from '#policy';
import { request, rules, sourceOf } from './generated.fixture.ts';
import { decide } from './reference.ts';

let evaluator: Evaluator;
beforeAll(async () => {
  evaluator = new Evaluator(await loadCedar());
});

function setOf(sources: readonly PolicySource[]): PolicySet {
  const set = PolicySet.of(evaluator, sources);
  if (!set.ok) throw new Error(JSON.stringify(set.error));
  return set.value;
}

const verdictOf = ({ allowed, because, determining, overridden, obligations }: Decision) => ({
  ...{ allowed, because, determining, overridden },
  masks: obligations.masks,
});

test('ten thousand decisions are those of the oracle, asked twice so that the second is remembered', () => {
  let cases = 0;
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(rules, fc.array(request, { minLength: 10, maxLength: 14 }), (all, asked) => {
      const set = setOf(all.map(sourceOf));
      for (const { request: one, reference } of [...asked, ...asked]) {
        const verdict = verdictOf(set.decide(one));
        expect(verdict).toEqual(decide(all, reference));
        cases++;
        seen.set(verdict.because, (seen.get(verdict.because) ?? 0) + 1);
      }
    }),
    { numRuns: 500 },
  );
  expect(cases).toBeGreaterThanOrEqual(10_000);
  // All that can come out does, or the cases show nothing.
  for (const because of ['permit', 'forbid', 'nothing', 'error']) expect(seen.get(because) ?? 0).toBeGreaterThan(200);
}, 300_000);

test('neither order nor policies about something else change a verdict, nor which policies made it', () => {
  const irrelevant = 'forbid(principal == User::"nobody", action, resource);';
  fc.assert(
    fc.property(rules, request, fc.infiniteStream(fc.nat()), (all, { request: one }, numbers) => {
      const sources = all.map(sourceOf);
      const before = setOf(sources).decide(one);
      const shuffled = sources
        .map((source) => ({ source, at: numbers.next().value as number }))
        .toSorted((a, b) => a.at - b.at)
        .map(({ source }) => source);
      const after = setOf(shuffled);
      expect(verdictOf(after.decide(one))).toEqual(verdictOf(before));
      expect(after.version).toBe(before.version);
      const more = { id: '*/else', namespace: '*', priority: 100, cedar: irrelevant };
      expect(verdictOf(setOf([more, ...shuffled]).decide(one))).toEqual(verdictOf(before));
    }),
    { numRuns: 200 },
  );
}, 300_000);

test('a policy twice under two names decides as once, and both are named', () => {
  fc.assert(
    fc.property(rules, request, (all, { request: one }) => {
      const sources = all.map(sourceOf);
      const twice = [...sources, ...sources.map((source) => ({ ...source, id: `${source.id}-again` }))];
      const [once, double] = [setOf(sources).decide(one), setOf(twice).decide(one)];
      expect([double.allowed, double.because, double.obligations]).toEqual([
        once.allowed,
        once.because,
        once.obligations,
      ]);
      expect(double.determining).toEqual(once.determining.flatMap((id) => [id, `${id}-again`]).toSorted());
    }),
    { numRuns: 100 },
  );
}, 300_000);

test('what a list shows is what some arguments allow, and it hides nothing that a call allows', () => {
  fc.assert(
    fc.property(rules, request, (all, { request: one }) => {
      const set = setOf(all.map(sourceOf));
      if (set.decide(one).allowed) expect(set.mayEver(one)).toBe(true);
    }),
    { numRuns: 500 },
  );
}, 300_000);
