/**
 * Subjects side by side: each runs once per round, in an order that reverses every other round, so
 * that what the machine does meanwhile meets all of them. Who takes part for the first time is warmed up
 * before, under a load that gets its code compiled; the first round of each comparison does not count either.
 */
import type { Generator } from '../load/generator.ts';
import { cpuSeconds } from './processes.ts';
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
   * The same from the cheapest round of each, for gates: other programs make a request dearer (they take
   * its place in the processor's caches) and never cheaper, and they do it to one subject at a time.
   */
  thriftAtBest(name: string, anchor: string): number {
    return this.figure(anchor, 'cpu').low / this.figure(name, 'cpu').low;
  }

  #ratio(name: string, anchor: string, ratio: (own: Sample, other: Sample) => number): Spread {
    const others = this.#of(anchor);
    return spread(this.#of(name).map((own, round) => ratio(own, others[round] as Sample)));
  }

  #of(name: string): readonly Sample[] {
    return this.#samples.get(name) ?? [];
  }
}

/** Some ten thousand calls: with fewer, what is measured is V8's compilers, which run beside the calls. */
const WARM_UP = { connections: 64, ms: 2000 };
const warm = new WeakSet<Contender>();

/** Throws at the first wrong reply of anybody. */
export async function compare(
  generator: Generator,
  contenders: readonly Contender[],
  connections: number,
  { rounds, roundMs }: Effort,
): Promise<Comparison> {
  const samples = new Map(contenders.map(({ name }): [string, Sample[]] => [name, []]));
  for (const contender of contenders) {
    if (warm.has(contender)) continue;
    await measure(generator, contender, WARM_UP.connections, WARM_UP.ms);
    warm.add(contender);
  }
  for (let round = 0; round <= rounds; round++) {
    for (const contender of round % 2 === 0 ? contenders : contenders.toReversed()) {
      const sample = await measure(generator, contender, connections, roundMs);
      if (round > 0) samples.get(contender.name)?.push(sample);
    }
  }
  return new Comparison(samples);
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
