import { BoundedCache, sha256Hex } from '#kernel';
import type { ChangeFeed } from '#db';
import { ChangeWatch } from '#identity';

const KEPT = 10_000;
const REFUSED_KEPT = 4096;

interface Kept<Value> {
  readonly value: Value;
  readonly endsAt: number;
}

/**
 * Verdicts about tokens, so that a signature is looked at once and not at every call. Keyed by the SHA-256
 * of the whole token: no usable token lies in it. Accepted and refused ones lie apart, so that a flood of
 * wrong tokens pushes out wrong tokens and nothing else; both have a size and an end.
 *
 * Everything is forgotten at once when something is revoked, disabled or rotated here (`forget`), and
 * within a second when it was elsewhere (the feed of changes of the database).
 */
export class VerifiedTokens<Accepted, Refused> {
  readonly #accepted = new BoundedCache<string, Kept<Accepted>>(KEPT);
  readonly #refused = new BoundedCache<string, Kept<Refused>>(REFUSED_KEPT);
  readonly #underway = new Map<string, Promise<unknown>>();
  readonly #watch: ChangeWatch | undefined;
  #generation = 0;

  /** Without a feed nobody else's changes matter. */
  constructor(changes?: ChangeFeed) {
    this.#watch = changes && new ChangeWatch(changes, () => this.forget());
  }

  /** What is remembered of a token by that digest. */
  recall(digest: string, now: number): Accepted | Refused | undefined {
    this.#watch?.look(now);
    const accepted = this.#accepted.get(digest);
    if (accepted !== undefined) {
      if (now < accepted.endsAt) return accepted.value;
      this.#accepted.delete(digest);
    }
    const refused = this.#refused.get(digest);
    return refused !== undefined && now < refused.endsAt ? refused.value : undefined;
  }

  /** Before asking: gives how to keep the answer, which keeps nothing once something changed meanwhile. */
  asking(): {
    accept(digest: string, value: Accepted, endsAt: number): void;
    refuse(digest: string, value: Refused, endsAt: number): void;
  } {
    const generation = this.#generation;
    return {
      accept: (digest, value, endsAt) => {
        if (generation === this.#generation) this.#accepted.set(digest, { value, endsAt });
      },
      refuse: (digest, value, endsAt) => {
        if (generation === this.#generation) this.#refused.set(digest, { value, endsAt });
      },
    };
  }

  /** Many callers with one new token wait for one answer. `ask` must not throw at once. */
  once<Value>(digest: string, ask: () => Promise<Value>): Promise<Value> {
    const known = this.#underway.get(digest) as Promise<Value> | undefined;
    if (known !== undefined) return known;
    const asked = ask().finally(() => {
      if (this.#underway.get(digest) === asked) this.#underway.delete(digest);
    });
    this.#underway.set(digest, asked);
    return asked;
  }

  /** Forgets every verdict; those on their way are not kept when they arrive. */
  forget(): void {
    this.#generation++;
    this.#accepted.clear();
    this.#refused.clear();
    this.#underway.clear();
  }

  get size(): number {
    return this.#accepted.size;
  }
}

export const digestOf = (token: string): string => sha256Hex(token);
