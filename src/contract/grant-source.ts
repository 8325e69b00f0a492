import type { Result, Secret } from '#kernel';

/** What is wanted of a grant, beside whose it is. */
export interface UpstreamTokenWish {
  /**
   * An access token that was handed out before and that an API refused: whoever keeps grants refreshes it, if it is
   * the one that they would hand out again. They need not.
   */
  readonly refused?: Secret | undefined;
  /**
   * The ID token of the person, to be exchanged for something else and never to be sent to an API. Whoever gives one
   * says so in `issued`.
   */
  readonly wanted?: 'id_token' | undefined;
}

/** Whoever runs tools for a caller asks for the caller's token at a provider. */
export interface UpstreamTokenRequest extends UpstreamTokenWish {
  /** The access token of ours that the caller came with. */
  readonly subjectToken: Secret;
  /** `namespace/name` of the server, gateway or proxy that asks. */
  readonly owner: string;
  /** The name of the upstream. */
  readonly upstream: string;
}

/** An access token of a provider. Never a refresh token, which nobody but the keeper of grants has. */
export interface UpstreamAccessToken {
  readonly accessToken: Secret;
  /** How long it lives yet, in whole seconds; undefined where the provider does not say. */
  readonly expiresInSeconds: number | undefined;
  readonly scopes: readonly string[];
  /** Where it is the ID token that was wanted, and no access token. */
  readonly issued?: 'id_token';
}

/**
 * Why there is none.
 *
 *   session      the subject token is of no session of this owner: unknown and foreign ones answer alike
 *   upstream     the session has nothing to do with this upstream
 *   link         the person has to link the account, anew if they did before
 *   unavailable  the provider does not answer now; nothing is lost
 */
export type GrantRefusal =
  | { readonly reason: 'session' | 'upstream' | 'link' }
  | { readonly reason: 'unavailable'; readonly retryAfterSeconds: number };

/** The port to grants: in the process of the authorization server itself, and over mTLS beside it. */
export interface GrantSource {
  /** Rejects where the keeper of grants is at fault, and no answer of it may be believed. */
  upstreamToken(request: UpstreamTokenRequest): Promise<Result<UpstreamAccessToken, GrantRefusal>>;
}
