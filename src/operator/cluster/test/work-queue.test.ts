/** In which order and how often a queue gives out its keys: in simulated time. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { silentLogger } from '#kernel';
import { clusterError } from '../errors.ts';
import { backoffMs, jitteredMs } from '../backoff.ts';
import { TokenBucket, WorkQueue, type Work, type WorkQueueOptions } from '../queue/index.ts';
import { SimulatedTime } from './simulated-time.fixture.ts';

function startQueue(work: Work, given: Partial<WorkQueueOptions> = {}) {
  const time = new SimulatedTime();
  const stop = new AbortController();
  const retried: string[] = [];
  const queue = new WorkQueue({
    ...{ name: 'test', work, workers: 2, clock: time, timers: time, log: silentLogger },
    ...given,
  });
  return { time, stop, queue, retried, ended: queue.run(stop.signal) };
}

/** Work that takes so long, and says when it began and ended. */
function timed(time: () => SimulatedTime, ms: number) {
  const seen: string[] = [];
  const work: Work = (key) => {
    seen.push(`${time().now()} ${key}`);
    return new Promise((resolve) => time().after(ms, () => resolve(undefined)));
  };
  return { seen, work };
}

describe('the pause after failures', () => {
  it('is 5 ms, doubles, and is never more than 5 minutes', () => {
    const backoff = { firstMs: 5, mostMs: 300_000 };
    expect([1, 2, 3, 10, 16, 17, 5000].map((failures) => backoffMs(backoff, failures))).toStrictEqual([
      5, 10, 20, 2560, 163_840, 300_000, 300_000,
    ]);
  });

  it('with jitter is between once and twice that, within the most', () => {
    const backoff = { firstMs: 800, mostMs: 30_000 };
    const random = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), random, (failures, chance) => {
        const [plain, jittered] = [backoffMs(backoff, failures), jitteredMs(backoff, failures, chance)];
        expect(jittered >= plain && jittered <= Math.min(30_000, 2 * plain)).toBe(true);
      }),
    );
  });
});

describe('a token bucket', () => {
  it('never gives more than its burst and its rate together, however it is asked', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 200 }), (gaps) => {
        const bucket = new TokenBucket({ perSecond: 10, burst: 3 }, 0);
        let [now, given] = [0, 0];
        for (const gap of gaps) {
          now += gap;
          if (bucket.take(now) === 0) given++;
          expect(given).toBeLessThanOrEqual(3 + now / 100 + 1e-6);
        }
      }),
    );
  });

  it('says when there is one again', () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 1 }, 0);
    expect([bucket.take(0), bucket.take(0), bucket.take(60), bucket.take(100)]).toStrictEqual([0, 100, 40, 0]);
  });
});

describe('a queue', () => {
  it('gives a key once however often it was added, and one at a time', async () => {
    const { seen, work } = timed(() => started.time, 10);
    const started = startQueue(work, { workers: 4 });
    const { time, queue } = started;
    for (let times = 0; times < 5; times++) queue.add('a');
    await time.pass(5);
    // While it runs: once more, after that.
    queue.add('a');
    queue.add('a');
    await time.pass(100);
    expect(seen).toStrictEqual(['0 a', '10 a']);
  });

  it('has as many at work as there are workers, in the order in which they came', async () => {
    const { seen, work } = timed(() => started.time, 10);
    const started = startQueue(work);
    for (const key of ['a', 'b', 'c', 'd']) started.queue.add(key);
    expect(started.queue.depth).toBe(2);
    await started.time.pass(100);
    expect(seen).toStrictEqual(['0 a', '0 b', '10 c', '10 d']);
  });

  it('comes back to a key that fails later each time, from the beginning after a success, and to others meanwhile', async () => {
    const seen: string[] = [];
    let fails = true;
    const started = startQueue(
      async (key) => {
        seen.push(`${started.time.now()} ${key}`);
        if (key === 'bad' && fails) throw new Error('not yet');
      },
      { workers: 1 },
    );
    const { time, queue } = started;
    queue.add('bad');
    queue.add('good');
    await time.pass(80);
    expect(seen).toStrictEqual(['0 bad', '0 good', '5 bad', '15 bad', '35 bad', '75 bad']);
    seen.length = 0;
    fails = false;
    await time.pass(100);
    fails = true;
    queue.add('bad');
    await time.pass(6);
    expect(seen).toStrictEqual(['155 bad', '180 bad', '185 bad']);
  });

  it('waits for as long as the API server asks (Retry-After)', async () => {
    const seen: number[] = [];
    const started = startQueue(async () => {
      seen.push(started.time.now());
      throw clusterError('CLUSTER_BUSY', 'later', { details: { retryAfterSeconds: 3 } });
    });
    started.queue.add('a');
    await started.time.pass(4000);
    expect(seen).toStrictEqual([0, 3000]);
  });

  it('comes back when the work says so; of several times the earliest counts, and an addition is now', async () => {
    const seen: number[] = [];
    const started = startQueue(async () => {
      seen.push(started.time.now());
      return seen.length === 1 ? { afterMs: 1000 } : undefined;
    });
    const { time, queue } = started;
    queue.add('a');
    await time.pass(10);
    queue.addAfter('a', 5000);
    queue.addAfter('a', 500);
    await time.pass(10_000);
    queue.addAfter('a', 100);
    queue.add('a');
    await time.pass(10_000);
    expect(seen).toStrictEqual([0, 510, 10_010]);
  });

  it('starts no more than its bucket allows', async () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 2 }, 0);
    const { seen, work } = timed(() => started.time, 0);
    const started = startQueue(work, { bucket, workers: 10 });
    for (const key of ['a', 'b', 'c', 'd']) started.queue.add(key);
    await started.time.pass(1000);
    expect(seen).toStrictEqual(['0 a', '0 b', '100 c', '200 d']);
  });

  it('when it is stopped, starts nothing more and ends after what runs', async () => {
    const { seen, work } = timed(() => started.time, 50);
    const started = startQueue(work, { workers: 1 });
    const { time, queue, stop } = started;
    queue.add('a');
    queue.add('b');
    queue.addAfter('c', 10);
    await time.pass(5);
    stop.abort();
    let ended = false;
    void started.ended.then(() => (ended = true));
    await time.pass(20);
    expect(ended).toBe(false);
    await time.pass(1000);
    expect([ended, seen]).toStrictEqual([true, ['0 a']]);
  });

  it('forgets a key with all its failures', async () => {
    const seen: number[] = [];
    const started = startQueue(async () => {
      seen.push(started.time.now());
      throw new Error('never');
    });
    started.queue.add('a');
    await started.time.pass(20);
    started.queue.forget('a');
    await started.time.pass(100_000);
    expect(seen).toStrictEqual([0, 5, 15]);
  });

  it('whatever comes: no key at two workers at once, no more keys than workers, and each that was added is done after it', async () => {
    const addition = fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd', 'e'), at: fc.nat(100), fails: fc.nat(2) });
    await fc.assert(
      fc.asyncProperty(fc.array(addition, { maxLength: 30 }), fc.integer({ min: 1, max: 3 }), async (all, workers) => {
        const running = new Set<string>();
        const begun = new Map<string, number>();
        const failures = new Map<string, number>(all.map(({ key, fails }) => [key, fails]));
        const started = startQueue(
          async (key) => {
            expect(running.has(key)).toBe(false);
            running.add(key);
            expect(running.size).toBeLessThanOrEqual(workers);
            begun.set(key, started.time.now());
            await new Promise<void>((resolve) => started.time.after(7, resolve));
            running.delete(key);
            const left = failures.get(key) ?? 0;
            failures.set(key, left - 1);
            if (left > 0) throw new Error('once more');
          },
          { workers },
        );
        for (const { key, at } of all) started.time.after(at, () => started.queue.add(key));
        await started.time.pass(10_000);
        for (const { key, at } of all) expect(begun.get(key)).toBeGreaterThanOrEqual(at);
        expect([running.size, started.queue.depth]).toStrictEqual([0, 0]);
      }),
      { numRuns: 30 },
    );
  });
});
