import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dialects } from '../../../../test/databases.ts';
import { startDesk } from './approvals.fixture.ts';

describe.each(dialects)('on %s', (dialect) => {
  test('of many who come at once with one grant, at two processes, one is let through', async () => {
    const desk = await startDesk(dialect);
    const other = await desk.beside();
    const [ann, claude] = [await desk.person('ann'), await desk.agent('claude')];
    for (let round = 1; round <= 5; round++) {
      const args = { amount: round };
      const asked = await desk.claim(claude, args);
      expect(await desk.approve(ann, asked.id)).toBe('done');
      const claims = await Promise.all(
        Array.from({ length: 12 }, (_, at) => (at % 2 === 0 ? desk : other).claim(claude, args)),
      );
      expect(claims.filter(({ outcome }) => outcome === 'let through')).toHaveLength(1);
      // All others are told of one new request, and no two.
      expect(new Set(claims.map(({ id }) => id).filter((id) => id !== '')).size).toBe(1);
    }
  });

  test('however claims, answers and time come, nothing is let through more often than it was granted', async () => {
    const desk = await startDesk(dialect, { settings: { mostPending: 1000 } });
    const other = await desk.beside();
    const [ann, claude] = [await desk.person('ann'), await desk.agent('claude')];
    let series = 0;
    const act = fc.constantFrom('claim here', 'claim there', 'approve', 'refuse', 'wait', 'wait long');
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 12 }), async (acts) => {
        const args = { series: ++series };
        let [granted, through, id] = [0, 0, ''];
        for (const one of acts) {
          const person = { ...ann, authTime: desk.clock.now() };
          if (one === 'wait') desk.clock.advance(60_000);
          else if (one === 'wait long') desk.clock.advance(20 * 60_000);
          else if (one === 'approve') granted += (await desk.approve(person, id)) === 'done' ? 1 : 0;
          else if (one === 'refuse') await other.refuse(person, id);
          else {
            const claimed = await (one === 'claim here' ? desk : other).claim(claude, args);
            if (claimed.outcome === 'let through') through++;
            else id = claimed.id;
          }
        }
        expect(through).toBeLessThanOrEqual(granted);
      }),
      { numRuns: 40 },
    );
  });
});
