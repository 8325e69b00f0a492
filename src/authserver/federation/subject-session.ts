import { reveal, type Secret } from '#kernel';
import type { SubjectSession } from '../grants/index.ts';
import type { OwnerMap } from '../resources/owner-map.ts';
import type { OwnTokenVerifier } from '../token-sessions/own-token-verifier.ts';
import type { TokenSessions } from '../token-sessions/token-sessions.ts';
import { usableUpstreams } from './usable-upstreams.ts';

/**
 * What a subject token says of its session, for `grantSource`: the token is verified as at every door, and its
 * session looked up. Undefined for whatever is no token of a session that goes on.
 *
 * A delegated token stands on a consent to somebody else, and opens nothing here: nobody was asked whether that
 * one may have tokens of providers.
 */
export function subjectSessions(parts: {
  readonly verifier: Pick<OwnTokenVerifier, 'verify'>;
  readonly sessions: Pick<TokenSessions, 'live'>;
  readonly owners: OwnerMap;
}): (subjectToken: Secret) => Promise<SubjectSession | undefined> {
  return async (subjectToken) => {
    const verified = await parts.verifier.verify(reveal(subjectToken));
    if (!verified.ok) {
      // Whoever keeps grants cannot say now whose token it is: that is no answer about the token.
      if (verified.error.reason === 'unavailable') throw new Error(verified.error.detail);
      return undefined;
    }
    const { tsid, act, claims } = verified.value;
    if (tsid === undefined || act !== undefined || claims?.['act'] !== undefined) return undefined;
    const session = await parts.sessions.live(tsid);
    return (
      session && {
        userId: session.userId,
        owner: session.owner,
        upstreams: usableUpstreams(session, parts.owners),
      }
    );
  };
}
