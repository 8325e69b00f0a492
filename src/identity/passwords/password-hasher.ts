import { argon2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { equalBytes, reveal, type Secret } from '#kernel';
import { signInError } from '../sign-in/errors.ts';
import { formatPhc, parsePhc, type Argon2Cost, type Argon2Hash } from './phc-string.ts';

/** OWASP's first choice for argon2id where memory counts: 19 MiB, two passes, one lane. */
export const COST: Argon2Cost = { memory: 19_456, passes: 2, parallelism: 1 };

const SALT_BYTES = 16;
const TAG_BYTES = 32;

export interface HasherLimits {
  readonly cost?: Argon2Cost;
  /** How many are computed at once. Each holds `memory` and a thread of libuv's pool of four. */
  readonly atOnce?: number;
  /** How many may wait; who comes after them is told to come back. */
  readonly waiting?: number;
}

const compute = promisify(argon2);

/**
 * Hashes passwords and compares them, off the event loop, a bounded number at a time: each costs
 * 19 MiB and tens of milliseconds, so an open door here would be a way to use up the machine
 * (security-bar.md, L7). Whoever finds the queue full gets `SIGN_IN_BUSY` at once.
 */
export class PasswordHasher {
  readonly #cost: Argon2Cost;
  readonly #atOnce: number;
  readonly #waiting: number;
  readonly #queue: (() => void)[] = [];
  #running = 0;

  constructor(limits: HasherLimits = {}) {
    this.#cost = limits.cost ?? COST;
    this.#atOnce = limits.atOnce ?? 2;
    this.#waiting = limits.waiting ?? 32;
  }

  /** A new PHC string for the password. Throws `SIGN_IN_BUSY`. */
  async hash(password: Secret): Promise<string> {
    const salt = randomBytes(SALT_BYTES);
    const tag = await this.#compute(password, { ...this.#cost, salt }, TAG_BYTES);
    return formatPhc({ ...this.#cost, salt, tag });
  }

  /**
   * Whether the password is the one of `stored`. Without a stored hash, or with one that cannot be read,
   * the same work is done for nothing: the time must not tell whether there is such a user (H8). `usual` is
   * a hash that cost what most cost, which after a raise is less than today's for a long while. Throws
   * `SIGN_IN_BUSY`.
   */
  async matches(password: Secret, stored: string | undefined, usual?: string): Promise<boolean> {
    const hash = stored === undefined ? undefined : parsePhc(stored);
    const nobodys = { ...this.#cost, ...(usual !== undefined && parsePhc(usual)) };
    const { salt, tag, ...cost } = hash ?? { ...nobodys, salt: NOBODYS_SALT, tag: NOBODYS_TAG };
    const computed = await this.#compute(password, { ...cost, salt }, tag.length);
    return equalBytes(computed, tag) && hash !== undefined;
  }

  /** Whether a hash that just matched should be replaced: its cost is another than today's. */
  outdated(stored: string): boolean {
    const hash = parsePhc(stored);
    return (
      hash === undefined ||
      hash.memory !== this.#cost.memory ||
      hash.passes !== this.#cost.passes ||
      hash.parallelism !== this.#cost.parallelism
    );
  }

  async #compute(password: Secret, hash: Omit<Argon2Hash, 'tag'>, tagLength: number): Promise<Buffer> {
    await this.#turn();
    try {
      return await compute('argon2id', {
        message: Buffer.from(reveal(password)),
        nonce: hash.salt,
        memory: hash.memory,
        passes: hash.passes,
        parallelism: hash.parallelism,
        tagLength,
      });
    } finally {
      const next = this.#queue.shift();
      // The place goes on to who waited longest; nobody can slip in between.
      if (next === undefined) this.#running--;
      else next();
    }
  }

  #turn(): Promise<void> | undefined {
    if (this.#running < this.#atOnce) {
      this.#running++;
      return undefined;
    }
    if (this.#queue.length >= this.#waiting) {
      throw signInError('SIGN_IN_BUSY', `${this.#queue.length} passwords wait to be checked`, {
        details: { retryAfterSeconds: 1 },
      });
    }
    return new Promise((resolve) => this.#queue.push(resolve));
  }
}

/** What an unknown user's password is compared with: random, so that nothing hashes to it. */
const NOBODYS_SALT = randomBytes(SALT_BYTES);
const NOBODYS_TAG = randomBytes(TAG_BYTES);
