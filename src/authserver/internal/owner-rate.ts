import { BoundedCache, type Clock } from '#kernel';

const OWNERS = 10_000;
const MINUTE_MS = 60_000;
/** What comes at once after a pause: an owner whose callers all begin to work. */
const BURST_MS = 2_000;

/**
 * How many exchanges an owner has (the generic cell rate algorithm of ITU-T I.371), in this process: one that goes
 * astray, or was taken over, must not hold up the others.
 */
export class OwnerRate {
  readonly #everyMs: number;
  readonly #clock: Clock;
  /** When everything that an owner asked is forgiven. */
  readonly #clearAt = new BoundedCache<string, number>(OWNERS);

  constructor(perMinute: number, clock: Clock) {
    this.#everyMs = MINUTE_MS / perMinute;
    this.#clock = clock;
  }

  /** Counts an exchange; gives the whole seconds to wait when it is one too many. */
  take(spiffeId: string): number | undefined {
    const now = this.#clock.now();
    const clearAt = Math.max(this.#clearAt.get(spiffeId) ?? 0, now) + this.#everyMs;
    const waitMs = clearAt - now - Math.max(BURST_MS, this.#everyMs);
    if (waitMs > 0) return Math.max(1, Math.ceil(waitMs / 1000));
    this.#clearAt.set(spiffeId, clearAt);
    return undefined;
  }
}
