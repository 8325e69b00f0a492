import { formatDuration, type ChatelaineError } from '#kernel';
import { identityError } from '../errors.ts';

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
  /** How long a proof of who somebody is counts as recent, for what asks for a recent one. */
  readonly proofMs: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export const SESSION_LIFETIMES: SessionLifetimes = {
  idleMs: 30 * MINUTE,
  absoluteMs: 12 * HOUR,
  cliIdleMs: 8 * HOUR,
  cliAbsoluteMs: 12 * HOUR,
  pendingMs: 15 * MINUTE,
  proofMs: 10 * MINUTE,
};

export type SessionEnd = 'revoked' | 'expired';

/**
 * Why a session is over at `now`; undefined while it goes on. What somebody decided comes before what the
 * calendar did, because it does not come undone when a clock is set back.
 *
 * Whoever shortens a lifetime does it because of the sessions that there are, so those end by it too. An
 * active session began up to `pendingMs` after its row, hence the sum: it ends no session before its time.
 */
export function sessionEnd(
  session: Pick<Session, 'kind' | 'endedAt' | 'createdAt' | 'expiresAt' | 'lastSeenAt'>,
  now: number,
  lifetimes: SessionLifetimes,
): SessionEnd | undefined {
  if (session.endedAt !== null) return 'revoked';
  const { idleMs, absoluteMs } = lifetimesOf(session.kind, lifetimes);
  const latest = session.createdAt + lifetimes.pendingMs + absoluteMs;
  const end = Math.min(session.expiresAt, latest, session.lastSeenAt + idleMs);
  return end <= now ? 'expired' : undefined;
}

/** What holds for one kind of session. */
export const lifetimesOf = (
  kind: Session['kind'],
  { idleMs, absoluteMs, cliIdleMs, cliAbsoluteMs }: SessionLifetimes,
): Pick<SessionLifetimes, 'idleMs' | 'absoluteMs'> =>
  kind === 'cli' ? { idleMs: cliIdleMs, absoluteMs: cliAbsoluteMs } : { idleMs, absoluteMs };

/** Whether a proof given at `authTime` is recent. One that is yet to come is none: a clock was set back. */
export const isRecentProof = (authTime: number, now: number, { proofMs }: Pick<SessionLifetimes, 'proofMs'>): boolean =>
  Math.abs(now - authTime) <= proofMs;

/**
 * The refusal of whatever asks a person for a recent proof; `what` begins its message. A program that came with a
 * token hears by the challenge what to ask its issuer for (RFC 9470 §3).
 */
export const stepUpRequired = (what: string, { proofMs }: Pick<SessionLifetimes, 'proofMs'>): ChatelaineError =>
  identityError('STEP_UP_REQUIRED', `${what} not older than ${formatDuration(proofMs)}`, {
    details: { maxAgeSeconds: proofMs / 1000, challenge: 'insufficient_user_authentication' },
  });
