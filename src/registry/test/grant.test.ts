import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Access, Principal } from '#contract';
import { NO_OBLIGATIONS } from '#policy';
import { grantFor, LONGEST_MS, USUAL_MS } from '../credentials/grant.ts';

const WORDS = ['read', 'execute', 'admin', 'write:cities', 'read:cities', 'other'] as const;
const NOW = 1_900_000_000_000;
const subset = fc.subarray([...WORDS]);
const accesses = fc.subarray<Access>(['read', 'execute', 'admin']);
const via: fc.Arbitrary<Principal['via']> = fc.constantFrom(
  { method: 'api-key', keyId: 'key' },
  { method: 'session', sessionId: 'session' },
  { method: 'certificate', spiffeId: 'spiffe://td.test/agent/a', serial: '01' },
);
const situation = fc.record({
  wish: fc.record({
    scopes: fc.option(subset, { nil: undefined }),
    durationMs: fc.option(fc.integer({ min: 1000, max: LONGEST_MS }), { nil: undefined }),
  }),
  caller: fc.record({
    access: accesses.map((all) => new Set(all)),
    scopes: subset.map((all) => new Set<string>(all)),
    via,
  }),
  scopesRequired: subset,
  named: fc.option(subset, { nil: undefined }),
  durationMs: fc.option(fc.integer({ min: 1000, max: 10 * LONGEST_MS }), { nil: undefined }),
  parent: fc.option(
    fc.record({
      scopes: subset.map((all) => new Set<string>(all)),
      expiresAt: fc.integer({ min: NOW + 1, max: NOW + LONGEST_MS }),
    }),
    { nil: undefined },
  ),
});

describe('a grant', () => {
  test('is never wider than what was asked for, the policy, the caller, the tool and its parent', () => {
    let granted = 0;
    fc.assert(
      fc.property(situation, ({ wish, caller, scopesRequired, named, durationMs, parent }) => {
        const obligations = { ...NO_OBLIGATIONS, scopes: named, durationMs };
        const given = grantFor(wish, caller, { scopesRequired }, { obligations, parent, now: NOW });
        if (!given.ok) return;
        granted++;
        for (const scope of given.value.scopes) {
          expect(wish.scopes === undefined || wish.scopes.includes(scope as never)).toBe(true);
          expect(named === undefined || named.includes(scope as never)).toBe(true);
          expect(parent === undefined || parent.scopes.has(scope)).toBe(true);
          const isUse = scope === 'read' || scope === 'execute';
          expect(isUse || scopesRequired.includes(scope as never)).toBe(true);
          if (isUse) expect(caller.access.has(scope)).toBe(true);
          if (scopesRequired.includes(scope as never))
            expect(caller.via.method === 'api-key' ? caller.scopes.has(scope) : named?.includes(scope as never)).toBe(
              true,
            );
        }
        const { expiresAt } = given.value;
        const most = [LONGEST_MS, wish.durationMs ?? USUAL_MS, durationMs ?? LONGEST_MS].map((ms) => NOW + ms);
        expect(expiresAt).toBeLessThanOrEqual(Math.min(...most, parent?.expiresAt ?? Infinity));
      }),
      { numRuns: 4000 },
    );
    expect(granted).toBeGreaterThan(40);
  });

  test('tells who asks for more than the parent has so, and never gives less in silence', () => {
    fc.assert(
      fc.property(situation, ({ wish, caller, scopesRequired, parent }) => {
        if (parent === undefined) return;
        const given = grantFor(wish, caller, { scopesRequired }, { obligations: NO_OBLIGATIONS, parent, now: NOW });
        const isWider =
          (wish.scopes ?? []).some((scope) => !parent.scopes.has(scope)) ||
          NOW + (wish.durationMs ?? 0) > parent.expiresAt;
        if (isWider) expect(given).toEqual({ ok: false, error: 'wider' });
      }),
    );
  });
});
