/** How long to wait after failures in a row. Pure. */
export interface Backoff {
  readonly firstMs: number;
  readonly mostMs: number;
}

/** Doubles with each failure, up to the most. `failures` counts from 1. */
export const backoffMs = ({ firstMs, mostMs }: Backoff, failures: number): number =>
  Math.min(mostMs, firstMs * 2 ** Math.min(failures - 1, 52));

/**
 * Somewhere between one and two times what `backoffMs` says, never above the most, so that many that failed together
 * do not come back together. `random` is from 0 to 1.
 */
export const jitteredMs = (backoff: Backoff, failures: number, random: number): number =>
  Math.min(backoff.mostMs, backoffMs(backoff, failures) * (1 + random));
