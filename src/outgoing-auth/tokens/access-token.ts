import type { Secret } from '#kernel';

/** A token of somebody's token endpoint, in the hands of who asked for it. */
export interface AccessToken {
  readonly token: Secret;
  /** When it was asked for and until when it is used, in milliseconds: it ends a little later. */
  readonly from: number;
  readonly until: number;
}

/** Not used in the last moments of its life: it would end on the way. */
const SKEW_MS = 30_000;
/** For a token of which nobody said how long it lives. */
const UNSAID_LIFETIME_MS = 5 * 60_000;

/** A token that lives shorter than the skew is used for half its life. */
export function livingFrom(from: number, token: Secret, lifetimeMs: number = UNSAID_LIFETIME_MS): AccessToken {
  return { token, from, until: from + Math.max(lifetimeMs - SKEW_MS, lifetimeMs / 2) };
}

/** The same token, and no longer than what it was had for lives. */
export const endingWith = <Token extends AccessToken>(token: Token, endsAt: number): Token => ({
  ...token,
  until: Math.min(token.until, endsAt),
});
