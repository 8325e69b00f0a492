import { reveal, type Clock, type Secret } from '#kernel';
import type { UpstreamTokens } from '../provider.ts';

/** A token that was fetched so lately is not fetched again, whoever refuses it. */
const FRESH_MS = 5_000;
/** One that ends sooner is fetched anew; of a short life half is used. */
const EARLY_MS = 30_000;
/** For one of which nobody said how long it lives. */
const UNSAID_MS = 5 * 60_000;

/** A token of our own at one server: kept while it lives, in memory alone, and fetched once for all who wait. */
export class OwnToken {
  readonly #clock: Clock;
  readonly #fetch: () => Promise<Pick<UpstreamTokens, 'accessToken' | 'expiresAt'>>;
  #known: { readonly accessToken: Secret; readonly at: number; readonly until: number } | undefined;
  #flight: Promise<Secret> | undefined;

  constructor(clock: Clock, fetch: () => Promise<Pick<UpstreamTokens, 'accessToken' | 'expiresAt'>>) {
    this.#clock = clock;
    this.#fetch = fetch;
  }

  /** The token; another than `refused`, unless that is fresh. Rejects as `fetch` does. */
  async token(refused: Secret | undefined): Promise<Secret> {
    const known = this.#known;
    const now = this.#clock.now();
    if (known !== undefined && now >= known.at && now < known.until) {
      const isRefused = refused !== undefined && reveal(known.accessToken) === reveal(refused);
      if (!isRefused || now - known.at < FRESH_MS) return known.accessToken;
    }
    this.#flight ??= this.#next().finally(() => (this.#flight = undefined));
    return await this.#flight;
  }

  async #next(): Promise<Secret> {
    const at = this.#clock.now();
    const { accessToken, expiresAt } = await this.#fetch();
    const life = (expiresAt ?? at + UNSAID_MS) - at;
    this.#known = { accessToken, at, until: at + Math.max(life - EARLY_MS, life / 2) };
    return accessToken;
  }
}
