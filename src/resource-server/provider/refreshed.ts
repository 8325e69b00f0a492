import { err, type Clock, type Result } from '#kernel';

export interface RefreshedOptions<Value> {
  readonly fetch: () => Promise<Result<Value, string>>;
  readonly clock: Clock;
  /** From this age on it is fetched anew, while what is there goes on being used. */
  readonly freshMs: number;
  /** Beyond this age it is not used any more. */
  readonly trustedMs: number;
  /** So long after a failure nobody asks again. */
  readonly pauseMs: number;
  /** Told of every value that came in place of another. */
  readonly replaced?: (next: Value, before: Value) => void;
}

/**
 * Something that an identity provider publishes: fetched when first needed, once for all who wait, and
 * kept for a while. A provider that cannot be reached stops nobody who does not need it, and one that
 * went away is believed for a time, and then no more.
 */
export class Refreshed<Value> {
  readonly #options: RefreshedOptions<Value>;
  #value: { readonly value: Value; readonly at: number } | undefined;
  #failure: { readonly reason: string; readonly at: number } | undefined;
  #underway: Promise<Result<Value, string>> | undefined;
  #triedAt = Number.NEGATIVE_INFINITY;

  constructor(options: RefreshedOptions<Value>) {
    this.#options = options;
  }

  /** What is there, or comes; the error says why nothing does. Never rejects. */
  async read(): Promise<Result<Value, string>> {
    const { clock, pauseMs } = this.#options;
    const known = this.trusted();
    if (known !== undefined) {
      this.touch();
      return { ok: true, value: known };
    }
    if (this.#failure !== undefined && this.#age(this.#failure.at) < pauseMs) return err(this.#failure.reason);
    return await this.#fetch(clock.now());
  }

  /** What is there and may be used; undefined for nothing. */
  trusted(): Value | undefined {
    const known = this.#value;
    return known !== undefined && this.#age(known.at) < this.#options.trustedMs ? known.value : undefined;
  }

  /** Sees to it that what is no longer fresh is fetched anew, without anybody waiting. */
  touch(): void {
    const { clock, freshMs, pauseMs } = this.#options;
    if (this.#value === undefined || this.#age(this.#value.at) < freshMs) return;
    if (this.#age(this.#triedAt) >= pauseMs) void this.#fetch(clock.now());
  }

  /** Fetches anew unless that was done less than `pauseMs` ago: for whoever misses something in it. */
  async again(pauseMs: number): Promise<Result<Value, string>> {
    if (this.#underway !== undefined) return await this.#underway;
    return this.#age(this.#triedAt) < pauseMs ? await this.read() : await this.#fetch(this.#options.clock.now());
  }

  /** How the last attempt went; undefined where there was none. */
  get failure(): string | undefined {
    return this.#failure?.reason;
  }

  get wasTried(): boolean {
    return this.#triedAt !== Number.NEGATIVE_INFINITY;
  }

  /** The distance and not the difference: a clock set back must not make anything young. */
  #age(at: number): number {
    return Math.abs(this.#options.clock.now() - at);
  }

  #fetch(now: number): Promise<Result<Value, string>> {
    if (this.#underway !== undefined) return this.#underway;
    this.#triedAt = now;
    const underway = this.#options
      .fetch()
      .catch((error: unknown) => err((error as Error).message))
      .then((fetched) => {
        const at = this.#options.clock.now();
        if (fetched.ok) {
          const before = this.#value;
          this.#value = { value: fetched.value, at };
          this.#failure = undefined;
          if (before !== undefined) this.#options.replaced?.(fetched.value, before.value);
        } else this.#failure = { reason: fetched.error, at };
        this.#underway = undefined;
        return fetched;
      });
    this.#underway = underway;
    return underway;
  }
}
