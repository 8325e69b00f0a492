import type {
  AccessToken,
  Client,
  ClientCredentials,
  errors as providerErrors,
  JWTStructured,
  KoaContextWithOIDC,
  RefreshToken,
} from 'oidc-provider';
import { canonicalResource } from '#contract';
import type { AgentStandings } from '#identity';
import type { Clock } from '#kernel';
import type { Artifacts } from '../artifacts/artifacts.ts';
import type { ClientSource } from '../clients/client-source.ts';
import { GRANT_TYPES } from '../clients/client.ts';
import { standsOnAgent } from '../grant-types/client-credentials.ts';
import { basisOf } from '../grant-types/token-basis.ts';
import type { TokenSessions } from '../token-sessions/token-sessions.ts';
import type { IdleSeconds } from './refresh-lifetime.ts';

/**
 * What we keep of access tokens that are JWTs. The provider forgets them as soon as they are signed, and then
 * can neither introspect nor revoke them; a row under their `jti` makes them like every other token, and
 * without it a token counts for nothing.
 */
export class TokenRecords {
  readonly #artifacts: Artifacts;
  readonly #sessions: TokenSessions;
  readonly #clients: Pick<ClientSource, 'find' | 'used'>;
  readonly #agents: AgentStandings;
  readonly #clock: Clock;
  readonly #idle: IdleSeconds;

  constructor(parts: {
    readonly artifacts: Artifacts;
    readonly sessions: TokenSessions;
    readonly clients: Pick<ClientSource, 'find' | 'used'>;
    readonly agents: AgentStandings;
    readonly clock: Clock;
    readonly idle: IdleSeconds;
  }) {
    this.#idle = parts.idle;
    this.#clients = parts.clients;
    this.#agents = parts.agents;
    this.#artifacts = parts.artifacts;
    this.#sessions = parts.sessions;
    this.#clock = parts.clock;
  }

  /**
   * The claims that are ours: the token session, whose id is that of the grant; how its person proved who they are,
   * and when (RFC 9068 §2.2.1), which a refreshed token repeats and does not renew; who acts for the person; the
   * agent that a client is. Throws as `standsOnAgent` does.
   */
  async claimsOf(
    { oidc: { entities } }: Pick<KoaContextWithOIDC, 'oidc'>,
    token: AccessToken | ClientCredentials,
    errors: typeof providerErrors,
  ): Promise<Record<string, unknown> | undefined> {
    if (token.kind === 'ClientCredentials')
      await standsOnAgent(token, { clients: this.#clients, agents: this.#agents }, errors);
    const basis = basisOf(token);
    if (basis?.of === 'agent') return { agent: `${basis.agent.namespace}/${basis.agent.name}` };
    if (basis?.of === 'delegation') return { tsid: basis.tsid, act: basis.act };
    if (token.kind !== 'AccessToken' || token.aud === undefined) return undefined;
    const source = entities.RefreshToken ?? entities.AuthorizationCode ?? entities.DeviceCode;
    return {
      tsid: token.grantId,
      ...(source?.authTime !== undefined && { auth_time: source.authTime }),
      ...(source?.amr !== undefined && { amr: source.amr }),
    };
  }

  /** Before a JWT is signed: it is on file, and its session in use. */
  async issuing(token: AccessToken | ClientCredentials, jwt: JWTStructured): Promise<void> {
    const { jti, exp, iat } = jwt.payload as { jti: string; exp: number; iat: number };
    const basis = basisOf(token);
    // RFC 9068 §2.2: whom the resource server is to take for the caller.
    if (basis?.of === 'agent') jwt.payload['sub'] = basis.agent.id;
    const seconds = exp - Math.floor(this.#clock.now() / 1000);
    await this.#artifacts.put(
      token.kind,
      jti,
      {
        kind: token.kind,
        jti,
        iat,
        exp,
        clientId: token.clientId,
        aud: token.aud,
        scope: token.scope,
        extra: token.extra,
        jkt: token.jkt,
        'x5t#S256': token['x5t#S256'],
        ...(basis?.of === 'agent' && { sub: basis.agent.id }),
        ...(basis?.of === 'delegation' && { tsid: basis.tsid }),
        ...(token.kind === 'AccessToken' && {
          accountId: token.accountId,
          grantId: token.grantId,
          gty: token.gty,
          sessionUid: token.sessionUid,
          claims: token.claims,
        }),
      },
      seconds,
    );
    // A session goes on with its refresh token; whoever acts for the person, or comes with an assertion, has none.
    if (token.kind === 'AccessToken' && basis === undefined && token.gty !== GRANT_TYPES['jwt-bearer'])
      await this.#sessions.touch(token.grantId, this.#idle(token.clientId));
    if (token.clientId !== undefined) await this.#clients.used(token.clientId);
  }

  /**
   * A client learns of its own tokens, if it can prove who it is (RFC 7662 §2.1), and the server of a resource of
   * access tokens for it; of others that they are none.
   */
  async mayIntrospect(client: Client, token: AccessToken | ClientCredentials | RefreshToken): Promise<boolean> {
    if (client.clientAuthMethod === 'none') return false;
    if (token.clientId === client.clientId) return true;
    if (token.kind === 'RefreshToken' || typeof token.aud !== 'string') return false;
    const resource = canonicalResource(token.aud);
    const { introspects = [] } = (await this.#clients.find(client.clientId)) ?? {};
    return resource !== undefined && introspects.some((one) => canonicalResource(one) === resource);
  }
}
