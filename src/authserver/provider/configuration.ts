import type {
  Configuration,
  errors as providerErrors,
  ExternalSigningKey,
  interactionPolicy,
  Provider as ProviderClass,
} from 'oidc-provider';
import { ASYMMETRIC_ALGORITHMS, DPOP_ALGORITHMS, SIGNING_ALGORITHMS } from '#contract';
import { adapterFor } from './adapter.ts';
import { policyOf } from './interaction-policy.ts';
import { endpointAliases, mutualTlsFeature, type MutualTls } from './mutual-tls.ts';
import { IDENTITY_SCOPES, INTERACTION, ROUTES, type Lifetimes } from './settings.ts';
import { signingKeyOf } from './signing-key.ts';
import type { Artifacts } from '../artifacts/artifacts.ts';
import type { OAuthClient } from '../clients/client.ts';
import type { ClientSource } from '../clients/client-source.ts';
import { checkClientAssertion } from '../grant-types/client-assertion.ts';
import { ownAudiences, type GrantTypeParts } from '../grant-types/index.ts';
import type { Signer } from '../keys/index.ts';
import type { Openings } from '../limits/index.ts';
import type { OwnerMap, ResourceOwner } from '../resources/owner-map.ts';
import type { Account } from './account.ts';
import type { TokenRecords } from './token-records.ts';
import type { TokenSessions } from '../token-sessions/token-sessions.ts';

/** What the provider is made of; everything that it asks is answered by one of these. */
export interface ProviderParts {
  readonly issuer: URL;
  /** The key that signs now. */
  readonly signer: Signer;
  readonly lifetimes: Lifetimes;
  /** How long a refresh token counts, in seconds. */
  readonly refreshLifetime: (token: {
    readonly clientId?: string | undefined;
    readonly iiat?: number | undefined;
  }) => number;
  readonly artifacts: Artifacts;
  readonly clients: ClientSource;
  readonly owners: OwnerMap;
  readonly tokens: TokenRecords;
  /** What the grants are made of that are ours. */
  readonly grantTypes: GrantTypeParts;
  readonly sessions: TokenSessions;
  readonly openings: Openings;
  /** The user with that id who may still sign in. */
  readonly account: (userId: string) => Promise<Account | undefined>;
  /** Who is signed in by the cookie of the request; looked up before the provider sees it. */
  readonly signedInAs: (request: object) => string | undefined;
  /** The grant of a consent that still holds for this request, and is not asked for again. */
  readonly standingGrant: Configuration['loadExistingGrant'];
  readonly renderError: Configuration['renderError'];
  /** What of the metadata (RFC 8414 §2) the provider does not know of. */
  readonly metadata: Readonly<Record<string, unknown>>;
  /** For what clients publish: their keys. */
  readonly fetch: typeof fetch;
  readonly deviceFlow: NonNullable<Configuration['features']>['deviceFlow'];
  /** 32 bytes that nonces of DPoP proofs are derived from; those of the doors as well. */
  readonly nonceSecret: Buffer;
  /** Where clients show certificates; undefined where nobody does. */
  readonly mutualTls: MutualTls | undefined;
  /** Keys of the cookies that the provider signs; the same in every process. */
  readonly cookieKeys: readonly string[];
}

/** Seconds. */
const CLOCK_TOLERANCE = 30;

/**
 * oidc-provider as we run it: OAuth 2.1 (code with S256, no implicit, no password), resources from the owner
 * map, every lifetime said, every page ours.
 */
export function providerConfiguration(
  parts: ProviderParts,
  {
    interactionPolicy: policies,
    errors,
    default: Provider,
    ExternalSigningKey: SigningKey,
  }: {
    interactionPolicy: typeof interactionPolicy;
    errors: typeof providerErrors;
    default: typeof ProviderClass;
    ExternalSigningKey: typeof ExternalSigningKey;
  },
): Configuration {
  const { lifetimes, owners, tokens } = parts;
  const secure = parts.issuer.protocol === 'https:';
  const cookie = { httpOnly: true, sameSite: 'lax', secure, signed: true, overwrite: true } as const;
  return {
    adapter: (model: string) =>
      adapterFor(model, parts, {
        clientId: () => Provider.ctx?.oidc.client?.clientId,
        full: () => new errors.TemporarilyUnavailable('too many requests are open'),
      }),
    jwks: { keys: [signingKeyOf(parts.signer, SigningKey)] },
    routes: ROUTES,
    clientDefaults: {
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      // With keys of another kind alone, every client would fail on the default RS256.
      id_token_signed_response_alg: parts.signer.algorithm,
    },
    discovery: {
      ...parts.metadata,
      ...(parts.mutualTls && { mtls_endpoint_aliases: endpointAliases(parts.mutualTls.url) }),
    },
    responseTypes: ['code'],
    clientAuthMethods: [
      ...(['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'] as const),
      ...(parts.mutualTls === undefined ? [] : (['tls_client_auth'] as const)),
    ],
    enabledJWA: {
      clientAuthSigningAlgValues: [...ASYMMETRIC_ALGORITHMS],
      idTokenSigningAlgValues: [...SIGNING_ALGORITHMS],
      userinfoSigningAlgValues: [...SIGNING_ALGORITHMS],
      dPoPSigningAlgValues: [...DPOP_ALGORITHMS],
    },
    pkce: { required: () => true },
    scopes: [...IDENTITY_SCOPES],
    claims: {
      openid: ['sub'],
      profile: ['name', 'preferred_username'],
      email: ['email'],
      groups: ['groups'],
    },
    conformIdTokenClaims: false,
    allowOmittingSingleRegisteredRedirectUri: true,
    clockTolerance: CLOCK_TOLERANCE,
    assertJwtClientAuthClaimsAndHeader(ctx, claims) {
      const audiences = ownAudiences(parts.issuer.origin, ctx.oidc.route);
      const checked = checkClientAssertion(claims, audiences, {
        ...{ nowSeconds: Date.now() / 1000, toleranceSeconds: CLOCK_TOLERANCE },
        knownSinceSeconds: parts.grantTypes.assertionsKnownSince / 1000,
      });
      if (!checked.ok) throw new errors.InvalidClientAuth(checked.error);
    },
    cookies: {
      names: {
        session: sessionCookie(parts.issuer),
        interaction: `${secure ? '__Secure-' : ''}chatelaine-interaction`,
        resume: `${secure ? '__Secure-' : ''}chatelaine-resume`,
      },
      keys: [...parts.cookieKeys],
      long: { ...cookie, path: '/' },
      short: cookie,
    },
    ttl: {
      AccessToken: lifetimes.accessToken,
      AuthorizationCode: lifetimes.code,
      ClientCredentials: lifetimes.accessToken,
      DeviceCode: lifetimes.deviceCode,
      // What its tokens stand on: each refresh begins it anew.
      Grant: lifetimes.refreshToken,
      IdToken: lifetimes.accessToken,
      Interaction: lifetimes.interaction,
      RefreshToken: (_, token) => parts.refreshLifetime(token),
      // Of a browser in which nobody has signed in yet, for as long as a form of it may be looked at.
      Session: (_, session) => (session.accountId === undefined ? lifetimes.interaction : 86_400),
    },
    interactions: {
      policy: policyOf(policies, parts.signedInAs),
      url: (_, interaction) => `${INTERACTION}/${interaction.uid}`,
    },
    findAccount: async (_, userId) => await parts.account(userId),
    loadExistingGrant: parts.standingGrant,
    issueRefreshToken: (_, client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true,
    revokeGrantPolicy: () => true,
    expiresWithSession: () => false,
    extraTokenClaims: (ctx, token) => tokens.claimsOf(ctx, token, errors),
    formats: { customizers: { jwt: (_, token, jwt) => tokens.issuing(token, jwt) } },
    fetch: parts.fetch,
    // Pages of whom a client names: decided per client once they are known, and never by wildcard.
    clientBasedCORS: (_, origin, client) => originsOf(client.redirectUris).has(origin),
    renderError: parts.renderError,
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: (_, client, token) => tokens.mayIntrospect(client, token) },
      revocation: { enabled: true, allowedPolicy: (_, client, token) => token.clientId === client.clientId },
      userinfo: { enabled: true },
      rpInitiatedLogout: { enabled: false },
      pushedAuthorizationRequests: { enabled: true },
      deviceFlow: parts.deviceFlow,
      // A nonce is for whose clock is wrong; that a proof counts once does not rest on it (ADR 28).
      dPoP: { enabled: true, nonceSecret: parts.nonceSecret, requireNonce: () => false },
      mTLS: mutualTlsFeature(parts.mutualTls),
      externalSigningSupport: { enabled: true, ack: 'experimental-01' },
      resourceIndicators: {
        enabled: true,
        // A client with one audience need not name it; for others there is no default (RFC 8707 §2.1).
        defaultResource: async (_, client, oneOf) => oneOf ?? (await soleAudience(parts, client.clientId)),
        useGrantedResource: () => true,
        async getResourceServerInfo(ctx, indicator, { clientId }) {
          // RFC 8707 §2 allows several; a token session has one owner, and whoever consents sees one.
          if (Array.isArray(ctx.oidc.params?.['resource']))
            throw new errors.InvalidTarget('a request is for one resource');
          const owned = owners.resolve(indicator);
          if (owned === undefined) throw new errors.InvalidTarget('nothing here has that resource indicator');
          const client = await parts.clients.find(clientId);
          if (!mayAskFor(client, owned, owners))
            throw new errors.InvalidTarget('the client may not ask for that resource');
          return {
            audience: owned.resource,
            scope: scopesFor(client, owned.scopes).join(' '),
            accessTokenTTL: lifetimes.accessToken,
            accessTokenFormat: 'jwt',
            jwt: { sign: { alg: parts.signer.algorithm } },
          };
        },
      },
    },
  };
}

/** The cookie by which the provider knows a browser; what it says counts beside the session of identity alone. */
export const sessionCookie = (issuer: URL): string =>
  `${issuer.protocol === 'https:' ? '__Host-' : ''}chatelaine-oauth`;

/** What a client gets that names no resource: the sole one that it may ask for; for others there is no default. */
async function soleAudience(
  { clients, owners }: Pick<ProviderParts, 'clients' | 'owners'>,
  clientId: string,
): Promise<string | undefined> {
  const [sole, ...others] = (await clients.find(clientId))?.audiences ?? [];
  return sole === undefined || others.length > 0 ? undefined : (owners.resolve(sole)?.resource ?? sole);
}

/**
 * Whether a client may have tokens for the resource at all, whoever would allow it. What administers is for those
 * that the configuration vouches for: no administrator is to be asked for it by a stranger.
 */
function mayAskFor(
  client: OAuthClient | undefined,
  { resource, administers }: ResourceOwner,
  owners: OwnerMap,
): boolean {
  if (client === undefined || client.signInOnly) return false;
  if (administers === true && client.origin !== 'declared') return false;
  return client.audiences === undefined || client.audiences.some((one) => owners.resolve(one)?.resource === resource);
}

/**
 * What a client may ask for there. What one that was set up here may not is its limit; what another says when it
 * registers is what it knew of then, and a person decides about more.
 */
function scopesFor(client: OAuthClient | undefined, scopes: readonly string[]): readonly string[] {
  if (client?.origin !== 'declared' || client.scopes === undefined) return scopes;
  const allowed = new Set(client.scopes);
  return scopes.filter((scope) => allowed.has(scope));
}

function originsOf(redirectUris: readonly string[] | undefined): ReadonlySet<string> {
  const urls = (redirectUris ?? []).map((uri) => URL.parse(uri));
  return new Set(urls.flatMap((url) => (url === null || url.origin === 'null' ? [] : [url.origin])));
}
