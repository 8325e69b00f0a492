/**
 * Whoever calls through the gateway acts as themselves at each server behind it, and is told nothing of others
 * (invariants 1 and 26): searched for with random sign-ins, accounts, calls and faults of servers at a real gateway
 * whose callers sign in elsewhere; and the search finds holes that are planted.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { GrantSource } from '#contract';
import { reveal } from '#kernel';
import { happenings, letIn, tried } from './caller-isolation.commands.ts';
import { CallerWorld } from './caller-isolation.fixture.ts';
import type { Hole } from './caller-isolation.gateway.fixture.ts';
import { CallerModel, SERVER_NAMES } from './caller-isolation.model.ts';

function everybodyIsThemselves(world: CallerWorld) {
  return fc.asyncProperty(happenings, async (commands) => {
    const model = new CallerModel();
    await world.reset(model);
    for (const person of [0, 1]) await letIn(person, model, world);
    await fc.asyncModelRun(() => ({ model, real: world }), commands);
  });
}

test(
  'nobody acts as another at a server behind, nor hears of another (invariants 1 and 26) (INT-020)',
  { timeout: 1_800_000 },
  async () => {
    const numRuns = Number(process.env['CHATELAINE_MODEL_RUNS'] ?? 8);
    await fc.assert(everybodyIsThemselves(new CallerWorld()), { numRuns });
    const served = SERVER_NAMES.map((name) => `${name}: served, served`);
    const refused = ['alpha: refused, nothing', 'beta: refused, nothing', 'gamma: refused, nothing'];
    expect([...tried.keys()]).toEqual(expect.arrayContaining([...served, ...refused, 'listed', 'not offered']));
  },
);

type Request = Parameters<GrantSource['upstreamToken']>[0];
/** A cache that asks once for each key. */
const cachedBy = (keyOf: (request: Request) => string): Hole => ({
  grants(source) {
    const kept = new Map<string, Awaited<ReturnType<GrantSource['upstreamToken']>>>();
    return {
      async upstreamToken(request) {
        const known = kept.get(keyOf(request));
        if (known !== undefined) return known;
        const answer = await source.upstreamToken(request);
        if (answer.ok) kept.set(keyOf(request), answer);
        return answer;
      },
    };
  },
});

const HOLES: Readonly<Record<string, Hole>> = {
  'a cache of tokens whose key has no sign-in': cachedBy(({ owner, upstream }) => `${owner} ${upstream}`),
  'a cache of tokens whose key has no upstream': cachedBy(({ subjectToken }) => reveal(subjectToken)),
  'a cache of tokens that outlives the sign-in': cachedBy(
    ({ subjectToken, upstream }) => `${reveal(subjectToken)} ${upstream}`,
  ),
  'callers that share connections and lists': {
    principal: (principal) => ({ ...principal, sub: 'somebody', ...(principal.tsid && { tsid: 'some' }) }),
  },
  'sign-ins of one person that share connections': {
    principal: (principal) => ({ ...principal, ...(principal.tsid && { tsid: 'theirs' }) }),
  },
};

test('the search finds each planted hole', { timeout: 600_000 }, async () => {
  const world = new CallerWorld();
  const found: Record<string, unknown> = {};
  for (const [name, hole] of Object.entries(HOLES)) {
    await world.plant(hole);
    const search = await fc.check(everybodyIsThemselves(world), { numRuns: 100, endOnFailure: true, seed: 7 });
    found[name] = (search.errorInstance as Error | null)?.name;
  }
  expect(found).toEqual(Object.fromEntries(Object.keys(HOLES).map((name) => [name, 'AssertionError'])));
});
