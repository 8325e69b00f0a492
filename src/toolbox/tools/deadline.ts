// A timer holds 24.8 days at the most and fires at once beyond.
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * A timeout that can be held: while a person is asked, a tool's time stands still. The time counts from
 * the making; the timer comes with `start`, since what has its answer at once needs none.
 */
export class Deadline {
  #left: number;
  #since = performance.now();
  #expired: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #holds = 0;

  constructor(ms: number) {
    this.#left = ms;
  }

  /** Has `expired` called when the time is up. */
  start(expired: () => void): void {
    this.#expired = expired;
    if (this.#holds === 0) this.#arm();
  }

  /** Stops the time until `release` has been called as often. */
  hold(): void {
    if (this.#holds++ > 0) return;
    clearTimeout(this.#timer);
    this.#left -= performance.now() - this.#since;
  }

  release(): void {
    if (--this.#holds > 0) return;
    this.#since = performance.now();
    this.#arm();
  }

  /** Ends it without expiring, for good. */
  clear(): void {
    this.#expired = undefined;
    clearTimeout(this.#timer);
  }

  #arm(): void {
    if (this.#expired === undefined) return;
    const left = this.#left - (performance.now() - this.#since);
    this.#timer = setTimeout(this.#expired, Math.min(left, LONGEST_TIMER));
  }
}
