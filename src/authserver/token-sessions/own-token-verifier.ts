import {
  DEFAULT_NAMESPACE,
  readConfirmation,
  SIGNING_ALGORITHMS,
  type Confirmation,
  type CredentialRefusal,
  type PeerFacts,
  type Principal,
} from '#contract';
import { mustHaveSecondFactor, Remembered, userPrincipal, type AgentStandings, type Standings } from '#identity';
import { err, ok, sha256Hex, type Clock, type Result } from '#kernel';
import type { Database } from '#db';
import type { createLocalJWKSet as CreateLocalJWKSet, JWTPayload } from 'jose';
import type { KeySet, SigningKeys } from '../keys/index.ts';
import type { Artifacts } from '../artifacts/artifacts.ts';
import { isLent, judgeActors, judgeAgentToken, LENT, RECHECKED_MS, scopesOf } from '../grant-types/own-tokens.ts';
import type { OwnerMap } from '../resources/owner-map.ts';
import { isBlocked } from '../store/client-blocks-store.ts';
import { accessOf } from './token-access.ts';
import type { TokenSessions } from './token-sessions.ts';

type Verdict = Result<Principal, CredentialRefusal>;

/** The claims of RFC 9068 §2.2 as we write them. */
interface Claims extends JWTPayload {
  readonly client_id?: unknown;
  readonly scope?: unknown;
  readonly tsid?: unknown;
  readonly act?: unknown;
  readonly cnf?: unknown;
  readonly auth_time?: unknown;
  readonly amr?: unknown;
}

interface Known {
  readonly principal: Principal;
  readonly expiresAt: number;
  /** When it is judged anew, whether something is said to have changed or not. */
  readonly recheckAt: number;
}

const CLOCKS_APART_SECONDS = 5;
/** The clock of the host that signed may be before ours. */
const SIGNED_BEFORE_US_SECONDS = 30;

/** Whole seconds, as we write them: `1e400` is a number too, and never past (RFC 7519 §4.1.4). */
const checkTimes = ({ exp, iat, nbf }: Claims, now: number): boolean =>
  [exp, iat, nbf ?? 0].every((time) => Number.isSafeInteger(time)) &&
  (iat ?? 0) <= now / 1000 + SIGNED_BEFORE_US_SECONDS;

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
  readonly #agents: AgentStandings;
  readonly #owners: OwnerMap;
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #known: Remembered<Known>;
  #resolver: { readonly of: KeySet; readonly resolve: KeyResolver } | undefined;

  constructor(parts: {
    readonly issuer: string;
    readonly keys: Pick<SigningKeys, 'current'>;
    readonly artifacts: Artifacts;
    readonly sessions: TokenSessions;
    readonly standings: Standings;
    readonly agents: AgentStandings;
    readonly owners: OwnerMap;
    readonly database: Database;
    readonly clock: Clock;
  }) {
    this.#issuer = parts.issuer;
    this.#keys = parts.keys;
    this.#artifacts = parts.artifacts;
    this.#sessions = parts.sessions;
    this.#standings = parts.standings;
    this.#agents = parts.agents;
    this.#owners = parts.owners;
    this.#database = parts.database;
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

  /** Never throws. A token that is bound to a key is refused, unless whoever asks checks that (`checksConfirmation`). */
  verify(token: string, { checksConfirmation }: PeerFacts = {}): Verdict | Promise<Verdict> {
    const now = this.#clock.now();
    const known = this.#known.recall(sha256Hex(token), now);
    const verdict =
      known === undefined || now >= known.recheckAt
        ? this.#judge(token).catch((error: unknown) => refused('unavailable', (error as Error).message))
        : known.expiresAt > now
          ? ok(known.principal)
          : refused('expired', 'exp');
    if (checksConfirmation === true) return verdict;
    return verdict instanceof Promise ? verdict.then(unlessBound) : unlessBound(verdict);
  }

  async #judge(token: string): Promise<Verdict> {
    const keep = this.#known.reading();
    const claims = await this.#claimsOf(token);
    if (!claims.ok) return claims;
    const { sub, aud, jti, exp, client_id: clientId, scope, tsid, act, cnf } = claims.value;
    if (typeof sub !== 'string' || typeof aud !== 'string' || typeof jti !== 'string' || exp === undefined)
      return refused('malformed', 'a claim is missing');
    const confirmation = readConfirmation(cnf);
    if (!confirmation.ok) return refused('malformed', confirmation.error);
    if (typeof clientId === 'string' && (await isBlocked(this.#database.db, clientId)))
      return refused('revoked', `client ${clientId}`);
    const recheckAt = this.#clock.now() + RECHECKED_MS;
    if (tsid === undefined && act === undefined) {
      const parts = { artifacts: this.#artifacts, agents: this.#agents, issuer: this.#issuer };
      const agent = await judgeAgentToken(claims.value, parts);
      if (!agent.ok) return agent;
      const principal = Object.freeze({ ...agent.value, ...boundTo(confirmation.value) });
      keep(sha256Hex(token), { principal, expiresAt: exp * 1000, recheckAt });
      return ok(principal);
    }
    if (typeof tsid !== 'string' || typeof clientId !== 'string') return refused('malformed', 'no `tsid`');
    const record = await this.#artifacts.find('AccessToken', jti);
    if (record === undefined) return refused('revoked', `token ${jti}`);
    const session = await this.#sessions.live(tsid);
    if (session === undefined) return refused('revoked', `token session ${tsid}`);
    // Who acts for the person has a client of their own, and perhaps a part of the resource.
    const issuedTo = act === undefined ? session : { clientId: record['clientId'], resource: record['aud'] };
    if (session.userId !== sub || issuedTo.clientId !== clientId || issuedTo.resource !== aud)
      return refused('mismatch', `token session ${tsid} is another's`);
    const standing = await this.#standings.ofUser(sub);
    if (standing === undefined) return refused('disabled', `user ${sub}`);
    const owned = this.#owners.resolve(aud);
    const proof = proofIn(claims.value);
    // Somebody who was made an administrator since: as with sessions, not by a password alone.
    if (owned?.administers === true && mustHaveSecondFactor(standing) && proof.amr?.includes('mfa') !== true)
      return refused('mismatch', `token session ${tsid} lacks its second factor`);
    const actors = act === undefined ? undefined : await judgeActors(act, this.#agents);
    if (actors?.ok === false) return actors;
    const scopes = scopesOf(scope);
    const access = accessOf(owned, scopes);
    const principal = Object.freeze({
      ...userPrincipal(standing, {
        namespace: DEFAULT_NAMESPACE,
        scopes,
        access: isLent(record) ? new Set([...access].filter((one) => LENT.has(one))) : access,
        ...proof,
        via: Object.freeze({ method: 'token', issuer: this.#issuer, jti } as const),
      }),
      aud,
      tsid,
      clientId,
      ...(actors !== undefined && { act: actors.value }),
      ...boundTo(confirmation.value),
      // What parameters can be filled with, beside what the token says: it names nobody, since it travels.
      claims: Object.freeze({ ...claims.value, preferred_username: standing.user.name, groups: standing.groups }),
    });
    const heldUntil = act === undefined ? Number.POSITIVE_INFINITY : recheckAt;
    keep(sha256Hex(token), { principal, expiresAt: exp * 1000, recheckAt: heldUntil });
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
        algorithms: [...SIGNING_ALGORITHMS],
        requiredClaims: ['sub', 'aud', 'exp', 'iat', 'jti'],
        currentDate: new Date(this.#clock.now()),
        clockTolerance: CLOCKS_APART_SECONDS,
      });
      return checkTimes(payload, this.#clock.now()) ? ok(payload) : err({ reason: 'malformed', detail: 'times' });
    } catch (error) {
      if (error instanceof errors.JWTExpired) return err({ reason: 'expired', detail: 'exp' });
      if (error instanceof errors.JOSEError) return err({ reason: 'malformed', detail: error.code });
      throw error;
    }
  }
}

const boundTo = (cnf: Confirmation | undefined): { readonly cnf?: Confirmation } => (cnf === undefined ? {} : { cnf });

/** Whoever has it may have stolen it: only the key that it names makes it count (RFC 9449 §7.2; RFC 8705 §3). */
const unlessBound = (verdict: Verdict): Verdict =>
  verdict.ok && verdict.value.cnf !== undefined
    ? refused('mismatch', 'it is bound to a key, of which nothing was proved')
    : verdict;
/** How the person proved who they are, and when they last did (RFC 9068 §2.2.1); a refreshed token says the same. */
function proofIn({ auth_time: at, amr }: Claims): { readonly amr?: readonly string[]; readonly authTime?: number } {
  return {
    ...(typeof at === 'number' && { authTime: at * 1000 }),
    ...(Array.isArray(amr) && { amr: Object.freeze(amr.map(String)) }),
  };
}

type KeyResolver = ReturnType<typeof CreateLocalJWKSet>;
