import type { TokenVerifier } from '#contract';

/** Our own authorization server, as the resource server sees it. */
export interface Issuer {
  /** As `iss` of its tokens has it, letter by letter, and as metadata name it. */
  readonly issuer: string;
  /**
   * Verifies a token of this issuer but for what it opens: it gives a principal whose `aud` is the URL of
   * the one resource that the token is for, and the resource server says whether that opens the one asked
   * for. Remembers by itself what may be remembered.
   */
  readonly verifier: TokenVerifier;
  /** The same for credentials that were vended for one tool; without it they open nothing. */
  readonly credentials?: TokenVerifier;
  /** Nobody asked for it: where the configuration trusts other issuers, theirs is where clients are sent first. */
  readonly yields?: boolean;
}
