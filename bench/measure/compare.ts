/**
 * Subjects side by side: each runs once per round, in an order that reverses every other round, so
 * that what the machine does meanwhile meets all of them. Who takes part for the first time is warmed up
 * before, under a load that gets its code compiled; the first round of each comparison does not count either.
 */
import type { Generator } from '../load/generator.ts';
import { cpuSeconds } from '../../test/process-costs.ts';
import { spread, type Spread } from './statistics.ts';

export interface Effort {
  /** Rounds that count. */
  readonly rounds: number;
  readonly roundMs: number;
}

/** What takes part: a target of the generator, and the process whose CPU time it costs. */
export interface Contender {
  readonly name: string;
  readonly pid: number;
}

/** One subject in one round. */
export interface Sample {
  readonly perSecond: number;
  /** Microseconds of CPU per request, of the process and its children. */
  readonly cpu: number;
  readonly p50: number;
  readonly p99: number;
}

export class Comparison {
  readonly #samples: ReadonlyMap<string, readonly Sample[]>;

  constructor(samples: ReadonlyMap<string, readonly Sample[]>) {
    this.#samples = samples;
  }

  has(name: string): boolean {
    return this.#samples.has(name);
  }

  figure(name: string, of: keyof Sample): Spread {
    return spread(this.#of(name).map((sample) => sample[of]));
  }

  /** Requests per second as a multiple of the anchor's of the same round. */
  speed(name: string, anchor: string): Spread {
    return this.#ratio(name, anchor, (own, other) => own.perSecond / other.perSecond);
  }

  /** The anchor's CPU time per request as a multiple of this one's of the same round: 3 is a third. */
  thrift(name: string, anchor: string): Spread {
    return this.#ratio(name, anchor, (own, other) => other.cpu / own.cpu);
  }

  /**
   * The same for gates, as two measures have it that are disturbed by different things, and the better of both:
   * the cheapest round of each, since other programs make a request dearer (they take its place in the processor's
   * caches) and never cheaper, and do it to one subject at a time; and the median of rounds, where both are of the
   * same moment, since a machine that is fast for one moment gives the anchor a best round that nobody else had.
   */
  thriftAtBest(name: string, anchor: string): number {
    const ofCheapest = this.figure(anchor, 'cpu').low / this.figure(name, 'cpu').low;
    return Math.max(ofCheapest, this.thrift(name, anchor).median);
  }

  #ratio(name: string, anchor: string, ratio: (own: Sample, other: Sample) => number): Spread {
    const others = this.#of(anchor);
    return spread(this.#of(name).map((own, round) => ratio(own, others[round] as Sample)));
  }

  #of(name: string): readonly Sample[] {
    return this.#samples.get(name) ?? [];
  }
}

/**
 * Some ten thousand calls: with fewer, what is measured is V8's compilers, which run beside the calls. A busy machine
 * takes longer for them; what answers a few hundred times a second is not waited for.
 */
const WARM_UP = { connections: 64, ms: 2000, calls: 10_000, times: 8 };
const warm = new WeakSet<Contender>();

/** As many more again, at most, where what was measured is not believed. */
const AGAIN = 3;

/**
 * Throws at the first wrong reply of anybody. `doubtful` is asked after the rounds: while it says so there are as many
 * more, and all of them count. What is dear stays dear in every round, and a machine that was busy is not so for ever.
 */
export async function compare(
  generator: Generator,
  contenders: readonly Contender[],
  connections: number,
  { rounds, roundMs }: Effort,
  doubtful: (sofar: Comparison) => boolean = () => false,
): Promise<Comparison> {
  const samples = new Map(contenders.map(({ name }): [string, Sample[]] => [name, []]));
  for (const contender of contenders) {
    if (warm.has(contender)) continue;
    await warmUp(generator, contender);
    warm.add(contender);
  }
  const comparison = new Comparison(samples);
  for (let round = 0; round <= rounds * AGAIN; round++) {
    if (round > rounds && round % rounds === 1 && !doubtful(comparison)) break;
    for (const contender of round % 2 === 0 ? contenders : contenders.toReversed()) {
      const sample = await measure(generator, contender, connections, roundMs);
      if (round > 0) samples.get(contender.name)?.push(sample);
    }
  }
  return comparison;
}

async function warmUp(generator: Generator, { name }: Contender): Promise<void> {
  let calls = 0;
  for (let time = 0; time < WARM_UP.times && calls < WARM_UP.calls; time++) {
    const { requests } = await generator.run(name, WARM_UP.connections, WARM_UP.ms, () => undefined);
    calls += requests;
    // Answers of hundreds of kilobytes: compiled long before ten thousand of them.
    if (requests < WARM_UP.calls / WARM_UP.times) return;
  }
}

async function measure(
  generator: Generator,
  { name, pid }: Contender,
  connections: number,
  ms: number,
): Promise<Sample> {
  let before: number | undefined;
  let spent = 0;
  const run = await generator.run(name, connections, ms, () => {
    const now = cpuSeconds(pid);
    spent = now - (before ?? now);
    before = now;
  });
  return {
    perSecond: (run.requests / run.elapsedMs) * 1000,
    cpu: (spent / run.requests) * 1e6,
    p50: run.p50,
    p99: run.p99,
  };
}
