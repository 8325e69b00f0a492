import fc from 'fast-check';
import { expect, test } from 'vitest';
import { operator } from '#identity';
import { ChatelaineError, silentLogger } from '#kernel';
import { KEY_TIMES, KeyRotation, SigningKeys } from '../keys/index.ts';
import { startProcess } from './authserver.fixture.ts';

const { cacheMs, longestTokenMs } = KEY_TIMES;
const by = operator();

/**
 * The promise of a rotation, whatever the order of its steps: who holds a key set that is no older than caches
 * hold one knows the key of every new token, and no token of a key that was not given up at once is refused
 * before it expires.
 */
test('whatever the order of steps and pauses: every token verifies until it expires, and its key was published before it signed', async () => {
  const { frame, vault, clock, database } = await startProcess('sqlite');
  const parts = { frame, envelope: vault.envelope, log: silentLogger };
  const [keys, rotation] = [new SigningKeys(parts), new KeyRotation(parts)];
  const steps = {
    prepare: () => rotation.prepare(by),
    activate: () => rotation.activate(by),
    back: async () => {
      const { keys: all } = await rotation.status(by);
      const former = all.find(({ state, signs }) => state === 'active' && !signs);
      if (former !== undefined) await rotation.activate(by, { kid: former.kid });
    },
    retire: () => rotation.retire(by),
  };
  const seen = new Map<string, number>();
  const first = (await keys.signer()).kid;
  let tokens: { readonly kid: string; readonly expiresAt: number }[] = [];

  async function look(): Promise<void> {
    const now = clock.now();
    const { signer, jwks } = await keys.current();
    for (const { kid } of jwks.keys) if (!seen.has(kid)) seen.set(kid, now);
    if (signer.kid !== first) expect(now - (seen.get(signer.kid) as number)).toBeGreaterThanOrEqual(cacheMs);
    tokens = [
      ...tokens.filter(({ expiresAt }) => expiresAt > now),
      { kid: signer.kid, expiresAt: now + longestTokenMs },
    ];
    const published = new Set(jwks.keys.map(({ kid }) => kid));
    expect(tokens.filter(({ kid }) => !published.has(kid))).toEqual([]);
    const { length } = await database.db.selectFrom('signing_keys').select('kid').where('signs', '=', 1).execute();
    expect(length).toBe(1);
  }

  const step = fc.oneof(
    fc.constantFrom(...(Object.keys(steps) as (keyof typeof steps)[])),
    fc.integer({ min: 1, max: 3 * cacheMs }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (sequence) => {
      for (const one of sequence) {
        if (typeof one === 'number') clock.advance(one);
        else {
          await steps[one]().catch((error: unknown) => {
            // Refused is refused; nothing else may go wrong.
            if (!(error instanceof ChatelaineError) || !error.code.startsWith('SIGNING_KEY_')) throw error;
          });
        }
        await look();
      }
    }),
    { numRuns: 25, endOnFailure: true },
  );
  expect(seen.size).toBeGreaterThan(3);
}, 120_000);
