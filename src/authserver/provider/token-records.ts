import type { AccessToken, Client, ClientCredentials, JWTStructured, RefreshToken } from 'oidc-provider';
import type { Clock } from '#kernel';
import type { Artifacts } from '../artifacts/artifacts.ts';
import type { ClientSource } from '../clients/client-source.ts';
import type { TokenSessions } from '../token-sessions/token-sessions.ts';

/**
 * What we keep of access tokens that are JWTs. The provider forgets them as soon as they are signed, and then
 * can neither introspect nor revoke them; a row under their `jti` makes them like every other token, and
 * without it a token counts for nothing.
 */
export class TokenRecords {
  readonly #artifacts: Artifacts;
  readonly #sessions: TokenSessions;
  readonly #clients: Pick<ClientSource, 'used'>;
  readonly #clock: Clock;

  constructor(parts: {
    readonly artifacts: Artifacts;
    readonly sessions: TokenSessions;
    readonly clients: Pick<ClientSource, 'used'>;
    readonly clock: Clock;
  }) {
    this.#clients = parts.clients;
    this.#artifacts = parts.artifacts;
    this.#sessions = parts.sessions;
    this.#clock = parts.clock;
  }

  /** The claims that are ours: the token session, whose id is that of the grant. */
  claimsOf(token: AccessToken | ClientCredentials): { tsid: string } | undefined {
    return token.kind === 'AccessToken' && token.aud !== undefined ? { tsid: token.grantId } : undefined;
  }

  /** Before a JWT is signed: it is on file, and its session in use. */
  async issuing(token: AccessToken | ClientCredentials, jwt: JWTStructured): Promise<void> {
    const { jti, exp, iat } = jwt.payload as { jti: string; exp: number; iat: number };
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
    if (token.kind === 'AccessToken') await this.#sessions.touch(token.grantId);
    if (token.clientId !== undefined) await this.#clients.used(token.clientId);
  }

  /** A client learns of its own tokens, if it can prove who it is (RFC 7662 §2.1); of others that they are none. */
  mayIntrospect(client: Client, token: AccessToken | ClientCredentials | RefreshToken): boolean {
    return client.clientAuthMethod !== 'none' && token.clientId === client.clientId;
  }
}
