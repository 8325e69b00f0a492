/**
 * How soon the process of a server may be started again after it ended by itself: at once after the first time, then
 * twice as late each time. One that ran for a while begins anew.
 */
import type { Clock } from '#kernel';
import { backoffMs } from '../backoff.ts';
import { connectionError } from '../errors.ts';

const BACKOFF = { firstMs: 1000, longestMs: 60_000 };
/** Whoever ran so long did not fail to start. */
const STEADY_MS = 60_000;

export class RestartPace {
  readonly #clock: Clock;
  readonly #random: () => number;
  #failures = 0;
  #notBefore = 0;

  constructor(clock: Clock, random: () => number = Math.random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Throws `SERVER_RESTING`, with the seconds that are left, while it is too soon. */
  check(server: string): void {
    const leftMs = this.#notBefore - this.#clock.now();
    if (leftMs <= 0) return;
    const retryAfterSeconds = Math.ceil(leftMs / 1000);
    const message = `the process of \`${server}\` ended ${this.#failures} times in a row; it is started again in ${retryAfterSeconds} s`;
    throw connectionError('SERVER_RESTING', message, { details: { retryAfterSeconds } });
  }

  /** A process ended by itself, having been started at that moment. */
  ended(startedAt: number): void {
    const now = this.#clock.now();
    this.#failures = now - startedAt >= STEADY_MS ? 1 : this.#failures + 1;
    const wait = this.#failures === 1 ? 0 : backoffMs(BACKOFF, this.#failures - 2, this.#random);
    this.#notBefore = now + wait;
  }
}
