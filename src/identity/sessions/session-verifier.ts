import { err, ok, type Clock, type Logger, type Result } from '#kernel';
import { DEFAULT_NAMESPACE, type CredentialRefusal, type Principal, type TokenVerifier } from '#contract';
import type { Database } from '#db';
import { Remembered } from '../remembered.ts';
import { userPrincipal } from '../roles/standings.ts';
import { mustHaveSecondFactor, type People, type Person } from '../sign-in/people.ts';
import { findSession, setSessionSeen } from '../store/sessions-store.ts';
import { sessionEnd, type Session, type SessionLifetimes } from './session.ts';
import { presentedCliDigest, presentedDigest } from './token.ts';

/** A session that goes on, with whose it is. What it is good for stands in `stage`. */
export interface LiveSession {
  readonly session: Session;
  readonly person: Person;
  /** Of the token it was found by: `strengthen` asks for it. */
  readonly digest: string;
  readonly stage: Session['stage'];
}

type Found = Result<LiveSession, CredentialRefusal>;
type Verdict = Result<Principal, CredentialRefusal>;

/** How far behind the written moment of the last use may be. */
const SEEN_INTERVAL_MS = 60_000;

interface Known {
  readonly live: LiveSession;
  readonly principal: Verdict;
  /** The last use here. */
  seenAt: number;
  /** The last use that the database knows of. */
  writtenAt: number;
}

const MALFORMED = err({ reason: 'malformed' } as const);

/**
 * Turns a session token into a person, for every request. Sessions are kept in memory by the SHA-256 of
 * their token and forgotten when anything about people or sessions changes: at once for changes here,
 * by the change feed for those elsewhere, as API keys are (`keys/key-verifier.ts`).
 */
export class SessionVerifier implements TokenVerifier {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #people: Pick<People, 'byId'>;
  readonly #lifetimes: SessionLifetimes;
  readonly #known: Remembered<Known>;

  constructor(parts: {
    readonly database: Database;
    readonly clock: Clock;
    readonly log: Logger;
    readonly people: Pick<People, 'byId'>;
    readonly lifetimes: SessionLifetimes;
  }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#people = parts.people;
    this.#lifetimes = parts.lifetimes;
    this.#known = new Remembered(parts.database.changes);
  }

  /** The person behind `Bearer chs_…`, a session of the command line; never throws. */
  verify(credential: string): Verdict | Promise<Verdict> {
    return this.#principal(presentedCliDigest(credential), 'cli');
  }

  /** The person behind the session cookie; never throws. */
  verifyCookie(token: string): Verdict | Promise<Verdict> {
    return this.#principal(presentedDigest(token), 'browser');
  }

  /** The browser session behind a cookie, also one that is not yet good for anything but its next step. */
  async read(token: string): Promise<Found> {
    const digest = presentedDigest(token);
    if (digest === undefined) return MALFORMED;
    const found = await this.#find(digest, 'browser');
    return found.ok ? ok(found.value.live) : found;
  }

  /** Forgets every session; those on their way are not kept when they arrive. */
  forget(): void {
    this.#known.forget();
  }

  #principal(digest: string | undefined, kind: Session['kind']): Verdict | Promise<Verdict> {
    if (digest === undefined) return MALFORMED;
    const known = this.#recall(digest, kind);
    if (known !== undefined) return known.principal;
    return this.#find(digest, kind).then((found) => (found.ok ? found.value.principal : found));
  }

  /** What is known and goes on; a session that seems idle here may have been used elsewhere. */
  #recall(digest: string, kind: Session['kind']): Known | undefined {
    const now = this.#clock.now();
    const known = this.#known.recall(digest, now);
    if (known === undefined || known.live.session.kind !== kind) return undefined;
    if (sessionEnd({ ...known.live.session, lastSeenAt: known.seenAt }, now, this.#lifetimes) !== undefined) {
      this.#known.delete(digest);
      return undefined;
    }
    this.#seen(known, now);
    return known;
  }

  async #find(digest: string, kind: Session['kind']): Promise<Result<Known, CredentialRefusal>> {
    const recalled = this.#recall(digest, kind);
    if (recalled !== undefined) return ok(recalled);
    const keep = this.#known.reading();
    try {
      const session = await findSession(this.#database.db, digest);
      const person = session && (await this.#people.byId(session.userId));
      if (session === undefined || person === undefined || session.kind !== kind) return err({ reason: 'unknown' });
      const detail = `session ${session.id}`;
      const now = this.#clock.now();
      const end = sessionEnd(session, now, this.#lifetimes);
      if (end !== undefined) return err({ reason: end, detail });
      if (person.state !== 'active') return err({ reason: 'disabled', detail });
      const live = { session, person, digest, stage: stageOf(session, person) };
      const principal: Verdict =
        live.stage === 'active'
          ? ok(toPrincipal(live))
          : err({ reason: 'mismatch', detail: `${detail} lacks its second factor` });
      const known: Known = { live, principal, seenAt: session.lastSeenAt, writtenAt: session.lastSeenAt };
      this.#seen(known, now);
      keep(digest, known);
      return ok(known);
    } catch (error) {
      return err({ reason: 'unavailable', detail: (error as Error).message });
    }
  }

  /** Notes a use: in memory always, in the database once a minute, and never while the person waits. */
  #seen(known: Known, now: number): void {
    known.seenAt = Math.max(known.seenAt, now);
    if (now - known.writtenAt < SEEN_INTERVAL_MS) return;
    known.writtenAt = now;
    setSessionSeen(this.#database.db, known.live.session.id, now).catch((error: unknown) => {
      // What it costs is a session that ends up to a minute early; to refuse the request would cost more.
      this.#log.warn({ err: error }, 'could not write when a session was last used');
    });
  }
}

/**
 * Somebody who was made an administrator while signed in with a password alone goes back to the second
 * factor: the role must not arrive in a session that would not have been let in with it.
 */
function stageOf(session: Session, person: Person): Session['stage'] {
  if (session.stage !== 'active' || !mustHaveSecondFactor(person) || session.amr.includes('mfa')) return session.stage;
  return 'second-factor';
}

/** Frozen, since all requests of this session share it. */
function toPrincipal({ session, person }: LiveSession): Principal {
  return userPrincipal(
    { user: person, grants: person.grants, groups: person.groups },
    {
      namespace: DEFAULT_NAMESPACE,
      amr: Object.freeze(session.amr),
      authTime: session.authTime,
      via: Object.freeze({ method: 'session', sessionId: session.id } as const),
    },
  );
}
