/**
 * authserver/grant-types: the grants that oidc-provider leaves to others, and what is ours about those it has.
 *
 * Owns whom `client_credentials` stand for (`client-credentials.ts`), delegation by token exchange
 * (`token-exchange.ts`; its request, the chain of actors and consent to it in files of their own), assertions of
 * trusted issuers (`jwt-bearer.ts`; `assertion.ts` and `trusted-keys.ts`), what is asked of a client's own
 * assertion (`client-assertion.ts`), and how tokens of these grants are judged when they come back
 * (`own-tokens.ts`). Does not own the endpoint, how a client proves itself, codes and refreshing (oidc-provider);
 * the exchange for tokens of providers (internal listener).
 * RFC 6749 §4.4, RFC 7521, RFC 7523, RFC 8693, RFC 9068, RFC 9449 §5,
 * draft-ietf-oauth-identity-assertion-authz-grant. docs/delegation.md, ADR 27.
 */
import type { errors as providerErrors, KoaContextWithOIDC, Provider } from 'oidc-provider';
import { ROUTES } from '../provider/settings.ts';
import { GRANT_TYPES } from '../clients/client.ts';
import { EXCHANGE_PARAMETERS } from './exchange-request.ts';
import { jwtBearer, JWT_BEARER_PARAMETERS, type JwtBearerParts } from './jwt-bearer.ts';
import { tokenExchange, type TokenExchangeParts } from './token-exchange.ts';

export type GrantTypeParts = TokenExchangeParts & JwtBearerParts;

/** Gives the provider our grants. To be called before it reads any client. */
export function registerGrantTypes(provider: Provider, parts: GrantTypeParts, errors: typeof providerErrors): void {
  provider.registerGrantType(GRANT_TYPES['token-exchange'], tokenExchange(parts, errors), EXCHANGE_PARAMETERS);
  provider.registerGrantType(GRANT_TYPES['jwt-bearer'], jwtBearer(parts, errors), JWT_BEARER_PARAMETERS);
  // The provider would take whatever `Host` the request came with for ours.
  Object.assign(provider.OIDCContext.prototype, {
    clientJwtAuthExpectedAudience(this: { readonly route: string }): ReadonlySet<string> {
      return ownAudiences(parts.issuer, this.route);
    },
  });
  provider.use(async (context, next) => {
    await next();
    const ctx = context as unknown as KoaContextWithOIDC;
    const trusts = parts.trusted().length > 0;
    if ((ctx as { oidc?: { route?: string } }).oidc?.route !== 'discovery') return;
    const metadata = ctx.body as { grant_types_supported: string[]; authorization_grant_profiles_supported?: string[] };
    // Nothing is offered that nobody could use.
    if (trusts) metadata.authorization_grant_profiles_supported = ['urn:ietf:params:oauth:grant-profile:id-jag'];
    else
      metadata.grant_types_supported = metadata.grant_types_supported.filter(
        (type) => type !== GRANT_TYPES['jwt-bearer'],
      );
  });
}

/** What a client's assertion may call us: the issuer, the token endpoint, or the endpoint that it comes to (RFC 9126 §2). */
export const ownAudiences = (issuer: string, route: string): ReadonlySet<string> => {
  const path = Object.hasOwn(ROUTES, route) ? ROUTES[route as keyof typeof ROUTES] : ROUTES.token;
  return new Set([issuer, issuer + ROUTES.token, issuer + path]);
};
