import type { ClientAuthMethod, ClientGrant, PublicJwks } from '#contract';
import { matchesRedirectUri, parseRedirectUri } from '#contract';
import { equalBytes, sha256, sha256Hex } from '#kernel';

/**
 * Who vouches for a client: the configuration; nobody, since it registered itself; the host of its
 * `client_id`, from which its metadata document came; or identity, whose agent it is.
 */
export type ClientOrigin = 'declared' | 'dynamic' | 'document' | 'agent';

/** An agent of identity, by its name, which is never given to another. */
export interface AgentName {
  readonly namespace: string;
  readonly name: string;
}

/** What a client says of itself, whoever vouches for it. */
export interface ClientFacts {
  /** What people are shown; undefined where it says none. */
  readonly name: string | undefined;
  readonly applicationType: 'web' | 'native';
  readonly redirectUris: readonly string[];
  /** Where a browser may go after signing out (OpenID Connect RP-Initiated Logout §3). */
  readonly postLogoutRedirectUris: readonly string[];
  readonly grants: readonly ClientGrant[];
  readonly authMethod: ClientAuthMethod;
  readonly jwks: PublicJwks | undefined;
  readonly jwksUri: string | undefined;
  readonly scopes: readonly string[] | undefined;
  readonly requirePushedAuthorizationRequests: boolean;
}

/** An OAuth client, wherever it comes from. What is left out is not narrowed. */
export interface OAuthClient extends ClientFacts {
  readonly clientId: string;
  readonly origin: ClientOrigin;
  /** SHA-256 of its secret, lower-case hex; the secret itself is nowhere. */
  readonly secretHash: string | undefined;
  readonly certificate: CertificateName | undefined;
  /** Resources that it may ask tokens for; a sole one is its default. */
  readonly audiences: readonly string[] | undefined;
  /** Resources whose server it is; never of a client that the configuration does not vouch for. */
  readonly introspects: readonly string[];
  readonly signInOnly: boolean;
  /** Consent is skipped. Never of a client that the configuration does not vouch for. */
  readonly firstParty: boolean;
  /** Whom it acts as where it acts for itself; without one it is nobody at the doors. */
  readonly agent?: AgentName | undefined;
  /** Clients that may act for people with its tokens, whom nobody asks them about. */
  readonly mayDelegateTo?: readonly string[] | undefined;
  readonly dpopBoundAccessTokens: boolean;
  /** Its tokens are bound to the certificate that it shows when it asks for them (RFC 8705 §3.4). */
  readonly certificateBoundAccessTokens: boolean;
  /** A page about it, for people; never fetched. */
  readonly clientUri: string | undefined;
  /** Seconds since the epoch, of one that registered itself. */
  readonly issuedAt: number | undefined;
}

/** The one name that a client's certificate must hold (RFC 8705 §2.1.2). */
export interface CertificateName {
  readonly subjectDn?: string | undefined;
  readonly sanDns?: string | undefined;
  readonly sanUri?: string | undefined;
  readonly sanIp?: string | undefined;
  readonly sanEmail?: string | undefined;
}

/** Grant types as they are called on the wire (RFC 6749, RFC 8628 §3.4, RFC 8693 §2.1, RFC 7523 §2.1). */
export const GRANT_TYPES: Readonly<Record<ClientGrant, string>> = {
  authorization_code: 'authorization_code',
  refresh_token: 'refresh_token',
  client_credentials: 'client_credentials',
  device_code: 'urn:ietf:params:oauth:grant-type:device_code',
  'token-exchange': 'urn:ietf:params:oauth:grant-type:token-exchange',
  'jwt-bearer': 'urn:ietf:params:oauth:grant-type:jwt-bearer',
};

/** Whether codes for the client may be sent there. */
export const mayRedirectTo = (
  { redirectUris, applicationType }: Pick<OAuthClient, 'redirectUris' | 'applicationType'>,
  presented: string,
): boolean => redirectUris.some((uri) => matchesRedirectUri(uri, presented, applicationType === 'native'));

/** Native when any of its redirect URIs leads to an app or to this machine (RFC 8252 §7). */
export const applicationTypeOf = (redirectUris: readonly string[]): 'web' | 'native' =>
  redirectUris.some((uri) => {
    const parsed = parseRedirectUri(uri);
    return parsed.ok && parsed.value.kind !== 'https';
  })
    ? 'native'
    : 'web';

/**
 * Tells one state of what matters about a client from every other: consent is to the client as it was shown,
 * and holds no longer when this changes. Where codes go, how it proves itself, what it is called.
 */
export function securityDigest(client: OAuthClient): string {
  const { clientId, origin, name, applicationType, redirectUris, authMethod, jwks, jwksUri, certificate } = client;
  return sha256(
    JSON.stringify([
      clientId,
      origin,
      name ?? null,
      applicationType,
      redirectUris.toSorted(),
      client.grants.toSorted(),
      authMethod,
      jwks ?? null,
      jwksUri ?? null,
      certificate ?? null,
    ]),
  ).toString('base64url');
}

/** How a secret is kept: 256 random bits need no slow hash. One that people chose is judged where it is configured. */
export const hashSecret = (secret: string): string => sha256Hex(secret);

/** How a digest stands in the metadata that oidc-provider is given; no secret has this form. */
const HASHED = 'sha256:';
export const asHashedSecret = (hash: string): string => `${HASHED}${hash}`;

/**
 * Whether a presented secret is the client's, in time that tells nothing. `stored` is the `client_secret` of the
 * metadata, which holds a digest: who reads it cannot present it.
 */
export function compareClientSecret(stored: string | undefined, presented: string): boolean {
  const expected = stored?.startsWith(HASHED) === true ? stored.slice(HASHED.length) : '';
  return (
    equalBytes(Buffer.from(expected.padEnd(64, ' ')), Buffer.from(hashSecret(presented))) && expected.length === 64
  );
}
