import type { Access, Principal } from '#contract';
import { userPrincipal, type StandingUser } from '#identity';
import type { JsonObject } from '#kernel';
import type { CheckedToken } from './tokens/claims.ts';

/** A token of somebody else's issuer lists and calls; it never administers. */
const USE: ReadonlySet<Access> = new Set(['read', 'execute']);
const USER = Object.freeze(['user'] as const);

/** Where the token was accepted. */
interface Acceptor {
  readonly namespace: string;
  readonly service: string;
  /** The issuer whose sessions we may exchange; nobody's without it. */
  readonly sessionsOf: string | undefined;
}

/**
 * Somebody whom nobody here knows: the issuer is trusted in one namespace, so there they are a user and
 * nothing more. Groups of the token give nothing: they would let whoever writes them hand out our roles.
 */
export function strangerPrincipal(token: CheckedToken, acceptor: Acceptor): Principal {
  return Object.freeze({
    kind: 'user',
    iss: token.issuer,
    sub: token.subject,
    name: nameOf(token.claims) ?? token.subject,
    roles: USER,
    groups: Object.freeze([]),
    ...fromToken(token, acceptor),
  });
}

/** Somebody who has signed in with us before: who they are and what they may is ours to say. */
export function personPrincipal(token: CheckedToken, acceptor: Acceptor, standing: StandingUser): Principal {
  const door = fromToken(token, acceptor);
  return Object.freeze({ ...userPrincipal(standing, door), ...door });
}

function fromToken(token: CheckedToken, { namespace, service, sessionsOf }: Acceptor) {
  const { issuer, scopes, clientId, jti, amr, authTime, cnf, claims } = token;
  const tsid = issuer === sessionsOf ? sessionOf(claims) : undefined;
  return {
    namespace,
    access: USE,
    scopes,
    claims,
    ...(clientId !== undefined && { clientId }),
    ...(amr !== undefined && { amr }),
    ...(authTime !== undefined && { authTime }),
    ...(cnf !== undefined && { cnf }),
    ...(tsid !== undefined && { tsid }),
    via: Object.freeze({ method: 'token', issuer, service, ...(jti !== undefined && { jti }) } as const),
  };
}

/**
 * The sign-in that a token belongs to. Of who acts for a person there is none: their tokens are exchanged for nobody's,
 * and what the person's own sign-in has opened is not for them.
 */
function sessionOf({ tsid, act }: JsonObject): string | undefined {
  return typeof tsid === 'string' && tsid !== '' && tsid.length <= 256 && act === undefined ? tsid : undefined;
}

/** What they are called, for people who read the record; it identifies nobody. */
function nameOf(claims: JsonObject): string | undefined {
  for (const claim of ['preferred_username', 'name', 'email']) {
    const value = claims[claim];
    if (typeof value !== 'string') continue;
    const clean = value.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '').slice(0, 200);
    if (clean !== '') return clean;
  }
  return undefined;
}
