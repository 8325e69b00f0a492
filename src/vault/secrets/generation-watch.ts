import { BoundedCache } from '#kernel';

const REMEMBERED = 10_000;

/** What was known of generations when a look at the rows began. */
export interface Look {
  /** Notes the generation that was read; false when a later one had been seen before the look began. */
  note(secretId: string, generation: number): boolean;
}

/**
 * The highest generation of each secret that this process has seen. Rows that were set back together
 * to an older state authenticate, since they were true once; going back in time is what gives them
 * away. Across restarts only the record kept elsewhere knows (`VaultChange.generation`).
 */
export class GenerationWatch {
  readonly #highest = new BoundedCache<string, number>(REMEMBERED);
  /** Of each look under way: what was known at its beginning of secrets that have changed since. */
  readonly #looks = new Set<Map<string, number>>();

  /**
   * Runs what reads secrets. It is held to what was known when it began: a change that somebody commits
   * while it reads is no rollback, however many there are.
   */
  async looking<Value>(work: (look: Look) => Promise<Value>): Promise<Value> {
    const before = new Map<string, number>();
    this.#looks.add(before);
    try {
      return await work({
        note: (id, generation) => {
          const known = before.get(id) ?? this.#of(id);
          this.note(id, generation);
          return generation >= known;
        },
      });
    } finally {
      this.#looks.delete(before);
    }
  }

  /** Notes a generation that was committed or read. */
  note(secretId: string, generation: number): void {
    const known = this.#of(secretId);
    if (generation <= known) return;
    for (const before of this.#looks) if (!before.has(secretId)) before.set(secretId, known);
    this.#highest.set(secretId, generation);
  }

  #of(secretId: string): number {
    return this.#highest.get(secretId) ?? 0;
  }
}
