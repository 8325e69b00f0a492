import type { errors as providerErrors, KoaContextWithOIDC } from 'oidc-provider';
import { DEFAULT_NAMESPACE, type TrustedIssuer } from '#contract';
import { LOCAL_ISSUER, type Standings } from '#identity';
import { isRecord, parseStrictJson, type Clock } from '#kernel';
import type { Artifacts } from '../artifacts/artifacts.ts';
import { GRANT_TYPES } from '../clients/client.ts';
import type { ClientSource } from '../clients/client-source.ts';
import { displayOf } from '../clients/display.ts';
import type { Account } from '../provider/account.ts';
import { newGrant } from '../provider/new-grant.ts';
import type { OwnerMap } from '../resources/owner-map.ts';
import type { TokenSessions } from '../token-sessions/token-sessions.ts';
import { readAssertion } from './assertion.ts';
import { bindToSender, resourceOf } from './sender-binding.ts';
import type { TrustedKeys } from './trusted-keys.ts';

export const JWT_BEARER_PARAMETERS = ['assertion', 'scope', 'resource'] as const;

export interface JwtBearerParts {
  readonly issuer: string;
  readonly clock: Clock;
  readonly clients: Pick<ClientSource, 'find'>;
  readonly owners: OwnerMap;
  readonly artifacts: Pick<Artifacts, 'putOnce'>;
  readonly sessions: TokenSessions;
  readonly standings: Pick<Standings, 'ofSubject'>;
  readonly account: (userId: string) => Promise<Account | undefined>;
  readonly trusted: () => readonly TrustedIssuer[];
  readonly keys: Pick<TrustedKeys, 'verify'>;
  /** Seconds, of access tokens. */
  readonly lifetime: number;
  /** Since when it is known which assertions were used; milliseconds, 0 for always. */
  readonly assertionsKnownSince: number;
}

/**
 * RFC 7523 §2.1 with identity assertions (draft-ietf-oauth-identity-assertion-authz-grant): an issuer that is
 * trusted here says that somebody may be acted for by this client at one of our resources. Its word stands for a
 * sign-in that is here already, and makes nobody known; it counts once, and begins a token session that lasts as
 * long as its one token.
 */
export function jwtBearer(parts: JwtBearerParts, errors: typeof providerErrors) {
  const refused = (why: string): Error =>
    new errors.CustomOIDCProviderError('invalid_grant', `the assertion: ${why}`, { detail: `assertion: ${why}` });
  /** Whom an issuer means, and whether they may come in, is for the record and for nobody who asks. */
  const nobody = (detail: string): Error =>
    new errors.CustomOIDCProviderError('invalid_grant', 'the assertion: its subject has no access here', { detail });

  return async (ctx: KoaContextWithOIDC): Promise<void> => {
    const { client, params, provider } = ctx.oidc;
    const known = client && (await parts.clients.find(client.clientId));
    if (client === undefined || known === undefined || client.clientAuthMethod === 'none')
      throw new errors.UnauthorizedClient('a client that brings assertions proves who it is');
    const { assertion, scope, resource: asked } = params ?? {};
    if (typeof assertion !== 'string') throw new errors.InvalidRequest('`assertion` is missing');
    const issuer = issuerOf(assertion);
    const trusted = parts.trusted().find((one) => one.issuer === issuer);
    if (trusted === undefined || issuer === parts.issuer) throw refused('its issuer is not trusted here');
    if (trusted.clients?.includes(client.clientId) === false)
      throw new errors.UnauthorizedClient('the client may not bring assertions of that issuer');
    const claims = await parts.keys.verify(assertion, trusted);
    if (!claims.ok) throw refused(claims.error);
    const now = parts.clock.now();
    const audience = trusted.audience ?? parts.issuer;
    const { assertionsKnownSince: knownSince } = parts;
    const read = readAssertion(claims.value, trusted, { audience, clientId: client.clientId, now, knownSince });
    if (!read.ok) throw refused(read.error);
    const { subject, jti, endsAt, boundTo, scopes: lent } = read.value;
    // Used up from here on, whatever is wrong with the rest of the request.
    const seconds = Math.ceil((endsAt - now) / 1000);
    await parts.artifacts.putOnce('Assertion', JSON.stringify([issuer, jti]), { iss: issuer }, seconds);

    const owned = parts.owners.resolve(read.value.resource);
    if (owned === undefined || (asked !== undefined && asked !== owned.resource))
      throw new errors.InvalidTarget('the assertion is for another resource');
    const resourceServer = await resourceOf(ctx, owned.resource, errors);
    const offered = new Set(resourceServer.scope?.split(' '));
    const may = (one: string): boolean => lent.includes(one) && offered.has(one);
    const wanted = typeof scope === 'string' ? scope.split(' ') : lent.filter(may);
    const beyond = wanted.find((one) => !may(one));
    if (beyond !== undefined)
      throw new errors.InvalidScope('it is more than the assertion and the client have', beyond);

    const usersFrom = trusted.usersFrom ?? trusted.issuer;
    const standing = await parts.standings.ofSubject(usersFrom, subject, DEFAULT_NAMESPACE);
    if (usersFrom === LOCAL_ISSUER || standing === 'unknown') throw nobody('unknown subject');
    if (standing === 'disabled') throw nobody('disabled subject');
    const account = await parts.account(standing.user.id);
    if (account === undefined) throw nobody('disabled subject');

    const grant = await newGrant(provider, parts.sessions, {
      ...{ userId: standing.user.id, clientId: client.clientId, clientName: displayOf(known).name },
      ...{ identityScopes: [], at: { owned, scopes: wanted }, lastsSeconds: parts.lifetime },
    });
    const token = new provider.AccessToken({
      ...{ accountId: standing.user.id, client, grantId: grant.jti, resourceServer },
      ...{ gty: GRANT_TYPES['jwt-bearer'], expiresIn: parts.lifetime, scope: wanted.join(' ') || undefined },
    });
    await bindToSender(ctx, token, errors);
    if (boundTo !== undefined && token.jkt !== boundTo) throw refused('it is bound to a key that was not proved');
    ctx.oidc.entity('Account', account);
    ctx.oidc.entity('Grant', grant);
    ctx.oidc.entity('AccessToken', token);
    ctx.body = {
      access_token: await token.save(),
      token_type: token.tokenType,
      expires_in: parts.lifetime,
      ...(token.scope !== undefined && { scope: token.scope }),
    };
  };
}

/** Who an assertion says made it; to be believed when the signature is. */
function issuerOf(assertion: string): string | undefined {
  const parsed = parseStrictJson(Buffer.from(assertion.split('.')[1] ?? '', 'base64url'));
  const iss = parsed.ok && isRecord(parsed.value) ? (parsed.value as { iss?: unknown }).iss : undefined;
  return typeof iss === 'string' ? iss : undefined;
}
