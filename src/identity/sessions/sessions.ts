import { newId, type Clock, type Secret } from '#kernel';
import { recordedChange } from '#audit';
import type { AuditOrigin, AuditTrail } from '#contract';
import type { Database, DatabaseOrTransaction } from '#db';
import type { IdentityChanges } from '../changes.ts';
import { signInError } from '../sign-in/errors.ts';
import {
  endSession,
  endSessions,
  findSessionById,
  insertSession,
  listSessions,
  pruneSessions,
  replaceDigest,
} from '../store/sessions-store.ts';
import { findUser } from '../store/users-store.ts';
import { lifetimesOf, sessionEnd, type Session, type SessionLifetimes } from './session.ts';
import { newToken } from './token.ts';

/** Where a person is: as the listener saw it, and as the browser says. */
export interface Whereabouts {
  readonly address: string;
  readonly device: string;
}

export interface BegunSession {
  readonly session: Session;
  /** What the browser or program keeps; it exists here and nowhere else. */
  readonly token: Secret;
}

const PRUNE_EVERY = 64;
/** Ended sessions are kept for so long, for whoever asks afterwards where one came from. */
const KEPT_MS = 30 * 86_400_000;

/** Begins, strengthens, lists and ends sessions. */
export class Sessions {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #changes: IdentityChanges;
  readonly #lifetimes: SessionLifetimes;
  readonly #trail: AuditTrail;
  #begun = 0;

  constructor(parts: {
    readonly database: Database;
    readonly clock: Clock;
    readonly changes: IdentityChanges;
    readonly lifetimes: SessionLifetimes;
    readonly trail: AuditTrail;
  }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#changes = parts.changes;
    this.#lifetimes = parts.lifetimes;
    this.#trail = parts.trail;
  }

  /**
   * A new session of the person. `admit` runs in the transaction that makes it and throws when what lets the
   * person in has changed since it was looked at: hashing takes long enough for that. Throws as it does, and
   * `SIGN_IN_REFUSED` for somebody who was disabled meanwhile.
   */
  async begin(
    wanted: Pick<Session, 'userId' | 'kind' | 'stage' | 'amr'> & { readonly authTime?: number } & Whereabouts,
    admit: (trx: DatabaseOrTransaction) => Promise<void>,
  ): Promise<BegunSession> {
    const now = this.#clock.now();
    const token = newToken();
    const session: Session = {
      id: newId(now),
      userId: wanted.userId,
      kind: wanted.kind,
      stage: wanted.stage,
      amr: wanted.amr,
      authTime: wanted.authTime ?? now,
      createdAt: now,
      lastSeenAt: now,
      expiresAt: now + this.#lifetime(wanted),
      endedAt: null,
      address: wanted.address.slice(0, 64),
      device: printable(wanted.device),
    };
    if (++this.#begun % PRUNE_EVERY === 0) await pruneSessions(this.#database.db, now - KEPT_MS);
    await this.#database.transaction(async (trx) => {
      await admit(trx);
      const user = (await findUser(trx, session.userId))?.user;
      if (user === undefined || user.disabledAt !== null) {
        throw signInError('SIGN_IN_REFUSED', 'the name or the password is not right');
      }
      await insertSession(trx, session, token.digest);
    });
    return { session, token: token.secret };
  }

  /** Whether the session goes on, as a transaction sees it. */
  async goesOn(trx: DatabaseOrTransaction, id: string): Promise<boolean> {
    const session = await findSessionById(trx, id);
    return session !== undefined && sessionEnd(session, this.#clock.now(), this.#lifetimes) === undefined;
  }

  /**
   * The session with another proof, under a new token; the old one is nobody's from now on, so whoever
   * planted or read it before has nothing (session fixation, CVE-2024-7341). Throws `SESSION_REQUIRED`
   * when the old token was exchanged or ended meanwhile.
   */
  async strengthen(session: Session, digest: string, amr: readonly string[]): Promise<BegunSession> {
    const now = this.#clock.now();
    const token = newToken();
    const gain = {
      stage: 'active' as const,
      amr,
      authTime: now,
      // A pending session lives for minutes; from here it counts anew. An active one gets no longer.
      expiresAt: session.stage === 'active' ? session.expiresAt : now + this.#lifetime({ ...session, stage: 'active' }),
    };
    const replaced = await this.#changes.after(replaceDigest(this.#database.db, digest, token.digest, gain));
    if (!replaced) throw signInError('SESSION_REQUIRED', 'the session ended, or went on in another tab');
    return { session: { ...session, ...gain }, token: token.secret };
  }

  /** The sessions of a person that go on, the one used last first. */
  async list(userId: string): Promise<readonly Session[]> {
    const now = this.#clock.now();
    const listed = await listSessions(this.#database.db, userId, now);
    return listed.filter((session) => sessionEnd(session, now, this.#lifetimes) === undefined);
  }

  /** Ends a session of the person, here at once and elsewhere within a second. Throws `SESSION_UNKNOWN`. */
  async end(origin: AuditOrigin, userId: string, id: string): Promise<void> {
    await recordedChange(this.#trail, origin, ending(userId, id), async () => {
      const ended = await this.#changes.after(endSession(this.#database.db, userId, id, this.#clock.now()));
      if (!ended) throw signInError('SESSION_UNKNOWN', 'no session of this person has that id');
      return { value: undefined };
    });
  }

  /** Ends all sessions of the person but perhaps one; gives how many. */
  async endAll(origin: AuditOrigin, userId: string, except?: string): Promise<number> {
    return await recordedChange(this.#trail, origin, ending(userId, 'all'), async () => {
      const now = this.#clock.now();
      const ended = await this.#changes.after(
        this.#database.transaction((trx) => endSessions(trx, userId, now, except)),
      );
      return { value: ended, details: { sessionsEnded: ended } };
    });
  }

  #lifetime({ kind, stage }: Pick<Session, 'kind' | 'stage'>): number {
    if (stage !== 'active') return this.#lifetimes.pendingMs;
    return lifetimesOf(kind, this.#lifetimes).absoluteMs;
  }
}

const printable = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '').slice(0, 200);

const ending = (userId: string, id: string) => ({
  class: 'authentication' as const,
  type: 'session.ended',
  action: 'end',
  object: { kind: 'session', namespace: '', name: id, id },
  details: { user: userId },
});
