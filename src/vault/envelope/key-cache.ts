import type { Clock } from '#kernel';
import type { DataKey } from './data-key.ts';

export interface KeyCacheLimits {
  readonly keys: number;
  readonly lifetimeMs: number;
}

interface Entry {
  readonly key: DataKey;
  readonly until: number;
}

/**
 * The unwrapped data keys of this process: so many at most, so long at most, zeroed when they go.
 * Their life is counted from the unwrapping, not from the last use, so that taking the wrapping key
 * away takes effect on a busy server as well.
 */
export class KeyCache {
  readonly #entries = new Map<string, Entry>();
  readonly #limits: KeyCacheLimits;
  readonly #clock: Clock;
  #timer: NodeJS.Timeout | undefined;

  constructor(clock: Clock, limits: KeyCacheLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  get(id: string): DataKey | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    if (entry.until <= this.#clock.now()) {
      this.drop(id);
      return undefined;
    }
    // A map keeps the order of insertion: what was used last goes last.
    this.#entries.delete(id);
    this.#entries.set(id, entry);
    return entry.key;
  }

  put(key: DataKey): void {
    this.drop(key.id);
    this.#entries.set(key.id, { key, until: this.#clock.now() + this.#limits.lifetimeMs });
    for (const id of this.#entries.keys()) {
      if (this.#entries.size <= this.#limits.keys) break;
      this.drop(id);
    }
    this.#arm();
  }

  drop(id: string): void {
    this.#entries.get(id)?.key.zero();
    this.#entries.delete(id);
  }

  clear(): void {
    for (const id of [...this.#entries.keys()]) this.drop(id);
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Keys that nobody asks for any more must not wait for somebody to ask. */
  #arm(): void {
    if (this.#timer !== undefined || this.#entries.size === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const now = this.#clock.now();
      for (const [id, { until }] of [...this.#entries]) if (until <= now) this.drop(id);
      this.#arm();
    }, this.#limits.lifetimeMs);
    this.#timer.unref();
  }
}
