// A timer holds 24.8 days at the most and fires at once beyond.
const LONGEST_TIMER = 2 ** 31 - 1;

/** A timeout that can be held: while a person is asked, a tool's time stands still. */
export class Deadline {
  readonly #expire: () => void;
  #left: number;
  #since = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #holds = 0;
  #over = false;

  constructor(ms: number, expired: () => void) {
    this.#left = ms;
    this.#expire = expired;
    this.#start();
  }

  /** Stops the time until `release` has been called as often. */
  hold(): void {
    if (this.#holds++ > 0) return;
    clearTimeout(this.#timer);
    this.#left -= performance.now() - this.#since;
  }

  release(): void {
    if (--this.#holds === 0) this.#start();
  }

  /** Ends it without expiring, for good. */
  clear(): void {
    this.#over = true;
    clearTimeout(this.#timer);
  }

  #start(): void {
    if (this.#over) return;
    this.#since = performance.now();
    this.#timer = setTimeout(this.#expire, Math.min(this.#left, LONGEST_TIMER));
  }
}
