/** Who leads, over a real Lease and in simulated time: with clocks that differ, cuts, and answers that get lost. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { silentLogger, steadyClock, systemClock } from '#kernel';
import type { KubernetesObject } from '../../kubernetes-object.ts';
import { Elector, type ElectorOptions } from '../election/index.ts';
import { clusterError } from '../errors.ts';
import { LEASES } from '../resources.ts';
import { systemTimers } from '../timers.ts';
import { startCluster } from './cluster.fixture.ts';
import { SimulatedTime } from './simulated-time.fixture.ts';

const lease = { namespace: 'default', name: 'operator' };
const common = { lease, fieldManager: 'chatelaine-operator', log: silentLogger, random: () => 0.5 };
const patience = { timeout: 20_000 };
const quick = { durationMs: 1500, renewDeadlineMs: 1000, retryMs: 100 };

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

describe('leader election over an API server', () => {
  const elector = (identity: string, connection: ElectorOptions['connection']) =>
    new Elector({
      ...{ ...common, identity, connection, times: quick },
      ...{ clock: steadyClock, wallClock: systemClock, timers: systemTimers },
    });

  it('one leads; when it stops it gives the lease back, and the next leads at once', async () => {
    await using cluster = await startCluster();
    const { connection } = cluster;
    const [first, second] = [elector('one', connection), elector('two', connection)];
    const [stopFirst, stopSecond] = [new AbortController(), new AbortController()];
    const firstEnd = first.run(stopFirst.signal, untilAborted);
    await expect.poll(() => first.isLeader, patience).toBe(true);
    const secondEnd = second.run(stopSecond.signal, untilAborted);
    await expect
      .poll(async () => (await connection.get(LEASES, lease))['spec'], patience)
      .toMatchObject({
        ...{ holderIdentity: 'one', leaseTransitions: 0, leaseDurationSeconds: 2 },
      });
    expect(second.isLeader).toBe(false);
    stopFirst.abort();
    expect(await firstEnd).toBe('stopped');
    await expect.poll(() => second.isLeader, patience).toBe(true);
    expect((await connection.get(LEASES, lease))['spec']).toMatchObject({ holderIdentity: 'two', leaseTransitions: 1 });
    stopSecond.abort();
    expect(await secondEnd).toBe('stopped');
    expect((await connection.get(LEASES, lease))['spec']).toMatchObject({ holderIdentity: '' });
  });

  it('a lease that cannot be renewed ends the work, and is not given back', async () => {
    await using cluster = await startCluster();
    const { api, connection } = cluster;
    const one = elector('one', connection);
    let ended = false;
    const end = one.run(new AbortController().signal, async (leading) => {
      await untilAborted(leading);
      ended = true;
    });
    await expect.poll(() => one.isLeader, patience).toBe(true);
    api.faults.inject(() => true, { kind: 'reset-before' }, Infinity);
    expect(await end).toBe('lost');
    expect([ended, one.isLeader]).toStrictEqual([true, false]);
  });

  it.each(['taken by another', 'deleted'])('a lease that is %s ends the work with the next renewal', async (how) => {
    await using cluster = await startCluster();
    const { connection } = cluster;
    const one = elector('one', connection);
    const end = one.run(new AbortController().signal, untilAborted);
    await expect.poll(() => one.isLeader, patience).toBe(true);
    if (how === 'deleted') await connection.delete(LEASES, lease);
    else await connection.merge(LEASES, lease, { spec: { holderIdentity: 'two' } }, common);
    expect(await end).toBe('lost');
  });

  it('an answer that got lost costs nothing: the lease is ours, and goes on', async () => {
    await using cluster = await startCluster();
    const { api, connection } = cluster;
    api.faults.inject(({ method }) => method === 'POST', { kind: 'reset-after' });
    const one = elector('one', connection);
    const stop = new AbortController();
    const end = one.run(stop.signal, untilAborted);
    await expect.poll(() => one.isLeader, patience).toBe(true);
    api.faults.inject(({ method }) => method === 'PATCH', { kind: 'reset-after' });
    await expect
      .poll(() => api.requests.filter(({ method }) => method === 'PATCH').length, patience)
      .toBeGreaterThan(4);
    expect(one.isLeader).toBe(true);
    stop.abort();
    expect(await end).toBe('stopped');
  });

  it('the lease is kept while the work ends, and work that fails gives it back', async () => {
    await using cluster = await startCluster();
    const { connection } = cluster;
    const one = elector('one', connection);
    const stop = new AbortController();
    const { promise: mayEnd, resolve } = Promise.withResolvers<void>();
    const end = one.run(stop.signal, () => mayEnd);
    await expect.poll(() => one.isLeader, patience).toBe(true);
    stop.abort();
    const renewals = cluster.api.requests.length;
    await expect.poll(() => cluster.api.requests.length, patience).toBeGreaterThan(renewals + 12);
    expect(one.isLeader).toBe(true);
    resolve();
    expect(await end).toBe('stopped');
    const failing = elector('two', connection).run(new AbortController().signal, async () => {
      throw new Error('a fault of ours');
    });
    await expect(failing).rejects.toThrow('a fault of ours');
    expect((await connection.get(LEASES, lease))['spec']).toMatchObject({ holderIdentity: '' });
  });
});

/** A lease on a server that is far away: requests and answers take their time, get lost, or come when nobody waits. */
class FarLease {
  readonly #time: SimulatedTime;
  #stored: KubernetesObject | undefined;
  #version = 0;

  constructor(time: SimulatedTime) {
    this.#time = time;
  }

  /** How one sees it. `fate` says of a request what becomes of it, in real milliseconds. */
  connection(fate: () => Fate): ElectorOptions['connection'] {
    const ask = <Answer>(serve: () => Answer, signal: AbortSignal | undefined): Promise<Answer> =>
      this.#travel(serve, fate(), signal);
    return {
      find: (_, __, call) => ask(() => this.#stored, call?.signal),
      create: (_, object, { signal }) => ask(() => this.#create(object), signal),
      merge: (_, __, patch, { signal }) => ask(() => this.#merge(patch as KubernetesObject), signal),
    };
  }

  #travel<Answer>(serve: () => Answer, { there, back, lost }: Fate, signal: AbortSignal | undefined): Promise<Answer> {
    return new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      const fail = (): void => reject(clusterError('CLUSTER_UNREACHABLE', 'it got lost'));
      this.#time.after(there, () => {
        if (lost === 'request') return void this.#time.after(back, fail);
        const served = (async () => serve())();
        served.catch(() => undefined);
        return void this.#time.after(back, () => (lost === 'answer' ? fail() : resolve(served)));
      });
    });
  }

  #create(object: KubernetesObject): KubernetesObject {
    if (this.#stored !== undefined) throw clusterError('CLUSTER_ALREADY_EXISTS', 'it is there');
    return this.#store({ ...object, metadata: { ...object.metadata, uid: 'u' } });
  }

  #merge({ metadata, spec }: KubernetesObject): KubernetesObject {
    const stored = this.#stored;
    if (stored === undefined) throw clusterError('CLUSTER_NOT_FOUND', 'it is not there');
    if (metadata.resourceVersion !== stored.metadata.resourceVersion) throw clusterError('CLUSTER_CONFLICT', 'changed');
    return this.#store({ ...stored, spec });
  }

  #store(object: KubernetesObject): KubernetesObject {
    this.#version++;
    this.#stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } };
    return this.#stored;
  }
}

interface Fate {
  readonly there: number;
  readonly back: number;
  readonly lost: 'request' | 'answer' | undefined;
}

describe('leader election in simulated time', () => {
  interface Candidate {
    readonly rate: number;
    readonly offset: number;
    /** Times of real seconds in which nothing gets through. */
    readonly cuts: readonly (readonly [from: number, to: number])[];
    /** When it leaves by itself. */
    readonly leaves: number | undefined;
  }

  /** Several candidates for ten minutes. `fates` are taken in turn. */
  async function elect(candidates: readonly Candidate[], fates: readonly Fate[]) {
    const time = new SimulatedTime();
    const far = new FarLease(time);
    let turn = 0;
    const leading = new Set<number>();
    const terms: string[] = [];
    let most = 0;
    const stop = new AbortController();
    const electors = candidates.map(({ rate, offset, cuts, leaves }, at) => {
      const clock = time.as(rate, offset);
      const isCut = () => cuts.some(([from, to]) => time.now() >= from * 1000 && time.now() < to * 1000);
      const connection = far.connection(() => {
        const fate = fates[turn++ % fates.length] as Fate;
        return isCut() ? { ...fate, lost: fate.lost ?? 'answer' } : fate;
      });
      const left = new AbortController();
      if (leaves !== undefined) time.after(leaves * 1000, () => left.abort());
      const until = AbortSignal.any([stop.signal, left.signal]);
      const elector = new Elector({
        ...{ ...common, identity: `candidate-${at}`, connection },
        ...{ clock, wallClock: clock, timers: clock },
      });
      const work = async (signal: AbortSignal): Promise<void> => {
        if (signal.aborted) return;
        leading.add(at);
        terms.push(`${at}`);
        await untilAborted(signal);
        leading.delete(at);
      };
      const compete = async (): Promise<void> => {
        while (!until.aborted) await elector.run(until, work);
      };
      return { elector, ended: compete() };
    });
    await time.pass(600_000, () => {
      most = Math.max(most, electors.filter(({ elector }) => elector.isLeader).length, leading.size);
    });
    const leaders = electors.filter(({ elector }) => elector.isLeader).length;
    stop.abort();
    await time.pass(120_000);
    await Promise.all(electors.map(({ ended }) => ended));
    return { most, leaders, terms };
  }

  const steady: Candidate = { rate: 1, offset: 0, cuts: [], leaves: undefined };
  const good: Fate = { there: 5, back: 5, lost: undefined };

  it('a leader that is cut off stops before another begins, and another begins', async () => {
    const cutOff: Candidate = { ...steady, cuts: [[60, 300]] };
    const { most, terms, leaders } = await elect([cutOff, { ...steady, offset: 1e6 }], [good]);
    expect([most, leaders, terms[0], new Set(terms).size]).toStrictEqual([1, 1, '0', 2]);
  });

  it('a leader that leaves is followed within seconds', async () => {
    const { most, terms, leaders } = await elect([{ ...steady, leaves: 30 }, steady, steady], [good]);
    expect([most, leaders, terms.length]).toStrictEqual([1, 1, 2]);
  });

  it('there are never two leaders, with clocks up to a sixth fast or slow, cuts, slow and lost answers', async () => {
    const cut = fc
      .tuple(fc.nat(500), fc.integer({ min: 1, max: 60 }))
      .map(([from, length]) => [from, from + length] as const);
    const candidate = fc.record({
      rate: fc.double({ min: 5 / 6, max: 7 / 6, noNaN: true }),
      offset: fc.integer({ min: 0, max: 1e9 }),
      cuts: fc.array(cut, { maxLength: 6 }),
      leaves: fc.option(fc.integer({ min: 1, max: 599 }), { nil: undefined }),
    });
    const fate = fc.record({
      there: fc.oneof({ weight: 5, arbitrary: fc.nat(100) }, fc.nat(40_000)),
      back: fc.oneof({ weight: 5, arbitrary: fc.nat(100) }, fc.nat(40_000)),
      lost: fc.constantFrom(undefined, undefined, undefined, undefined, 'request' as const, 'answer' as const),
    });
    const fates = fc.array(fate, { minLength: 5, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(fc.array(candidate, { minLength: 2, maxLength: 3 }), fates, async (candidates, given) => {
        const { most } = await elect(candidates, given);
        expect(most).toBeLessThanOrEqual(1);
      }),
      { numRuns: 60 },
    );
  }, 240_000);
});
