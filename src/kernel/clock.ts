/** Time as an argument, so that expiry can be tested without waiting. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

/**
 * Time that only goes forward, from a beginning of its own: for how long something takes or is kept in this process,
 * whatever becomes of the wall clock meanwhile.
 */
export const steadyClock: Clock = { now: () => performance.now() };
