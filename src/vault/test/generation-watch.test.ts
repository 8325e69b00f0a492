import { expect, test } from 'vitest';
import { GenerationWatch } from '../secrets/generation-watch.ts';

test('a generation that was seen before the look is the least that may be read', async () => {
  const watch = new GenerationWatch();
  watch.note('a', 7);
  expect(await watch.looking(async (look) => [look.note('a', 6), look.note('a', 7), look.note('a', 9)])).toEqual([
    false,
    true,
    true,
  ]);
  expect(await watch.looking(async (look) => look.note('a', 8))).toBe(false);
});

test('changes committed during a look, however many, make nothing that it reads a rollback', async () => {
  const watch = new GenerationWatch();
  watch.note('a', 3);
  const verdicts = await watch.looking(async (look) => {
    for (const committed of [4, 5, 6]) watch.note('a', committed);
    return [look.note('a', 3), look.note('a', 5), look.note('a', 2)];
  });
  expect(verdicts).toEqual([true, true, false]);
  expect(await watch.looking(async (look) => look.note('a', 5))).toBe(false);
});
