import { sha256Hex, type Clock } from '#kernel';
import type { Database } from '#db';
import { forgetAttempts, giveBackAttempt, openAt, pruneAttempts, takeAttempt } from '../store/attempts-store.ts';
import { waitLadder, type Budget } from './budget.ts';
import { throttleError } from './errors.ts';

/** An attempt that was let through, in one budget. */
export interface Attempt {
  readonly budget: Budget;
  readonly key: string;
  /** From when on the next one would be let through, as this one left it. */
  readonly openAt: number;
}

/** How often old counters are cleared away: with every so many attempts of this process. */
const PRUNE_EVERY = 256;

/**
 * Counts attempts before they are judged, in the database: what several processes let through together is
 * what one would, and a restart forgets nothing (CVE-2024-4629). Each count is one statement that
 * commits by itself, so that no transaction of the attempt can take it back (CVE-2026-35597).
 *
 * Not rate-limiter-flexible: it counts points in windows, where the wait here grows with each failure,
 * and would bring its own table past the migrations and the rights of the role that serves.
 */
export class Throttle {
  readonly #database: Database;
  readonly #clock: Clock;
  #taken = 0;

  constructor(parts: { readonly database: Database; readonly clock: Clock }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
  }

  /**
   * Takes one attempt out of every budget, or throws `SIGN_IN_THROTTLED` with the seconds to wait. The
   * keys are digests, so that the table does not tell what names were tried. An attempt that a later
   * budget refused has still been counted in the earlier ones.
   */
  async take(wanted: readonly { readonly budget: Budget; readonly of: string }[]): Promise<readonly Attempt[]> {
    const attempts: Attempt[] = [];
    for (const { budget, of } of wanted) {
      const key = `${budget.name}:${sha256Hex(of)}`;
      const now = this.#clock.now();
      const { forgiveEveryMs } = budget;
      const openAt = await takeAttempt(this.#database.db, { key, now, forgiveEveryMs, ladder: waitLadder(budget) });
      if (openAt === undefined) throw await this.#refusal(key, now);
      attempts.push({ budget, key, openAt });
    }
    if (++this.#taken % PRUNE_EVERY === 0) {
      await pruneAttempts(this.#database.db, this.#clock.now());
    }
    return attempts;
  }

  /**
   * The attempt succeeded. Counters of a person start anew; one that many share only gets this attempt
   * back, or whoever has one good password could try all others without end.
   */
  async succeeded(attempts: readonly Attempt[]): Promise<void> {
    for (const attempt of attempts) {
      if (SHARED.has(attempt.budget.name)) await this.giveBack([attempt]);
      else await forgetAttempts(this.#database.db, attempt.key);
    }
  }

  /** The attempts were not judged after all. */
  async giveBack(attempts: readonly Attempt[]): Promise<void> {
    const now = this.#clock.now();
    for (const { budget, key, openAt } of attempts) {
      await giveBackAttempt(this.#database.db, { key, openAt, now, forgiveEveryMs: budget.forgiveEveryMs });
    }
  }

  async #refusal(key: string, now: number): Promise<Error> {
    const until = (await openAt(this.#database.db, key)) ?? now;
    const seconds = Math.max(1, Math.ceil((until - now) / 1000));
    return throttleError('SIGN_IN_THROTTLED', `too many attempts failed; try again in ${spoken(seconds)}`, {
      details: { retryAfterSeconds: seconds },
    });
  }
}

/** Budgets that many people share. */
const SHARED: ReadonlySet<string> = new Set(['address', 'link']);

const spoken = (seconds: number): string =>
  seconds < 90 ? `${seconds} second${seconds === 1 ? '' : 's'}` : `${Math.ceil(seconds / 60)} minutes`;
