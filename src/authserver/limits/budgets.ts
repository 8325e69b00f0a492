import type { Budget } from '#identity';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const WAITS = { firstWaitMs: 30 * SECOND, longestWaitMs: 15 * MINUTE };

/**
 * Secrets of one client from one address where it has never proved itself. More than of a person: a program that
 * starts asks several times at once.
 */
export const SECRET_HERE_BUDGET: Budget = {
  name: 'oauth-secret-here',
  free: 20,
  ...WAITS,
  forgiveEveryMs: 10 * MINUTE,
};
/** The same from all such addresses together. What a few of them use up is forgiven as fast. */
export const SECRET_BUDGET: Budget = { name: 'oauth-secret', free: 100, ...WAITS, forgiveEveryMs: 3 * MINUTE };
/** One address that tries many clients. */
export const SECRETS_BUDGET: Budget = { name: 'oauth-secrets', free: 60, ...WAITS, forgiveEveryMs: MINUTE };
/** From an address where the client has proved itself: what others guess elsewhere does not count here. */
export const SECRET_KNOWN_BUDGET: Budget = { name: 'oauth-secret-known', free: 20, ...WAITS, forgiveEveryMs: MINUTE };

/** User codes that one person, or one browser, types (RFC 8628 §5.1). */
export const USER_CODE_BUDGET: Budget = { name: 'oauth-user-code', free: 5, ...WAITS, forgiveEveryMs: 10 * MINUTE };
/** From one address, which many people may share. */
export const USER_CODES_HERE_BUDGET: Budget = {
  name: 'oauth-user-codes-here',
  free: 20,
  ...WAITS,
  forgiveEveryMs: MINUTE,
};
/**
 * All of them together: while a thousand programs wait, four codes in a hundred million are theirs, and two guesses
 * a second are right once in five months. The wait stays short: it is everybody's.
 */
export const USER_CODES_BUDGET: Budget = {
  name: 'oauth-user-codes',
  free: 100,
  firstWaitMs: SECOND / 2,
  longestWaitMs: 5 * SECOND,
  forgiveEveryMs: SECOND / 2,
};

/** Requests that one address opens: each is a row. Behind one address there may be a whole office. */
export const OPENING_BUDGET: Budget = {
  name: 'oauth-open',
  free: 1000,
  firstWaitMs: SECOND,
  longestWaitMs: MINUTE,
  forgiveEveryMs: 25,
};
