import { BoundedCache, sha256, type Clock } from '#kernel';
import { addressBlock } from '#identity';
import { gatewayError } from '../errors.ts';

/** Credentials that do not count, from one address: so many are free, and one more every so often. */
const FREE = 1000;
const FORGIVE_EVERY_MS = 100;
/** Addresses beyond push the one out that was quiet for longest. */
const ADDRESSES = 20_000;
const CREDENTIALS = 50_000;

/**
 * A flood of credentials that do not count: each costs a digest, a look into the database and a record. An address
 * that brought too many is refused before anything is verified, and so that nobody is locked out by who shares
 * their address, whoever was let in there since the first failure still is. An address in good standing costs a
 * look into a map.
 *
 * Of this process. Guesses at keys of 256 bits need no count that all processes share; this is about work.
 */
export class FailedCredentials {
  readonly #clock: Clock;
  /** When everything from there will be forgiven. */
  readonly #clearAt = new BoundedCache<string, number>(ADDRESSES);
  readonly #letIn = new BoundedCache<string, true>(CREDENTIALS);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Addresses that are remembered. */
  get size(): number {
    return this.#clearAt.size;
  }

  /** Throws `ADDRESS_THROTTLED` for a credential that was not let in from an address that brought too many others. */
  check(address: string | undefined, authorization: string | undefined): void {
    if (this.#clearAt.size === 0 || address === undefined || authorization === undefined) return;
    const block = addressBlock(address);
    const now = this.#clock.now();
    const waitMs = (this.#clearAt.get(block) ?? 0) - now - FREE * FORGIVE_EVERY_MS;
    if (waitMs <= 0 || this.#letIn.get(digestOf(block, authorization)) === true) return;
    throw gatewayError('ADDRESS_THROTTLED', 'too many credentials from this address do not count', {
      details: { retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)) },
    });
  }

  failed(address: string | undefined): void {
    if (address === undefined) return;
    const block = addressBlock(address);
    const now = this.#clock.now();
    this.#clearAt.set(block, Math.max(this.#clearAt.get(block) ?? 0, now) + FORGIVE_EVERY_MS);
  }

  /** Remembers who is let in, where somebody else failed. */
  succeeded(address: string | undefined, authorization: string | undefined): void {
    if (this.#clearAt.size === 0 || address === undefined || authorization === undefined) return;
    const block = addressBlock(address);
    const clearAt = this.#clearAt.get(block);
    if (clearAt === undefined) return;
    if (clearAt <= this.#clock.now()) return this.#clearAt.delete(block);
    this.#letIn.set(digestOf(block, authorization), true);
  }
}

const digestOf = (block: string, authorization: string): string =>
  sha256(`${block}\n${authorization}`).toString('base64url');
