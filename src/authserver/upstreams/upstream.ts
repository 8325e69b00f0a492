import type { EgressRules } from '#egress';
import type { SecretValue } from '#contract';

/**
 * An identity provider as the rest of this folder sees it, whatever the type of its document: the facts of a
 * well-known one and what the document says, put together by `describe-upstream.ts`.
 */
export interface Upstream {
  readonly name: string;
  /** Whose secrets it may use. */
  readonly namespace: string;
  /** Who vouches for its people. */
  readonly issuer: string;
  readonly client: UpstreamClient;
  readonly scopes: readonly string[];
  /** More parameters of the authorization request. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly protocol: OpenidProtocol | OAuth2Protocol;
  readonly allowed: AllowedAccounts;
  readonly egress: EgressRules;
}

/** How we authenticate there: in exactly one way. A public client (`none`) has PKCE alone. */
export interface UpstreamClient {
  readonly id: string;
  readonly secret?: SecretValue | undefined;
  readonly privateKey?: SecretValue | undefined;
  readonly keyId?: string | undefined;
  readonly authentication?: 'client_secret_basic' | 'client_secret_post' | 'none' | undefined;
}

export interface OpenidProtocol {
  readonly kind: 'openid';
  /** Whether the userinfo endpoint is asked as well. */
  readonly userinfo: boolean;
  /** Stands before the subject where that is not unique at the issuer. */
  readonly subjectPrefixClaim?: string | undefined;
  readonly groupsClaim?: string | undefined;
  readonly organizationClaim?: string | undefined;
  readonly requiredAcr?: readonly string[] | undefined;
}

export interface OAuth2Protocol {
  readonly kind: 'oauth2';
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly userinfoEndpoint: string;
  readonly revocationEndpoint?: string | undefined;
  readonly emailsEndpoint?: string | undefined;
  readonly organizationsEndpoint?: string | undefined;
  readonly organizationField: string;
  readonly organizationsAsGroups: boolean;
  readonly fields: UserFields;
}

/** Where an API says what of a person; a dot leads into an object. */
export interface UserFields {
  readonly subject: string;
  readonly username?: string | undefined;
  readonly name?: string | undefined;
  readonly email?: string | undefined;
  readonly emailVerified?: string | undefined;
  readonly groups?: string | undefined;
}

export interface AllowedAccounts {
  readonly domains?: readonly string[] | undefined;
  readonly organizations?: readonly string[] | undefined;
  /** The claim that must name one of the domains, in the place of a verified address. */
  readonly domainClaim?: string | undefined;
}
