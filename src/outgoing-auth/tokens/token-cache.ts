import { BoundedCache, reveal, type Clock, type Secret } from '#kernel';

/** As much of what is kept as the cache looks at. */
export interface Kept {
  readonly from: number;
  readonly until: number;
}

const MOST = 10_000;

/**
 * Tokens of one destination, in memory alone: fetched once for all who wait, kept until shortly before they end, and
 * forgotten when the destination refuses them. Whose a token is stands in its key: whoever asks puts everything into
 * it that the token depends on, the caller's `context` first.
 */
export class TokenCache<Token extends Kept> {
  readonly #clock: Clock;
  readonly #flights = new BoundedCache<string, Promise<Token>>(MOST);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * A token that lives. One `fetch` whatever the number of callers; it is nobody's alone, so a caller who leaves does
   * not end it. Rejects as `fetch` does, and keeps no failure.
   */
  async token(key: string, fetch: () => Promise<Token>): Promise<Token> {
    const flight = this.#flights.get(key);
    if (flight !== undefined) {
      const known = await flight;
      const now = this.#clock.now();
      // A clock that was set back must not prolong what is believed.
      if (now >= known.from && now < known.until) return known;
      // Somebody else may have fetched the next one meanwhile.
      if (this.#flights.get(key) !== flight) return await this.token(key, fetch);
    }
    const next = fetch();
    this.#flights.set(key, next);
    next.catch(() => this.#flights.get(key) === next && this.#flights.delete(key));
    return await next;
  }

  /** Forgets the token that `isIt`, unless it has been replaced already. */
  async refuse(key: string, isIt: (token: Token) => boolean): Promise<void> {
    const flight = this.#flights.get(key);
    const known = await flight?.catch(() => undefined);
    if (known !== undefined && isIt(known) && this.#flights.get(key) === flight) this.#flights.delete(key);
  }
}

/** Whether two are the same text. */
export const isSame = (one: Secret, other: string): boolean => reveal(one) === other;
