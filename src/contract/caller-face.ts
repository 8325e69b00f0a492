import { err, type Result } from '#kernel';
import type { GrantRefusal, UpstreamAccessToken, UpstreamTokenWish } from './grant-source.ts';

/**
 * Who is behind a call, as a tool sees it: not who they are, only what may be fetched in their name. Tools know
 * nothing of callers; whatever they keep for one they keep by `context`.
 */
export interface CallerFace {
  /**
   * The authorization context, as an opaque text: the same for calls of the same caller by the same sign-in, and
   * for no others. What one context has opened (a connection, a token, an answer that was kept) is never another's.
   */
  readonly context: string;
  /** The sign-in that the context stands on, where it stands on one: what is open in its name ends with it. */
  readonly signIn?: string | undefined;
  /**
   * The caller's own access token at an identity provider. Refused with `session` for whoever did not come with a
   * token of a sign-in of ours. Rejects where the keeper of grants is at fault.
   */
  upstreamToken(upstream: string, wish?: UpstreamTokenWish): Promise<Result<UpstreamAccessToken, GrantRefusal>>;
}

/** A caller in whose name nothing can be fetched. */
export const NOBODY: CallerFace = {
  context: 'nobody',
  upstreamToken: () => Promise.resolve(err({ reason: 'session' })),
};
