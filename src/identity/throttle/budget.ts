/**
 * How many attempts are free and how long each one after them has to wait. The waiting grows, and
 * ends: a lock that never opens would let anybody lock anybody out.
 */
export interface Budget {
  /** Names the counter; budgets do not share one. */
  readonly name: string;
  /** How many attempts in a row are let through at once. */
  readonly free: number;
  /** The wait after the last free attempt; it doubles with each further one. Milliseconds. */
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
  /** One attempt is forgiven every so often, whatever happens meanwhile. */
  readonly forgiveEveryMs: number;
}

const MINUTE = 60_000;
const WAITS = { firstWaitMs: 30_000, longestWaitMs: 15 * MINUTE, forgiveEveryMs: 60 * MINUTE };

/** Guesses at one person's password from one address, in browsers where that person has never signed in. */
export const NAME_HERE_BUDGET: Budget = { name: 'name-here', free: 5, ...WAITS };
/**
 * The same from all addresses together: as many as NIST SP 800-63B-4 §3.2.2 lets fail in a row. What a few
 * addresses can use up, each behind a count of its own, is forgiven as fast, so they shut nobody out.
 */
export const NAME_BUDGET: Budget = { name: 'name', free: 100, ...WAITS, forgiveEveryMs: 3 * MINUTE };
/** One address trying many names. Larger, since many people share an address behind a gateway. */
export const ADDRESS_BUDGET: Budget = { name: 'address', free: 40, ...WAITS, forgiveEveryMs: 3 * MINUTE };
/** A browser that the person signed in with before: what others do to the name, from wherever, does not count here. */
export const DEVICE_BUDGET: Budget = { name: 'device', free: 5, ...WAITS };
/**
 * Codes of one person, after the password. At the end four an hour: with three codes of a million valid at
 * any time (RFC 6238 §5.2, one step of tolerance), a day of guessing succeeds once in 3,400 days.
 */
export const SECOND_FACTOR_BUDGET: Budget = { name: 'second-factor', free: 5, ...WAITS };
/** User codes typed by one person (RFC 8628 §5.1). */
export const USER_CODE_BUDGET: Budget = { name: 'user-code', free: 5, ...WAITS };

/** Links for passwords and for the first administrator that are tried from one address. */
export const LINK_BUDGET: Budget = { name: 'link', free: 20, ...WAITS, forgiveEveryMs: MINUTE };

/** Programs that begin to wait for a person; nothing is guessed, but each is a row. */
export const PROGRAM_BUDGET: Budget = { name: 'program', free: 20, ...WAITS, forgiveEveryMs: MINUTE };

/** The wait after an attempt that is the `attempt`th unforgiven one, counted from 1; 0 while they are free. */
export function waitAfter(budget: Budget, attempt: number): number {
  if (attempt < budget.free) return 0;
  return Math.min(budget.firstWaitMs * 2 ** Math.min(attempt - budget.free, 30), budget.longestWaitMs);
}

/** The attempts at which the wait changes, with the wait: all that the database has to know of the rule. */
export function waitLadder(budget: Budget): readonly { readonly attempt: number; readonly waitMs: number }[] {
  const ladder: { attempt: number; waitMs: number }[] = [];
  for (let attempt = budget.free; ; attempt++) {
    const waitMs = waitAfter(budget, attempt);
    ladder.push({ attempt, waitMs });
    if (waitMs === budget.longestWaitMs) return ladder;
  }
}
