import { sha256Hex, type Clock, type Secret } from '#kernel';
import type { RevocationLedger } from '#contract';
import type { Database, DatabaseOrTransaction } from '#db';
import type { Author } from '../author.ts';
import type { IdentityChanges } from '../changes.ts';
import { noteCredentialChange } from '../credential-change.ts';
import { identityError } from '../errors.ts';
import type { LiveSession } from '../sessions/session-verifier.ts';
import type { BegunSession, Sessions } from '../sessions/sessions.ts';
import { newToken } from '../sessions/token.ts';
import type { Attempts } from '../sign-in/attempt.ts';
import { signInError } from '../sign-in/errors.ts';
import type { People, Person } from '../sign-in/people.ts';
import type { SignIn } from '../sign-in/sign-in.ts';
import type { Visitor } from '../sign-in/visitor.ts';
import { forgetDevices } from '../store/known-devices-store.ts';
import { findLink, putLink } from '../store/one-time-links-store.ts';
import { useUp } from '../store/one-use.ts';
import { putPassword } from '../store/passwords-store.ts';
import { endSessions } from '../store/sessions-store.ts';
import { addressBlock } from '../throttle/address-block.ts';
import { LINK_BUDGET } from '../throttle/budget.ts';
import type { Throttle } from '../throttle/throttle.ts';
import { LOCAL_ISSUER } from '../users/user.ts';
import type { UserDirectory } from '../users/user-directory.ts';
import type { PasswordHasher } from './password-hasher.ts';
import { parseNewPassword } from './password-rules.ts';
import { requirePasswordStill } from './password-version.ts';

/** A link that an administrator hands on by another way than this system. */
const LINK_MS = 24 * 3_600_000;

export interface IssuedLink {
  readonly token: Secret;
  readonly expiresAt: number;
}

/** Setting, changing and replacing passwords. Whoever does ends every session of the person. */
export class PasswordService {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #attempts: Attempts;
  readonly #ledger: RevocationLedger;
  readonly #people: People;
  readonly #users: Pick<UserDirectory, 'reset'>;
  readonly #hasher: PasswordHasher;
  readonly #sessions: Sessions;
  readonly #signIn: SignIn;
  readonly #throttle: Throttle;
  readonly #changes: IdentityChanges;

  constructor(parts: {
    readonly database: Database;
    readonly clock: Clock;
    readonly attempts: Attempts;
    readonly ledger: RevocationLedger;
    readonly people: People;
    readonly users: Pick<UserDirectory, 'reset'>;
    readonly hasher: PasswordHasher;
    readonly sessions: Sessions;
    readonly signIn: SignIn;
    readonly throttle: Throttle;
    readonly changes: IdentityChanges;
  }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#attempts = parts.attempts;
    this.#ledger = parts.ledger;
    this.#people = parts.people;
    this.#users = parts.users;
    this.#hasher = parts.hasher;
    this.#sessions = parts.sessions;
    this.#signIn = parts.signIn;
    this.#throttle = parts.throttle;
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
    const event = { type: 'password.changed', action: 'change', person, session };
    return await this.#attempts.recorded(visitor, event, async (notes) => {
      if (live.stage !== 'active') throw signInError('SESSION_REQUIRED', 'the sign-in is not complete');
      const proven = await this.#signIn.requirePassword(live, wanted.current);
      const phc = await this.hashNew(wanted.next, person);
      await notes.intend();
      const { amr, authTime } = session;
      const where = { address: visitor.address, device: visitor.userAgent };
      const begun = this.#sessions.begin(
        { userId: person.id, kind: 'browser', stage: 'active', amr, authTime, ...where },
        async (trx) => {
          // Whoever ended the session, or was faster with another password, has decided about this one too.
          if (!(await this.#sessions.goesOn(trx, session.id))) {
            throw signInError('SESSION_REQUIRED', 'the session ended meanwhile');
          }
          await requirePasswordStill(trx, person.id, proven.version);
          notes.details['sessionsEnded'] = await this.#put(trx, person.id, phc);
        },
      );
      return await this.#changes.after(begun);
    });
  }

  /**
   * A link by which the person sets a password, once, within a day; an earlier one ends. For
   * administrators: new people and forgotten passwords. The token goes behind `/console/password?token=`.
   * Throws `USER_UNKNOWN`, `USER_DISABLED`, `USER_OF_PROVIDER`, and as `ChangeFrame.check` does.
   */
  async issueLink(by: Author, userId: string): Promise<IssuedLink> {
    const now = this.#clock.now();
    const expiresAt = now + LINK_MS;
    const { secret: token, digest } = newToken();
    const event = { type: 'password.link-issued', action: 'issue' };
    return await this.#users.reset(by, userId, event, async (trx, user) => {
      if (user.disabledAt !== null) throw identityError('USER_DISABLED', 'a user who is disabled sets no password');
      if (user.issuer !== LOCAL_ISSUER) {
        throw identityError('USER_OF_PROVIDER', 'the user signs in at an identity provider');
      }
      const link = { digest, purpose: 'password' as const, userId, reissued: false };
      await putLink(trx, { ...link, createdAt: now, expiresAt });
      return { value: { token, expiresAt } };
    });
  }

  /** Whose password the link sets; undefined when it is used up, over or nobody's. */
  async linked(token: string): Promise<Person | undefined> {
    const link = await findLink(this.#database.db, sha256Hex(token), this.#clock.now());
    const person = link === undefined || link.userId === null ? undefined : await this.#people.byId(link.userId);
    return person?.state === 'active' ? person : undefined;
  }

  /** Sets the password of a link and uses it up. Throws `LINK_REFUSED`, `PASSWORD_REFUSED`, `SIGN_IN_THROTTLED`. */
  async redeem(visitor: Visitor, token: string, password: string): Promise<void> {
    const event = { type: 'password.set-by-link', action: 'change' };
    await this.#attempts.recorded(visitor, event, async (notes) => {
      const taken = await this.#throttle.take([{ budget: LINK_BUDGET, of: addressBlock(visitor.address) }]);
      const person = await this.linked(token);
      notes.person = person;
      if (person === undefined) throw signInError('LINK_REFUSED', 'this link does not set a password any more');
      await this.#throttle.giveBack(taken);
      const phc = await this.hashNew(password, person);
      await notes.intend();
      const set = this.#database.transaction(async (trx) => {
        if (!(await useUp(trx, 'one_time_links', sha256Hex(token), this.#clock.now()))) {
          throw signInError('LINK_REFUSED', 'this link was used a moment ago');
        }
        notes.details['sessionsEnded'] = await this.#put(trx, person.id, phc);
      });
      await this.#changes.after(set);
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
  async #put(trx: DatabaseOrTransaction, userId: string, phc: string): Promise<number> {
    const now = this.#clock.now();
    await putPassword(trx, userId, phc, now);
    await forgetDevices(trx, userId);
    await noteCredentialChange(trx, this.#ledger, userId, now);
    return await endSessions(trx, userId, now);
  }
}
