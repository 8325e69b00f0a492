import { describe, expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '#db';
import { silentLogger, systemClock } from '#kernel';
import { countersSchemaOf } from './counters.fixture.ts';
import { emptyPlace, dialects } from '../../../../test/databases.ts';
import { redisMissing, startRedis } from '../../../../test/redis.ts';
import { DatabaseCounters } from '../counters/database-counters.ts';
import { MemoryCounters } from '../counters/memory-counters.ts';
import { openRedisCounters } from '../counters/redis-counters.ts';
import { keptFor, LEASE_MS, LEAST_KEPT_MS, type Ask } from '../counters/settle.ts';
import type { Counters } from '../counters/counters.ts';

const NOW = Date.now();
const ENDS = NOW + 3_600_000;

const ask = (over: Partial<Ask> = {}): Ask => ({
  ...{ key: 'a|calls/1|x|1', most: 100, endsAt: ENDS, unused: 0, charge: 0, need: 0, spare: 0, keep: 0 },
  ...over,
});

async function onDatabase(dialect: (typeof dialects)[number]): Promise<Counters> {
  const { place } = await emptyPlace(dialect);
  const database = await openDatabase({ ...place, clock: systemClock });
  onTestFinished(() => database.close());
  return new DatabaseCounters(database);
}

async function onRedis(): Promise<Counters> {
  const server = await startRedis();
  onTestFinished(() => server.stop());
  const counters = await openRedisCounters(countersSchemaOf(server.port), silentLogger);
  onTestFinished(() => counters.close());
  return counters;
}

const places: readonly [string, () => Promise<Counters>, string | undefined][] = [
  ['memory', async () => new MemoryCounters(), undefined],
  ...dialects.map((dialect) => [dialect, () => onDatabase(dialect), undefined] as const),
  ['redis', onRedis, redisMissing],
] as never;

describe.each(places)(
  `counters in %s${redisMissing === undefined ? '' : ` (without redis: ${redisMissing})`}`,
  (_, open, missing) => {
    // Redis is no package of npm: where it is missing the title above says why, and `.ci/run` installs it.
    const one = async (counters: Counters, asked: Ask, holder = 'a', now = NOW) =>
      (await counters.settle([asked], holder, now))[0];

    it.skipIf(missing !== undefined)('grant what is needed and a part of what is left, and never more', async () => {
      const counters = await open();
      expect(await one(counters, ask({ need: 1, spare: 50 }))).toEqual({ granted: 13, taken: 13, elsewhere: 0 });
      expect(await one(counters, ask({ need: 80 }), 'b')).toEqual({ granted: 80, taken: 93, elsewhere: 13 });
      expect(await one(counters, ask({ need: 20, spare: 20 }), 'b')).toEqual({ granted: 7, taken: 100, elsewhere: 13 });
      expect(await one(counters, ask({ need: 1 }), 'b')).toMatchObject({ granted: 0, taken: 100 });
    });

    it.skipIf(missing !== undefined)('take back what was not used, and nothing twice', async () => {
      const counters = await open();
      await one(counters, ask({ need: 10 }));
      expect(await one(counters, ask({ unused: 9 }))).toEqual({ granted: 0, taken: 1, elsewhere: 0 });
      expect(await one(counters, ask({ need: 100 }), 'b')).toEqual({ granted: 99, taken: 100, elsewhere: 0 });
    });

    it.skipIf(missing !== undefined)(
      'count a block that nobody gave back as used, and wait for it no longer',
      async () => {
        const counters = await open();
        await one(counters, ask({ need: 30 }));
        const later = NOW + LEASE_MS.overTime + LEAST_KEPT_MS + 1;
        expect(await one(counters, ask({ need: 100 }), 'b', later)).toEqual({ granted: 70, taken: 100, elsewhere: 0 });
      },
    );

    it.skipIf(missing !== undefined)(
      'wait longer for a block that may be kept longer, since the limit is far',
      async () => {
        const counters = await open();
        const far = ask({ most: 1_000_030, keep: 60_000 });
        await one(counters, { ...far, need: 30 });
        const kept = NOW + LEASE_MS.overTime + keptFor(1_000_000, 60_000);
        expect(kept).toBe(NOW + LEASE_MS.overTime + 10_000);
        expect(await one(counters, far, 'b', kept - 1)).toMatchObject({ taken: 30, elsewhere: 30 });
        expect(await one(counters, far, 'b', kept + 1)).toMatchObject({ taken: 30, elsewhere: 0 });
      },
    );

    it.skipIf(missing !== undefined)('give the place of a call back when its process is silent', async () => {
      const counters = await open();
      const running = ask({ key: 'a|at once|x|now', most: 5, endsAt: undefined });
      expect(await one(counters, { ...running, need: 4 })).toEqual({ granted: 4, taken: 4, elsewhere: 0 });
      expect(await one(counters, { ...running, need: 2 }, 'b')).toEqual({ granted: 1, taken: 5, elsewhere: 4 });
      expect(await one(counters, { ...running, need: 1 })).toEqual({ granted: 1, taken: 2, elsewhere: 1 });
      const later = NOW + LEASE_MS.atOnce + 1;
      expect(await one(counters, { ...running, need: 5 }, 'c', later)).toEqual({ granted: 5, taken: 5, elsewhere: 0 });
    });

    it.skipIf(missing !== undefined)('charge what is known afterwards beyond the limit', async () => {
      const counters = await open();
      expect(await one(counters, ask({ charge: 60 }))).toMatchObject({ taken: 60 });
      expect(await one(counters, ask({ charge: 70 }), 'b')).toMatchObject({ taken: 130, granted: 0 });
      expect(await one(counters, ask({ need: 1 }))).toMatchObject({ taken: 130, granted: 0 });
    });

    it.skipIf(missing !== undefined)('are exact where many ask at once', async () => {
      const counters = await open();
      const answers = await Promise.all(
        Array.from({ length: 60 }, (_, at) => one(counters, ask({ need: 3 }), `holder-${at % 6}`)),
      );
      expect(answers.reduce((sum, answer) => sum + (answer?.granted ?? 0), 0)).toBe(100);
      expect(Math.max(...answers.map((answer) => answer?.taken ?? 0))).toBe(100);
    });

    it.skipIf(missing !== undefined)('answer many keys in the order of the asks, and show them by prefix', async () => {
      const counters = await open();
      const asks = ['c', 'a', 'b'].map((name, at) => ask({ key: `limit|${name}`, need: at + 1 }));
      expect((await counters.settle(asks, 'a', NOW)).map(({ granted }) => granted)).toEqual([1, 2, 3]);
      await counters.settle([ask({ key: 'other|x', need: 1 })], 'a', NOW);
      const seen = await counters.seen('limit|', NOW, 10);
      expect(seen.map(({ key, taken }) => [key, taken])).toEqual([
        ['limit|b', 3],
        ['limit|a', 2],
        ['limit|c', 1],
      ]);
      expect(Math.abs((seen[0]?.endsAt ?? 0) - ENDS)).toBeLessThan(5000);
    });

    it.skipIf(missing !== undefined)('keep sums of fifteen digits', async () => {
      const counters = await open();
      const huge = ask({ most: 999_999_999_999_999 });
      expect(await one(counters, { ...huge, charge: 999_999_999_999_998 })).toMatchObject({
        taken: 999_999_999_999_998,
      });
      expect(await one(counters, { ...huge, need: 2 })).toMatchObject({ granted: 1, taken: 999_999_999_999_999 });
    });
  },
);
