import { err, type Secret } from '#kernel';
import type { GrantSource } from '#contract';
import type { Grants } from './grants.ts';

/** What a verified subject token says of its session. */
export interface SubjectSession {
  readonly userId: string;
  /** `namespace/name` of whom the session is with. */
  readonly owner: string;
  /** The upstreams that this owner may use and the person consented to. */
  readonly upstreams: readonly string[];
}

/**
 * The port to grants in the process that keeps them. `sessionOf` verifies the token fully, and gives the live
 * session that it is of; undefined for every other token.
 */
export function grantSource(parts: {
  readonly grants: Pick<Grants, 'upstreamToken'>;
  readonly sessionOf: (subjectToken: Secret) => Promise<SubjectSession | undefined>;
}): GrantSource {
  return {
    async upstreamToken({ subjectToken, owner, upstream, refused, wanted }) {
      const session = await parts.sessionOf(subjectToken);
      // A session of somebody else's server answers as one that there is not: it is not to be found out.
      if (session === undefined || session.owner !== owner) return err({ reason: 'session' });
      if (!session.upstreams.includes(upstream)) return err({ reason: 'upstream' });
      return await parts.grants.upstreamToken({ userId: session.userId, owner, upstream }, { refused, wanted });
    },
  };
}
