import { BoundedCache } from '#kernel';

const REMEMBERED = 10_000;

/**
 * The highest generation of each secret that this process has seen. Rows that were set back together
 * to an older state authenticate, since they were true once; going back in time is what gives them
 * away. Across restarts only the record kept elsewhere knows (`VaultChange.generation`).
 */
export class GenerationWatch {
  readonly #highest = new BoundedCache<string, number>(REMEMBERED);

  /** False when a later state of the secret was seen before. */
  note(secretId: string, generation: number): boolean {
    const highest = this.#highest.get(secretId) ?? 0;
    if (generation < highest) return false;
    this.#highest.set(secretId, generation);
    return true;
  }
}
