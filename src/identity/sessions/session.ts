/** A person's session, in a browser or on a command line. */
export interface Session {
  /** Public: it stands in lists and records and is what one revokes by. The token is another matter. */
  readonly id: string;
  readonly userId: string;
  readonly kind: 'browser' | 'cli';
  /**
   * What it is good for. `second-factor`: the password was right and that is all. `enrolment`: the person
   * must set up a second factor first. Only an `active` session is anybody's.
   */
  readonly stage: 'second-factor' | 'enrolment' | 'active';
  /** RFC 8176. */
  readonly amr: readonly string[];
  /** When the person last proved who they are. */
  readonly authTime: number;
  readonly createdAt: number;
  /** To the minute. */
  readonly lastSeenAt: number;
  readonly expiresAt: number;
  readonly endedAt: number | null;
  /** Where it began. */
  readonly address: string;
  /** What the browser or program called itself then. */
  readonly device: string;
}

/** What a session gains with another proof. */
export type SessionGain = Pick<Session, 'stage' | 'amr' | 'authTime' | 'expiresAt'>;

export interface SessionLifetimes {
  /** Without a request, milliseconds. */
  readonly idleMs: number;
  /** From its beginning, whatever happens. */
  readonly absoluteMs: number;
  /** Of a session on the command line. */
  readonly cliIdleMs: number;
  readonly cliAbsoluteMs: number;
  /** How long the second factor, or its enrolment, may take. */
  readonly pendingMs: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export const SESSION_LIFETIMES: SessionLifetimes = {
  idleMs: 30 * MINUTE,
  absoluteMs: 12 * HOUR,
  cliIdleMs: 8 * HOUR,
  cliAbsoluteMs: 12 * HOUR,
  pendingMs: 15 * MINUTE,
};

/** How long a proof is fresh enough for what asks for a new one; as long as the permission table says. */
export const FRESH_MS = 10 * MINUTE;

export type SessionEnd = 'revoked' | 'expired';

/**
 * Why a session is over at `now`; undefined while it goes on. What somebody decided comes before what the
 * calendar did, because it does not come undone when a clock is set back.
 */
export function sessionEnd(
  session: Pick<Session, 'kind' | 'endedAt' | 'expiresAt' | 'lastSeenAt'>,
  now: number,
  lifetimes: SessionLifetimes,
): SessionEnd | undefined {
  if (session.endedAt !== null) return 'revoked';
  const idleMs = session.kind === 'cli' ? lifetimes.cliIdleMs : lifetimes.idleMs;
  return session.expiresAt <= now || session.lastSeenAt + idleMs <= now ? 'expired' : undefined;
}

export const isFresh = (session: Pick<Session, 'authTime'>, now: number): boolean =>
  Math.abs(now - session.authTime) <= FRESH_MS;
