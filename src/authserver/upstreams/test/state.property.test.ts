import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dialects } from '../../../../test/databases.ts';
import { startCompanyIdp } from '../../../../test/company-idp.ts';
import { callbackOf, companyOf, finish, startFederation, verdict, visit } from '../../test/federation.fixture.ts';

/** Who brings a state back: how many at once, from which browser, at which of the processes, before or after a restart. */
const arrival = fc.record({
  atOnce: fc.integer({ min: 1, max: 4 }),
  at: fc.constantFrom(0 as const, 1 as const),
  from: fc.oneof(
    { weight: 3, arbitrary: fc.constant('the browser that began' as const) },
    { weight: 1, arbitrary: fc.constant('another browser' as const) },
  ),
});

test.each(dialects)(
  'on %s: a state works at most once, however often it comes back, whoever brings it, at whichever process',
  async (dialect) => {
    const idp = await startCompanyIdp({ redirectUris: [callbackOf('company')] });
    idp.accounts.set('ana', { name: 'Ana Ruiz', preferred_username: 'ana' });
    const first = await startFederation(dialect, () => [companyOf(idp)]);
    const processes = [first, await first.beside()] as const;
    await fc.assert(
      fc.asyncProperty(fc.array(arrival, { minLength: 1, maxLength: 4 }), async (arrivals) => {
        const returned = await visit(first.legs);
        const ends: string[] = [];
        let usedUp = false;
        for (const { atOnce, at, from } of arrivals) {
          const cookies = from === 'another browser' ? '' : returned.cookies;
          const these = await Promise.all(
            Array.from({ length: atOnce }, (_, one) =>
              verdict(finish(processes[(at + one) % 2 === 0 ? 0 : 1], { ...returned, cookies })),
            ),
          );
          const good = these.filter((end) => end === 'ok').length;
          // The first who brings it has it, and uses it up whether it does them any good or not.
          expect(good).toBe(usedUp || from === 'another browser' ? 0 : 1);
          usedUp = true;
          ends.push(...these);
        }
        for (const end of ends) expect(['ok', 'LEG_UNKNOWN', 'LEG_OTHER_BROWSER']).toContain(end);
      }),
      { numRuns: dialect === 'sqlite' ? 20 : 10, endOnFailure: true },
    );
  },
  120_000,
);
