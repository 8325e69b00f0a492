import type { AccessToken, errors as providerErrors, KoaContextWithOIDC } from 'oidc-provider';
import { canonicalResource, type Principal } from '#contract';
import type { AgentStandings } from '#identity';
import type { Clock } from '#kernel';
import type { OAuthClient } from '../clients/client.ts';
import type { ClientSource } from '../clients/client-source.ts';
import type { Account } from '../provider/account.ts';
import type { OwnTokenVerifier } from '../token-sessions/own-token-verifier.ts';
import { readAct, withActor, type Act, type Actor } from './act.ts';
import { GRANT_TYPES } from '../clients/client.ts';
import type { DelegationConsent } from './delegation-consent.ts';
import { ACCESS_TOKEN, readExchange } from './exchange-request.ts';
import { bindToSender, resourceOf } from './sender-binding.ts';
import { concerns, standsOn } from './token-basis.ts';

/** A token that somebody acts with for somebody else lives no longer, whatever others do. */
const LONGEST_SECONDS = 15 * 60;

export interface TokenExchangeParts {
  readonly issuer: string;
  readonly clock: Clock;
  readonly clients: Pick<ClientSource, 'find'>;
  readonly agents: AgentStandings;
  readonly verifier: Pick<OwnTokenVerifier, 'verify'>;
  readonly consent: Pick<DelegationConsent, 'scopesOf'>;
  readonly account: (userId: string) => Promise<Account | undefined>;
  /** Whether a token for the one resource opens all of the other, so that one for the other is narrower. */
  readonly opens: (audience: string, resource: string) => boolean;
  /** Seconds, of access tokens. */
  readonly lifetime: number;
}

/**
 * RFC 8693 for delegation: a client trades the access token of somebody for one of its own to act for them with.
 * The new token says who acts (`act`), belongs to the same token session and ends with it, and is never for more:
 * neither scope nor resource nor time. No refresh token comes with it.
 */
export function tokenExchange(parts: TokenExchangeParts, errors: typeof providerErrors) {
  return async (ctx: KoaContextWithOIDC): Promise<void> => {
    const { client, params, provider } = ctx.oidc;
    const known = client && (await parts.clients.find(client.clientId));
    if (client === undefined || known === undefined || client.clientAuthMethod === 'none')
      throw new errors.UnauthorizedClient('a client that acts for others proves who it is');
    const request = readExchange(params ?? {}, (text) => canonicalResource(text) ?? text);
    if (!request.ok) throw new errors.InvalidRequest(request.error);
    const { subjectToken, actorToken, resource: asked } = request.value;
    const subject = await personOf(subjectToken);
    concerns(ctx, subject);
    const actor = await actorOf(known, actorToken);

    const resource = asked ?? subject.aud;
    if (resource !== subject.aud && !parts.opens(subject.aud, resource))
      throw new errors.InvalidTarget('the subject token does not open that resource');
    const allowed = await parts.consent.scopesOf({
      ...{ userId: subject.sub, from: subject.clientId, actor: known.clientId },
      resources: [subject.aud, resource],
    });
    if (allowed === undefined)
      throw new errors.InvalidRequest('nobody has consented to this client acting for the subject there', undefined, {
        detail: 'no consent to the delegation',
      });
    const resourceServer = await resourceOf(ctx, resource, errors);
    const offered = new Set(resourceServer.scope?.split(' '));
    const may = (scope: string): boolean =>
      subject.scopes.has(scope) && offered.has(scope) && (allowed === 'all' || allowed.has(scope));
    const wanted = request.value.scopes ?? [...subject.scopes].filter(may);
    const beyond = wanted.find((scope) => !may(scope));
    if (beyond !== undefined)
      throw new errors.InvalidScope('it is more than the subject token, the client and the consent have', beyond);

    const act = withActor(actor, subject.act);
    if (!act.ok) throw new errors.InvalidRequest(act.error);
    const remaining = Math.floor(subject.exp - parts.clock.now() / 1000);
    const seconds = Math.min(LONGEST_SECONDS, parts.lifetime, remaining);
    if (seconds < 1) throw new errors.InvalidRequest('the subject token has ended');
    const account = await parts.account(subject.sub);
    if (account === undefined) throw new errors.InvalidRequest('the subject may not come in');

    // Not of the grant of the person's client: whoever revokes this token must not end that one's.
    const token = new provider.AccessToken({
      ...{ accountId: subject.sub, client, resourceServer, gty: GRANT_TYPES['token-exchange'], expiresIn: seconds },
      scope: wanted.join(' ') || undefined,
    } as unknown as ConstructorParameters<typeof provider.AccessToken>[0]);
    standsOn(token, { of: 'delegation', tsid: subject.tsid, act: act.value });
    await bindToSender(ctx, token, errors);
    ctx.oidc.entity('Account', account);
    ctx.oidc.entity('AccessToken', token);
    ctx.body = answerOf(await token.save(), token, seconds);
  };

  /** Whose token it is: a person's, whose token session goes on. */
  async function personOf(token: string): Promise<Subject> {
    const principal = await verified(token, 'subject_token');
    const { sub, aud, tsid, clientId, scopes, claims = {} } = principal;
    const act = claims['act'] === undefined ? undefined : readAct(claims['act']);
    // An agent has no token session, and nobody to act for.
    if (aud === undefined || tsid === undefined || clientId === undefined)
      throw new errors.InvalidRequest('`subject_token` is no token of a person');
    return { sub, aud, tsid, clientId, scopes, act, exp: claims['exp'] as number };
  }

  /** Who would act: the client, or the agent that it is. An actor token says the same, or is somebody else's. */
  async function actorOf(client: OAuthClient, token: string | undefined): Promise<Actor> {
    const { clientId, agent } = client;
    const standing = agent && (await parts.agents.named(agent.namespace, agent.name));
    if (agent !== undefined && standing === undefined)
      throw new errors.UnauthorizedClient('the agent that the client is does not exist, or is disabled');
    const actor: Actor =
      standing === undefined
        ? { iss: parts.issuer, sub: clientId, client_id: clientId }
        : {
            ...{ iss: parts.issuer, sub: standing.agent.id, client_id: clientId },
            agent: `${standing.agent.namespace}/${standing.agent.name}`,
          };
    if (token === undefined) return actor;
    const principal = await verified(token, 'actor_token');
    if (principal.kind !== 'agent' || principal.sub !== actor.sub || principal.clientId !== clientId)
      throw new errors.InvalidRequest('`actor_token` is not that of the agent that the client is');
    return actor;
  }

  async function verified(token: string, parameter: string): Promise<Principal> {
    const verdict = await parts.verifier.verify(token);
    if (verdict.ok) return verdict.value;
    const { reason, detail } = verdict.error;
    // Whether it counts is not known: a fault of ours, and no word about the token.
    if (reason === 'unavailable') throw new Error(`\`${parameter}\` cannot be verified: ${detail ?? reason}`);
    throw new errors.InvalidRequest(`\`${parameter}\` is not valid`, undefined, {
      detail: `${reason}: ${detail ?? ''}`,
    });
  }
}

interface Subject {
  readonly sub: string;
  readonly aud: string;
  readonly tsid: string;
  readonly clientId: string;
  readonly scopes: ReadonlySet<string>;
  readonly act: Act | undefined;
  readonly exp: number;
}

/** RFC 8693 §2.2.1. */
const answerOf = (value: string, token: AccessToken, seconds: number) => ({
  access_token: value,
  issued_token_type: ACCESS_TOKEN,
  token_type: token.tokenType,
  expires_in: seconds,
  ...(token.scope !== undefined && { scope: token.scope }),
});
