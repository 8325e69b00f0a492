import { BoundedCache, type Clock, type ChatelaineError } from '#kernel';
import { gatewayError } from '../errors.ts';

const CALLERS = 50_000;
const MINUTE_MS = 60_000;

/**
 * How often one caller asks the API: as many requests at once as a minute has, and as many a minute (the generic cell
 * rate algorithm of ITU-T I.371). Of this process; a caller is a person or an agent, whatever key they come with.
 */
export class RequestRate {
  readonly #perMinute: number;
  readonly #clock: Clock;
  /** When everything that a caller asked is forgiven. */
  readonly #clearAt = new BoundedCache<string, number>(CALLERS);

  constructor(perMinute: number, clock: Clock) {
    this.#perMinute = perMinute;
    this.#clock = clock;
  }

  /** Counts a request; gives the refusal when it is one too many. */
  take({
    kind,
    iss,
    sub,
  }: {
    readonly kind: string;
    readonly iss: string;
    readonly sub: string;
  }): ChatelaineError | undefined {
    const key = `${kind} ${iss} ${sub}`;
    const now = this.#clock.now();
    const every = MINUTE_MS / this.#perMinute;
    const clearAt = Math.max(this.#clearAt.get(key) ?? 0, now) + every;
    const waitMs = clearAt - now - MINUTE_MS;
    if (waitMs > 0)
      return gatewayError('REQUESTS_THROTTLED', `the API takes ${this.#perMinute} requests a minute from one caller`, {
        details: { retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)) },
      });
    this.#clearAt.set(key, clearAt);
    return undefined;
  }
}
