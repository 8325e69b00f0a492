import { BoundedCache } from '#kernel';
import type { ChangeFeed } from '#db';
import { ChangeWatch } from './change-watch.ts';

const KEPT = 10_000;

/**
 * What was read of people, agents and sessions, until anything about them changes: at once for changes of
 * this process (`forget`), within 250 ms for those of others (`ChangeWatch`).
 */
export class Remembered<Value> {
  readonly #kept = new BoundedCache<string, Value>(KEPT);
  readonly #watch: ChangeWatch;
  #generation = 0;

  constructor(feed: ChangeFeed) {
    this.#watch = new ChangeWatch(feed, () => this.forget());
  }

  recall(key: string, now: number): Value | undefined {
    this.#watch.look(now);
    return this.#kept.get(key);
  }

  /** Before reading: gives how to keep what is read, which keeps nothing once something changed meanwhile. */
  reading(): (key: string, value: Value) => void {
    const generation = this.#generation;
    return (key, value) => {
      if (generation === this.#generation) this.#kept.set(key, value);
    };
  }

  delete(key: string): void {
    this.#kept.delete(key);
  }

  /** Forgets all of it; what is being read is not kept when it arrives. */
  forget(): void {
    this.#generation++;
    this.#kept.clear();
  }
}
