import type { CredentialRefusal, Principal } from '#contract';
import { DEFAULT_NAMESPACE } from '#contract';
import { Remembered, userPrincipal, type Standings } from '#identity';
import { err, ok, sha256Hex, type Clock, type Result } from '#kernel';
import type { Database } from '#db';
import type { createLocalJWKSet as CreateLocalJWKSet, JWTPayload } from 'jose';
import type { KeySet, SigningKeys } from '../keys/index.ts';
import type { Artifacts } from '../artifacts/artifacts.ts';
import type { TokenSessions } from './token-sessions.ts';

type Verdict = Result<Principal, CredentialRefusal>;

/** The claims of RFC 9068 §2.2 as we write them. */
interface Claims extends JWTPayload {
  readonly client_id?: unknown;
  readonly scope?: unknown;
  readonly tsid?: unknown;
  readonly cnf?: unknown;
}

interface Known {
  readonly principal: Principal;
  readonly tsid: string;
  readonly userId: string;
  readonly expiresAt: number;
}

const refused = (reason: CredentialRefusal['reason'], detail: string): Verdict => err({ reason, detail });

/**
 * Turns an access token of ours into a principal: signature, type, issuer and time; then what no signature
 * says, that it was not revoked, that its token session goes on, and that its user may still come in. A token
 * that passed is remembered by its SHA-256, and forgotten when sessions, keys or people change.
 */
export class OwnTokenVerifier {
  readonly #issuer: string;
  readonly #keys: Pick<SigningKeys, 'current'>;
  readonly #artifacts: Artifacts;
  readonly #sessions: TokenSessions;
  readonly #standings: Standings;
  readonly #clock: Clock;
  readonly #known: Remembered<Known>;
  #resolver: { readonly of: KeySet; readonly resolve: KeyResolver } | undefined;

  constructor(parts: {
    readonly issuer: string;
    readonly keys: Pick<SigningKeys, 'current'>;
    readonly artifacts: Artifacts;
    readonly sessions: TokenSessions;
    readonly standings: Standings;
    readonly database: Database;
    readonly clock: Clock;
  }) {
    this.#issuer = parts.issuer;
    this.#keys = parts.keys;
    this.#artifacts = parts.artifacts;
    this.#sessions = parts.sessions;
    this.#standings = parts.standings;
    this.#clock = parts.clock;
    this.#known = new Remembered(parts.database.changes);
    parts.sessions.onEnd(() => this.#known.forget());
  }

  /** Whether a credential says that we issued it; what it says is not believed yet. */
  isOurs(token: string): boolean {
    const payload = token.split('.')[1];
    if (payload === undefined) return false;
    try {
      return (JSON.parse(Buffer.from(payload, 'base64url').toString()) as Claims).iss === this.#issuer;
    } catch {
      return false;
    }
  }

  /** The `jti` of a token that we signed and that has not expired; undefined for any other. */
  async identifierOf(token: string): Promise<string | undefined> {
    const claims = await this.#claimsOf(token);
    return claims.ok && typeof claims.value.jti === 'string' ? claims.value.jti : undefined;
  }

  /** What is remembered is judged anew: keys, sessions or people have changed here. */
  forget(): void {
    this.#known.forget();
  }

  /** Never throws. */
  verify(token: string): Verdict | Promise<Verdict> {
    const now = this.#clock.now();
    const known = this.#known.recall(sha256Hex(token), now);
    if (known !== undefined) return known.expiresAt > now ? ok(known.principal) : refused('expired', 'exp');
    return this.#judge(token).catch((error: unknown) => refused('unavailable', (error as Error).message));
  }

  async #judge(token: string): Promise<Verdict> {
    const keep = this.#known.reading();
    const claims = await this.#claimsOf(token);
    if (!claims.ok) return claims;
    const { sub, aud, jti, exp, client_id: clientId, scope, tsid, cnf } = claims.value;
    if (typeof sub !== 'string' || typeof aud !== 'string' || typeof jti !== 'string' || exp === undefined)
      return refused('malformed', 'a claim is missing');
    // Whoever has it may have stolen it: only the key that it names makes it count (RFC 9449 §7.2; RFC 8705 §3).
    if (cnf !== undefined) return refused('mismatch', 'it is bound to a key, and came as a bearer token');
    if (typeof tsid !== 'string' || typeof clientId !== 'string') return refused('malformed', 'no `tsid`');
    if ((await this.#artifacts.find('AccessToken', jti)) === undefined) return refused('revoked', `token ${jti}`);
    const session = await this.#sessions.live(tsid);
    if (session === undefined) return refused('revoked', `token session ${tsid}`);
    if (session.userId !== sub || session.clientId !== clientId || session.resource !== aud)
      return refused('mismatch', `token session ${tsid} is another's`);
    const standing = await this.#standings.ofUser(sub);
    if (standing === undefined) return refused('disabled', `user ${sub}`);
    const principal = Object.freeze({
      ...userPrincipal(standing, {
        namespace: DEFAULT_NAMESPACE,
        scopes: new Set(typeof scope === 'string' && scope !== '' ? scope.split(' ') : []),
        via: Object.freeze({ method: 'token', issuer: this.#issuer, jti } as const),
      }),
      aud,
      tsid,
      clientId,
      claims: Object.freeze({ ...claims.value }),
    });
    keep(sha256Hex(token), { principal, tsid, userId: sub, expiresAt: exp * 1000 });
    return ok(principal);
  }

  async #claimsOf(token: string): Promise<Result<Claims, CredentialRefusal>> {
    const { jwtVerify, createLocalJWKSet, errors } = await import('jose');
    const set = await this.#keys.current();
    // The same set is the same object: a new one is a rotation.
    if (this.#resolver?.of !== set) {
      const keys = set.jwks.keys.map((key) => ({ ...key }));
      this.#resolver = { of: set, resolve: createLocalJWKSet({ keys }) };
    }
    const { resolve } = this.#resolver;
    try {
      const { payload } = await jwtVerify<Claims>(token, resolve, {
        issuer: this.#issuer,
        typ: 'at+jwt',
        algorithms: ['ES256', 'ES384', 'ES512', 'RS256', 'RS384', 'RS512', 'EdDSA'],
        requiredClaims: ['sub', 'aud', 'exp', 'iat', 'jti'],
        currentDate: new Date(this.#clock.now()),
        clockTolerance: 5,
      });
      return ok(payload);
    } catch (error) {
      if (error instanceof errors.JWTExpired) return err({ reason: 'expired', detail: 'exp' });
      if (error instanceof errors.JOSEError) return err({ reason: 'malformed', detail: error.code });
      throw error;
    }
  }
}

type KeyResolver = ReturnType<typeof CreateLocalJWKSet>;
