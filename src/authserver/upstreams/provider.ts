/**
 * The port to whoever gives tokens for people: an identity provider of a document (`upstream-provider.ts`), or the
 * authorization server that an MCP server names (`servers/server-provider.ts`).
 */
import type { Secret } from '#kernel';
import type { Claims } from './claims.ts';
import type { UpstreamAccount } from './read-account.ts';

export interface Provider {
  readonly upstream: {
    readonly name: string;
    /** Who vouches for its accounts: with the name, what a leg and a grant are bound to. */
    readonly issuer: string;
  };
  /** Where the browser is sent (RFC 6749 §4.1.1, RFC 7636 §4.3). */
  authorization(proof: LegProof, request: AuthorizationWish): Promise<Authorization>;
  /** Redeems the code of a callback, whose `iss` (RFC 9207) is checked before anything else of it counts. */
  redeem(callback: URL, proof: LegProof, note: string | undefined): Promise<TokenAnswer>;
  /** Who the tokens belong to, if they may come in. */
  account(answer: TokenAnswer): Promise<UpstreamAccount>;
  /** The next tokens. What the answer leaves out stays as it was (RFC 6749 §6). Throws `UPSTREAM_GRANT_ENDED`. */
  refresh(refreshToken: Secret, before: RefreshedTokens): Promise<TokenAnswer>;
  /** Ends a token at the provider (RFC 7009); false where it has no way to, or did not give it. */
  revoke(token: Secret, hint: 'access_token' | 'refresh_token', givenBy: string | undefined): Promise<boolean>;
  /** Lets what is under way end. */
  close(): Promise<void>;
}

export interface AuthorizationWish {
  readonly redirectUri: string;
  readonly loginHint?: string | undefined;
  /** The provider shall authenticate the person anew, whatever session they have there. */
  readonly anew?: boolean;
  /** What is asked for in the place of the usual; where the provider has it otherwise, that counts. */
  readonly scopes?: readonly string[] | undefined;
}

export interface Authorization {
  readonly location: URL;
  /** What `redeem` has to know of it, sealed with the leg meanwhile. */
  readonly note?: string | undefined;
}

/** What a code is redeemed with beside itself. */
export interface LegProof {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** What a provider gave us for somebody. */
export interface UpstreamTokens {
  readonly accessToken: Secret;
  readonly refreshToken: Secret | undefined;
  readonly idToken: Secret | undefined;
  readonly scopes: readonly string[];
  /** When the access token ends, in milliseconds since the epoch; undefined where the provider does not say. */
  readonly expiresAt: number | undefined;
  /** The issuer that gave them, where the upstream does not stand for one: nobody else is shown the refresh token. */
  readonly givenBy?: string | undefined;
}

export type RefreshedTokens = Pick<UpstreamTokens, 'scopes' | 'idToken' | 'givenBy'>;

export interface TokenAnswer {
  readonly tokens: UpstreamTokens;
  /** Of the ID token, verified; undefined where there was none. */
  readonly claims: Claims | undefined;
}
