/** Time that passes when a test says so: a clock and its timers, in one order of events. */
import type { Clock } from '#kernel';
import type { Timers } from '../timers.ts';

interface Entry {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** Lets everything run that waits for promises alone. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class SimulatedTime implements Clock, Timers {
  #now = 0;
  #order = 0;
  readonly #entries = new Set<Entry>();

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): () => void {
    const entry = { at: this.#now + Math.max(0, ms), order: this.#order++, run };
    this.#entries.add(entry);
    return () => this.#entries.delete(entry);
  }

  /** Lets so many milliseconds pass, with all that happens in them. `look` is called after each event. */
  async pass(ms: number, look: () => void = () => {}): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#now = next.at;
      this.#entries.delete(next);
      next.run();
      await settle();
      look();
    }
    this.#now = end;
    await settle();
    look();
  }

  /** The same time as a clock sees it that runs at another rate and began elsewhere. */
  as(rate: number, offset: number): Clock & Timers {
    return { now: () => offset + this.#now * rate, after: (ms, run) => this.after(ms / rate, run) };
  }

  #next(end: number): Entry | undefined {
    let first: Entry | undefined;
    for (const entry of this.#entries) {
      if (entry.at > end) continue;
      if (first === undefined || entry.at < first.at || (entry.at === first.at && entry.order < first.order))
        first = entry;
    }
    return first;
  }
}
