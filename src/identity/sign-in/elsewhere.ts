/** The identity provider that people sign in at before anything else, as they know it. */
export interface PrimaryProvider {
  /** Text, to be escaped where it is shown. */
  readonly displayName: string;
  /** Who vouches for its people. */
  readonly issuer: string;
}

/** A browser that is sent to a provider. */
export interface Departure {
  readonly location: URL;
  /** `Set-Cookie` of the answer that sends it. */
  readonly setCookie: string;
}

/**
 * Signing in at an identity provider. A port, because whoever speaks with providers is a module above: what
 * comes back from there is `signInVouched`'s.
 */
export interface SignInElsewhere {
  /** The provider of now; undefined where people sign in with us alone. */
  primary(): PrimaryProvider | undefined;
  /**
   * Begins a sign-in there that goes on to `next`, a path of ours. With `anew` the provider is to authenticate
   * the person whatever session they have there. Throws what is catalogued when the provider cannot be used now.
   */
  begin(asked: { readonly next: string; readonly anew: boolean }): Promise<Departure>;
}

/** Where people sign in with us alone. */
export const NOWHERE_ELSE: SignInElsewhere = {
  primary: () => undefined,
  begin: () => Promise.reject(new Error('there is no identity provider to sign in at')),
};
