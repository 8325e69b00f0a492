import type { Clock } from '#kernel';

/** How long a failure is believed: so many callers never are so many requests. */
const RETRY_MS = 5_000;

/** What was read, and for how long it is not asked for again, in milliseconds. */
export interface Read<Value> {
  readonly value: Value;
  readonly freshMs: number;
}

/**
 * Something that others publish: asked for when it is first needed, once for all who wait, and again when it is no
 * longer fresh. What was good stays in force through those failures that `outlives` says it may outlive.
 */
export class LastGood<Value> {
  readonly #ask: () => Promise<Read<Value>>;
  readonly #outlives: (error: unknown, ageMs: number) => boolean;
  readonly #clock: Clock;
  #good: (Read<Value> & { readonly at: number }) | undefined;
  #failed: { readonly error: unknown; readonly at: number } | undefined;
  #flight: Promise<Value> | undefined;

  constructor(parts: {
    readonly ask: () => Promise<Read<Value>>;
    readonly outlives: (error: unknown, ageMs: number) => boolean;
    readonly clock: Clock;
  }) {
    this.#ask = parts.ask;
    this.#outlives = parts.outlives;
    this.#clock = parts.clock;
  }

  /** Throws as `ask` does, where nothing good stays in force. */
  async current(): Promise<Value> {
    if (this.#good !== undefined && this.#ageOf(this.#good) < this.#good.freshMs) return this.#good.value;
    if (this.#failed !== undefined && this.#ageOf(this.#failed) < RETRY_MS) return this.#goodOr(this.#failed.error);
    this.#flight ??= this.#fetch().finally(() => (this.#flight = undefined));
    try {
      return await this.#flight;
    } catch (error) {
      return this.#goodOr(error);
    }
  }

  async #fetch(): Promise<Value> {
    try {
      const read = await this.#ask();
      this.#good = { ...read, at: this.#clock.now() };
      this.#failed = undefined;
      return read.value;
    } catch (error) {
      this.#failed = { error, at: this.#clock.now() };
      throw error;
    }
  }

  #goodOr(error: unknown): Value {
    if (this.#good !== undefined && this.#outlives(error, this.#ageOf(this.#good))) return this.#good.value;
    throw error;
  }

  /** A clock that was set back makes nothing younger. */
  #ageOf({ at }: { readonly at: number }): number {
    return Math.abs(this.#clock.now() - at);
  }
}
