/** What calls add up to. Pure. */
import type { Principal } from '#contract';
import { LOCAL_ISSUER } from '#identity';

/** How a call ended, as far as sums go. */
export type Ended = 'succeeded' | 'failed' | 'denied';

/** Bounds of how long calls took, in milliseconds, each about three times the one before. */
export const LATENCY_BOUNDS = [1, 3, 10, 30, 100, 300, 1000, 3000, 10_000, Number.POSITIVE_INFINITY] as const;

export interface Sums {
  readonly succeeded: number;
  readonly failed: number;
  readonly denied: number;
  readonly durationMs: number;
  /** How many calls took as long as each bound at most, and longer than the one before. */
  readonly latencies: readonly number[];
  /** When the last call ended; undefined without one. */
  readonly lastAt: number | undefined;
}

export const NOTHING: Sums = Object.freeze({
  ...{ succeeded: 0, failed: 0, denied: 0, durationMs: 0, lastAt: undefined },
  latencies: Object.freeze(LATENCY_BOUNDS.map(() => 0)),
});

/** Sums that calls are added to. */
export class Tally implements Sums {
  succeeded = 0;
  failed = 0;
  denied = 0;
  durationMs = 0;
  readonly latencies: number[] = LATENCY_BOUNDS.map(() => 0);
  lastAt = 0;

  add(ended: Ended, durationMs: number, now: number): void {
    this[ended]++;
    this.durationMs += durationMs;
    this.lastAt = now;
    const slot = LATENCY_BOUNDS.findIndex((bound) => durationMs <= bound);
    // A duration that is no number is longer than every bound.
    (this.latencies[slot === -1 ? LATENCY_BOUNDS.length - 1 : slot] as number)++;
  }
}

/** Both together. */
export function together(one: Sums, other: Sums): Sums {
  const ends = [one.lastAt, other.lastAt].filter((at) => at !== undefined);
  return {
    succeeded: one.succeeded + other.succeeded,
    failed: one.failed + other.failed,
    denied: one.denied + other.denied,
    durationMs: one.durationMs + other.durationMs,
    latencies: one.latencies.map((count, index) => count + (other.latencies[index] ?? 0)),
    lastAt: ends.length === 0 ? undefined : Math.max(...ends),
  };
}

export const callsOf = ({ succeeded, failed, denied }: Sums): number => succeeded + failed + denied;

/** The bound that such a part of all calls kept; undefined without calls. Infinite where nobody can tell. */
export function latencyAt(part: number, { latencies }: Sums): number | undefined {
  const all = latencies.reduce((sum, count) => sum + count, 0);
  if (all === 0) return undefined;
  let seen = 0;
  const slot = latencies.findIndex((count) => (seen += count) >= all * part);
  return LATENCY_BOUNDS[slot];
}

/** A caller, as far as it is told from others. */
type Who = Pick<Principal, 'kind' | 'iss' | 'sub'>;

/** A caller calls again, and each call would make the text anew, more than once. */
const pseudonyms = new WeakMap<Who, string>();

/** A caller in sums: who it was is known to who may ask identity, and not from here. */
export function pseudonymOf(who: Who): string {
  let pseudonym = pseudonyms.get(who);
  if (pseudonym === undefined) {
    const { kind, iss, sub } = who;
    pseudonym = `${kind}:${iss === LOCAL_ISSUER ? sub : `${iss}#${sub}`}`;
    pseudonyms.set(who, pseudonym);
  }
  return pseudonym;
}

const DAY_MS = 86_400_000;

/** When the day of a moment begins, UTC. */
export const dayOf = (at: number): number => Math.floor(at / DAY_MS) * DAY_MS;
