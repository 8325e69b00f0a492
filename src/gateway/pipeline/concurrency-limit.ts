import { gatewayError } from '../errors.ts';

/**
 * How many calls run at once. Past the limit a call is refused at once instead of queued: a queue
 * turns overload into timeouts for everybody, a refusal tells the caller when to come back.
 */
export class ConcurrencyLimit {
  readonly #limit: number;
  #running = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get running(): number {
    return this.#running;
  }

  enter(): void {
    if (this.#running >= this.#limit) {
      throw gatewayError('OVERLOADED', `the server already runs ${this.#limit} calls`, {
        details: { retryAfterSeconds: 1 },
      });
    }
    this.#running++;
  }

  leave(): void {
    this.#running--;
  }
}
