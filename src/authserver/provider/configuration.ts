import type { Configuration, errors as providerErrors, interactionPolicy, JWKS } from 'oidc-provider';
import { adapterFor } from './adapter.ts';
import { policyOf } from './interaction-policy.ts';
import { IDENTITY_SCOPES, INTERACTION, ROUTES, type Lifetimes } from './settings.ts';
import type { Artifacts } from '../artifacts/artifacts.ts';
import type { OAuthClient } from '../clients/client.ts';
import type { ClientSource } from '../clients/client-source.ts';
import { canonicalResource } from '../resources/resource-url.ts';
import type { SigningAlgorithm } from '../keys/index.ts';
import type { OwnerMap } from '../resources/owner-map.ts';
import type { Account } from './account.ts';
import type { TokenRecords } from './token-records.ts';
import type { TokenSessions } from '../token-sessions/token-sessions.ts';

/** What the provider is made of; everything that it asks is answered by one of these. */
export interface ProviderParts {
  readonly issuer: URL;
  readonly keys: JWKS;
  /** The algorithm of the key that signs now. */
  readonly signingAlgorithm: SigningAlgorithm;
  readonly lifetimes: Lifetimes;
  readonly artifacts: Artifacts;
  readonly clients: ClientSource;
  readonly owners: OwnerMap;
  readonly tokens: TokenRecords;
  readonly sessions: TokenSessions;
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
  /** Keys of the cookies that the provider signs; the same in every process. */
  readonly cookieKeys: readonly string[];
}

const ASYMMETRIC = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'Ed25519',
  'EdDSA',
] as const;

/**
 * oidc-provider as we run it: OAuth 2.1 (code with S256, no implicit, no password), resources from the owner
 * map, every lifetime said, every page ours.
 */
export function providerConfiguration(
  parts: ProviderParts,
  {
    interactionPolicy: policies,
    errors,
  }: { interactionPolicy: typeof interactionPolicy; errors: typeof providerErrors },
): Configuration {
  const { lifetimes, owners, tokens } = parts;
  const secure = parts.issuer.protocol === 'https:';
  const cookie = { httpOnly: true, sameSite: 'lax', secure, signed: true, overwrite: true } as const;
  return {
    adapter: (model: string) => adapterFor(model, parts),
    jwks: parts.keys,
    routes: ROUTES,
    clientDefaults: {
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      // With keys of another kind alone, every client would fail on the default RS256.
      id_token_signed_response_alg: parts.signingAlgorithm,
    },
    discovery: parts.metadata,
    responseTypes: ['code'],
    clientAuthMethods: ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    enabledJWA: {
      clientAuthSigningAlgValues: [...ASYMMETRIC],
      idTokenSigningAlgValues: ['ES256', 'ES384', 'ES512', 'RS256', 'RS384', 'RS512', 'EdDSA'],
      userinfoSigningAlgValues: ['ES256', 'ES384', 'ES512', 'RS256', 'RS384', 'RS512', 'EdDSA'],
      dPoPSigningAlgValues: ['ES256', 'ES384', 'ES512', 'RS256', 'PS256', 'Ed25519', 'EdDSA'],
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
    clockTolerance: 30,
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
      RefreshToken: lifetimes.refreshToken,
      Session: 86_400,
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
    extraTokenClaims: (_, token) => tokens.claimsOf(token),
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
      dPoP: { enabled: true },
      resourceIndicators: {
        enabled: true,
        // A client with one audience need not name it; for others there is no default (RFC 8707 §2.1).
        defaultResource: async (_, client, oneOf) => oneOf ?? (await soleAudience(parts.clients, client.clientId)),
        useGrantedResource: () => true,
        async getResourceServerInfo(_, indicator, { clientId }) {
          const owned = owners.resolve(indicator);
          if (owned === undefined) throw new errors.InvalidTarget('nothing here has that resource indicator');
          const client = await parts.clients.find(clientId);
          if (!mayAskFor(client, owned.resource))
            throw new errors.InvalidTarget('the client may not ask for that resource');
          return {
            audience: owned.resource,
            scope: scopesFor(client, owned.scopes).join(' '),
            accessTokenTTL: lifetimes.accessToken,
            accessTokenFormat: 'jwt',
            jwt: { sign: { alg: parts.signingAlgorithm } },
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
async function soleAudience(clients: ClientSource, clientId: string): Promise<string | undefined> {
  const audiences = (await clients.find(clientId))?.audiences ?? [];
  return audiences.length === 1 ? audiences[0] : undefined;
}

/** Whether a client may have tokens for the resource at all, whoever would allow it. */
function mayAskFor(client: OAuthClient | undefined, resource: string): boolean {
  if (client === undefined || client.signInOnly) return false;
  return client.audiences === undefined || client.audiences.some((one) => canonicalResource(one) === resource);
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
