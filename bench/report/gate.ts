import type { Spread } from '../measure/statistics.ts';

/** Something that must hold, and whether it did. */
export interface Gate {
  readonly what: string;
  /** What was seen and what was wanted, as one phrase: `1.8 (at least 2)`. */
  readonly seen: string;
  readonly passed: boolean;
}

/** A figure that is aimed at. `--full` makes gates of the goals. */
export interface Goal extends Gate {
  readonly goal: true;
}

export const atLeast = (what: string, value: number, floor: number): Gate => ({
  what,
  seen: `${short(value)} (at least ${floor})`,
  passed: value >= floor,
});

export const atMost = (what: string, value: number, ceiling: number): Gate => ({
  what,
  seen: `${short(value)} (at most ${ceiling})`,
  passed: value <= ceiling,
});

export const goal = (gate: Gate): Goal => ({ ...gate, goal: true });

/** Three figures that mean something: `0.0123`, `1.23`, `123`. */
export const short = (value: number): string =>
  value === 0 ? '0' : Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(Math.abs(value) < 0.1 ? 2 : 3);

/** `1.23 (1.10–1.31)`. */
export const shortSpread = ({ median, low, high }: Spread): string => `${short(median)} (${short(low)}–${short(high)})`;
