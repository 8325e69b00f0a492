import { err, ok, reveal, type Result, type Secret } from '#kernel';
import type { SubjectSession } from '../grants/index.ts';
import type { OwnerMap } from '../resources/owner-map.ts';
import type { TokenSession } from '../store/token-sessions-store.ts';
import type { OwnTokenVerifier } from '../token-sessions/own-token-verifier.ts';
import type { TokenSessions } from '../token-sessions/token-sessions.ts';
import { usableUpstreams } from './usable-upstreams.ts';

export interface SubjectParts {
  readonly verifier: Pick<OwnTokenVerifier, 'verify'>;
  readonly sessions: Pick<TokenSessions, 'live'>;
  readonly owners: OwnerMap;
}

/** The session of a token, and what of it may be given to its owner now. */
export interface Subject {
  readonly session: TokenSession;
  readonly upstreams: readonly string[];
}

/**
 * Whose token this is: it is verified as at every door, and its session looked up. The error says for the record why
 * it is of no session that goes on. A delegated token stands on a consent to somebody else, and opens nothing here:
 * nobody was asked whether that one may have tokens of providers.
 *
 * `certificate`: the thumbprint of the one that whoever brings the token has shown; a token that is bound to it counts
 * (RFC 8705 §3), one that is bound to anything else does not. Rejects where nobody can say whose token it is.
 */
export async function subjectOf(
  { verifier, sessions, owners }: SubjectParts,
  subjectToken: Secret,
  certificate?: string,
): Promise<Result<Subject, string>> {
  const verified = await verifier.verify(
    reveal(subjectToken),
    certificate === undefined ? {} : { checksConfirmation: true },
  );
  if (!verified.ok) {
    // Whoever keeps grants cannot say now whose token it is: that is no answer about the token.
    if (verified.error.reason === 'unavailable') throw new Error(verified.error.detail);
    return err(verified.error.reason);
  }
  const { tsid, act, claims, cnf } = verified.value;
  if (cnf !== undefined && (cnf.jkt !== undefined || cnf['x5t#S256'] !== certificate)) return err('bound_elsewhere');
  if (tsid === undefined) return err('no_session');
  if (act !== undefined || claims?.['act'] !== undefined) return err('delegated');
  const session = await sessions.live(tsid);
  return session === undefined ? err('revoked') : ok({ session, upstreams: usableUpstreams(session, owners) });
}

/** What a subject token says of its session, for `grantSource`; undefined for whatever is no token of one. */
export function subjectSessions(parts: SubjectParts): (subjectToken: Secret) => Promise<SubjectSession | undefined> {
  return async (subjectToken) => {
    const subject = await subjectOf(parts, subjectToken);
    if (!subject.ok) return undefined;
    const { session, upstreams } = subject.value;
    return { userId: session.userId, owner: session.owner, upstreams };
  };
}
