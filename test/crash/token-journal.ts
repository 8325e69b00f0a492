/**
 * Codes and refresh tokens as their client knows them: what it was given, what it used up, and what it asked for
 * without getting an answer, which may have happened or not.
 */
import type { HeldCode, Tokens } from '../scripted-client.ts';

/** One sign-in. */
export interface Family {
  readonly name: string;
  /** The code that it began with. */
  readonly code: HeldCode;
  /** The newest that was acknowledged. */
  tokens: Tokens;
  /** Refresh tokens that were used and whose successor was acknowledged. */
  readonly spent: string[];
  /** The newest was presented, and no answer came. */
  unanswered: boolean;
}

/** A code that was presented, and no answer came. */
export type UnansweredCode = HeldCode;

export class TokenJournal {
  readonly families = new Set<Family>();
  readonly unansweredCodes = new Set<UnansweredCode>();
  /** What was presented again after it had no answer, by what was said to it. */
  readonly retried = { accepted: 0, refused: 0 };
  refreshes = 0;
  redemptions = 0;
  /** Answers that no client should get. */
  readonly wrong: string[] = [];
  #made = 0;

  begin(code: HeldCode, tokens: Tokens): void {
    this.redemptions++;
    this.families.add({ name: `family ${++this.#made}`, code, tokens, spent: [], unanswered: false });
  }

  refreshed(family: Family, tokens: Tokens): void {
    this.refreshes++;
    family.spent.push(family.tokens.refreshToken);
    family.tokens = tokens;
    family.unanswered = false;
  }
}
