import type { Counters, CountSeen } from './counters.ts';
import { settle, type Ask, type Counted, type Granted } from './settle.ts';

/** Counts beyond this one push the one out that was asked for longest ago. */
const KEPT = 100_000;

interface Kept {
  readonly counted: Counted;
  readonly endsAt: number | undefined;
}

/** Counts of one process, until it ends. It answers at once. */
export class MemoryCounters implements Counters {
  readonly type = 'memory';
  readonly #kept = new Map<string, Kept>();

  get size(): number {
    return this.#kept.size;
  }

  settle(asks: readonly Ask[], holder: string, now: number): readonly Granted[] {
    return asks.map((ask) => {
      const { after, granted } = settle(this.#kept.get(ask.key)?.counted, ask, holder, now);
      this.#kept.delete(ask.key);
      this.#kept.set(ask.key, { counted: after, endsAt: ask.endsAt });
      if (this.#kept.size > KEPT) this.#makeRoom();
      return granted;
    });
  }

  async probe(): Promise<void> {}

  async seen(prefix: string, now: number, limit: number): Promise<readonly CountSeen[]> {
    return [...this.#kept]
      .filter(([key, { endsAt = Infinity }]) => key.startsWith(prefix) && endsAt > now)
      .map(([key, { counted, endsAt }]) => ({ key, taken: counted.taken, endsAt }))
      .toSorted((one, other) => other.taken - one.taken)
      .slice(0, limit);
  }

  async prune(now: number): Promise<void> {
    for (const [key, { counted, endsAt }] of this.#kept) {
      if (endsAt === undefined ? counted.taken === 0 : endsAt <= now) this.#kept.delete(key);
    }
  }

  async close(): Promise<void> {
    this.#kept.clear();
  }

  #makeRoom(): void {
    const [oldest] = this.#kept.keys();
    if (oldest !== undefined) this.#kept.delete(oldest);
  }
}
