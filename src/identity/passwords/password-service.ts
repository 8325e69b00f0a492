import { sha256Hex, type Clock, type Secret } from '#kernel';
import type { AuditOrigin, AuditTrail, RevocationLedger } from '#contract';
import { recordedChange } from '#audit';
import type { Database } from '#db';
import type { IdentityChanges } from '../changes.ts';
import { noteCredentialChange } from '../credential-change.ts';
import type { LiveSession } from '../sessions/session-verifier.ts';
import type { BegunSession, Sessions } from '../sessions/sessions.ts';
import { newToken } from '../sessions/token.ts';
import type { Attempts } from '../sign-in/attempt.ts';
import { signInError } from '../sign-in/errors.ts';
import type { People, Person } from '../sign-in/people.ts';
import type { SignIn } from '../sign-in/sign-in.ts';
import { personObject, type Visitor } from '../sign-in/visitor.ts';
import { forgetDevices } from '../store/known-devices-store.ts';
import { findLink, putLink, useLink } from '../store/one-time-links-store.ts';
import { putPassword } from '../store/passwords-store.ts';
import { endSessions } from '../store/sessions-store.ts';
import type { PasswordHasher } from './password-hasher.ts';
import { parseNewPassword } from './password-rules.ts';

/** A link that an administrator hands on by another way than this system. */
const LINK_MS = 24 * 3_600_000;

/** Setting, changing and replacing passwords. Whoever does ends every session of the person. */
export class PasswordService {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #trail: AuditTrail;
  readonly #attempts: Attempts;
  readonly #ledger: RevocationLedger;
  readonly #people: People;
  readonly #hasher: PasswordHasher;
  readonly #sessions: Sessions;
  readonly #signIn: SignIn;
  readonly #changes: IdentityChanges;

  constructor(parts: {
    readonly database: Database;
    readonly clock: Clock;
    readonly trail: AuditTrail;
    readonly attempts: Attempts;
    readonly ledger: RevocationLedger;
    readonly people: People;
    readonly hasher: PasswordHasher;
    readonly sessions: Sessions;
    readonly signIn: SignIn;
    readonly changes: IdentityChanges;
  }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#trail = parts.trail;
    this.#attempts = parts.attempts;
    this.#ledger = parts.ledger;
    this.#people = parts.people;
    this.#hasher = parts.hasher;
    this.#sessions = parts.sessions;
    this.#signIn = parts.signIn;
    this.#changes = parts.changes;
  }

  /**
   * Changes the person's own password and goes on in a new session: all others are over. Throws
   * `SIGN_IN_REFUSED` when `current` is not right, `PASSWORD_REFUSED` with the reason for the person.
   */
  async change(
    visitor: Visitor,
    live: LiveSession,
    wanted: { readonly current: string; readonly next: string },
  ): Promise<BegunSession> {
    const { person, session } = live;
    const event = { type: 'password.changed', action: 'change', person };
    return await this.#attempts.recorded(visitor, event, async (notes) => {
      if (live.stage !== 'active') throw signInError('SESSION_REQUIRED', 'the sign-in is not complete');
      await this.#signIn.requirePassword(live, wanted.current);
      const phc = await this.hashNew(wanted.next, person);
      notes.details['sessionsEnded'] = await this.#put(person.id, phc);
      const { amr, authTime } = session;
      const where = { address: visitor.address, device: visitor.userAgent };
      return await this.#sessions.begin({
        userId: person.id,
        kind: 'browser',
        stage: 'active',
        amr,
        authTime,
        ...where,
      });
    });
  }

  /**
   * A link by which the person sets a password, once, within a day; an earlier one ends. For
   * administrators: new people and forgotten passwords. The token goes behind `/console/password?token=`.
   */
  async issueLink(origin: AuditOrigin, person: Person): Promise<Secret> {
    const now = this.#clock.now();
    const change = { type: 'password.link-issued', action: 'issue', object: personObject(person) };
    return await recordedChange(this.#trail, origin, { class: 'authentication', ...change }, async () => {
      const { secret, digest } = newToken();
      const link = { digest, purpose: 'password' as const, userId: person.id, reissued: false };
      await this.#database.transaction((trx) => putLink(trx, { ...link, createdAt: now, expiresAt: now + LINK_MS }));
      return { value: secret };
    });
  }

  /** Whose password the link sets; undefined when it is used up, over or nobody's. */
  async linked(token: string): Promise<Person | undefined> {
    const link = await findLink(this.#database.db, sha256Hex(token), this.#clock.now());
    const person = link === undefined || link.userId === null ? undefined : await this.#people.byId(link.userId);
    return person?.state === 'active' ? person : undefined;
  }

  /** Sets the password of a link and uses it up. Throws `LINK_REFUSED`, `PASSWORD_REFUSED`. */
  async redeem(visitor: Visitor, token: string, password: string): Promise<void> {
    const event = { type: 'password.set-by-link', action: 'change' };
    await this.#attempts.recorded(visitor, event, async (notes) => {
      const person = await this.linked(token);
      notes.person = person;
      if (person === undefined) throw signInError('LINK_REFUSED', 'this link does not set a password any more');
      const phc = await this.hashNew(password, person);
      notes.details['sessionsEnded'] = await this.#put(person.id, phc, sha256Hex(token));
    });
  }

  /** The hash of a new password of the person; throws `PASSWORD_REFUSED`. */
  async hashNew(password: string, person: Pick<Person, 'name' | 'displayName' | 'email'>): Promise<string> {
    const names = [person.name, person.displayName, person.email];
    const parsed = parseNewPassword(password, names);
    if (!parsed.ok) throw signInError('PASSWORD_REFUSED', parsed.error);
    return await this.#hasher.hash(parsed.value);
  }

  /** Password, sessions and known browsers in one transaction: half of it would leave an intruder in. */
  #put(userId: string, phc: string, link?: string): Promise<number> {
    const now = this.#clock.now();
    return this.#changes.after(
      this.#database.transaction(async (trx) => {
        if (link !== undefined && !(await useLink(trx, link, now))) {
          throw signInError('LINK_REFUSED', 'this link was used a moment ago');
        }
        await putPassword(trx, userId, phc, now);
        await forgetDevices(trx, userId);
        await noteCredentialChange(trx, this.#ledger, userId, now);
        return await endSessions(trx, userId, now);
      }),
    );
  }
}
