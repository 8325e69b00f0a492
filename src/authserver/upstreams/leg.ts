import type { ChatelaineError, Result } from '#kernel';
import type { UpstreamAccount } from './read-account.ts';
import type { UpstreamTokens } from './provider.ts';

/** A user of ours, as far as a link is concerned. */
export interface LegUser {
  readonly id: string;
  readonly issuer: string;
  readonly subject: string;
}

/** What one leg at a provider is for. */
export type LegPurpose = { readonly kind: 'sign-in' } | { readonly kind: 'link'; readonly user: LegUser };

export interface LegRequest {
  readonly upstream: string;
  readonly purpose: LegPurpose;
  /** A path of ours or the id of an interaction: handed back as it is, and never read. */
  readonly returnTo: string;
  /** `namespace/name` of whom the tokens will be kept for, handed back likewise. */
  readonly owner?: string | undefined;
  readonly loginHint?: string | undefined;
  /** The provider shall authenticate the person anew, whatever session they have there. */
  readonly anew?: boolean;
  /** What is asked for in the place of the usual; see `AuthorizationWish`. */
  readonly scopes?: readonly string[] | undefined;
}

export interface BegunLeg {
  /** Where the browser is sent. */
  readonly location: URL;
  /** `Set-Cookie` of the answer that sends it. */
  readonly setCookie: string;
}

/** A leg that ended well. */
export interface FinishedLeg extends UpstreamAccount {
  readonly upstream: string;
  readonly purpose: 'sign-in' | 'link';
  /** Whom a link was begun for, and finished by. */
  readonly userId: string | undefined;
  readonly owner: string | undefined;
  readonly returnTo: string;
  readonly tokens: UpstreamTokens;
}

/** One that did not, for a page to show: message and remedy repeat nothing that a stranger wrote. */
export interface LegRefusal {
  readonly error: ChatelaineError;
  /** Where to go back to: known once it is certain that this browser began the leg. */
  readonly returnTo: string | undefined;
}

export interface EndedLeg {
  readonly outcome: Result<FinishedLeg, LegRefusal>;
  /** `Set-Cookie` of the answer; undefined where there was no leg. */
  readonly clearCookie: string | undefined;
}
