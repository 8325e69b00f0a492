import { newId, type Clock, type Secret } from '#kernel';
import type { AuditTrail } from '#contract';
import type { Database } from '#db';
import type { PasswordHasher } from '../passwords/password-hasher.ts';
import { presentedPassword } from '../passwords/password-rules.ts';
import { hasFactor, type Proof, type SecondFactors } from '../second-factors/second-factors.ts';
import type { BegunSession, Sessions } from '../sessions/sessions.ts';
import type { LiveSession } from '../sessions/session-verifier.ts';
import { newToken, presentedDigest } from '../sessions/token.ts';
import { isKnownDevice, rememberDevice } from '../store/known-devices-store.ts';
import { findPassword, rehashPassword } from '../store/passwords-store.ts';
import { addressBlock } from '../throttle/address-block.ts';
import { ADDRESS_BUDGET, DEVICE_BUDGET, NAME_BUDGET, SECOND_FACTOR_BUDGET } from '../throttle/budget.ts';
import type { Throttle } from '../throttle/throttle.ts';
import type { Attempts } from './attempt.ts';
import { signInError } from './errors.ts';
import { mustHaveSecondFactor, normalizeName, type Account, type People, type Person } from './people.ts';
import { originOf, type Visitor } from './visitor.ts';

/** For how long a browser that a person signed in with is counted by itself. */
const DEVICE_KNOWN_MS = 180 * 86_400_000;

/** A person who is signed in, and the mark by which this browser is known again. */
export interface SignedIn extends BegunSession {
  readonly device: Secret;
}

export interface SignInParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly trail: AuditTrail;
  readonly attempts: Attempts;
  readonly people: People;
  readonly hasher: PasswordHasher;
  readonly throttle: Throttle;
  readonly factors: SecondFactors;
  readonly sessions: Sessions;
}

/** Signing in, a step at a time: password, second factor; again for what is dangerous; and out. */
export class SignIn {
  readonly #parts: SignInParts;

  constructor(parts: SignInParts) {
    this.#parts = parts;
  }

  /**
   * Name and password. What the session is good for after this stands in its stage.
   *
   * An unknown name, a wrong password and a disabled person end in one `SIGN_IN_REFUSED` after the same
   * work. `device` is the mark of a browser that signed in before: it has its own count of attempts, so
   * strangers who fail in a person's name do not shut that person out. Throws `SIGN_IN_THROTTLED`,
   * `SIGN_IN_BUSY`, and as the audit does.
   */
  async password(
    visitor: Visitor,
    presented: { readonly name: string; readonly password: string; readonly device: string | undefined },
  ): Promise<BegunSession> {
    const { trail, attempts, people, throttle, sessions } = this.#parts;
    const name = normalizeName(presented.name);
    return await attempts.recorded(visitor, { type: 'sign-in.password', action: 'sign-in' }, async (notes) => {
      const account = await people.byName(name);
      notes.person = account;
      // A name that nobody has may be a password in the wrong field: it is matched later, never read.
      if (account === undefined) notes.details['nameDigest'] = trail.digest(name);
      const known = await this.#knownDevice(account, presented.device);
      notes.details['knownDevice'] = known !== undefined;
      // The address first: who is out of attempts there must not use up those of a person.
      const taken = await throttle.take(
        known === undefined
          ? [
              { budget: ADDRESS_BUDGET, of: addressBlock(visitor.address) },
              { budget: NAME_BUDGET, of: account?.id ?? name },
            ]
          : [{ budget: DEVICE_BUDGET, of: known }],
      );
      const matches = await this.#matches(account, presented.password);
      // Only who has the password is looked at more closely, so that the time tells nobody else who there is.
      const person = matches && account?.state === 'active' ? await people.byId(account.id) : undefined;
      if (person === undefined) {
        notes.details['reason'] = account === undefined ? 'unknown' : matches ? account.state : 'mismatch';
        throw signInError('SIGN_IN_REFUSED', 'the name or the password is not right');
      }
      await throttle.succeeded(taken);
      const stage = await this.#stageAfterPassword(person);
      notes.details['stage'] = stage;
      const where = { address: visitor.address, device: visitor.userAgent };
      const begun = await sessions.begin({ userId: person.id, kind: 'browser', stage, amr: ['pwd'], ...where });
      notes.details['session'] = begun.session.id;
      return begun;
    });
  }

  /**
   * The second factor, after the password or anew (step-up): the session goes on under a new token, with
   * `amr` and `authTime` renewed. A browser that signed in before is counted by itself here too: whoever
   * has found out the password shall not use up the person's attempts at the code.
   *
   * Throws `SECOND_FACTOR_REFUSED`, `SIGN_IN_THROTTLED`, `SESSION_REQUIRED`.
   */
  async secondFactor(visitor: Visitor, live: LiveSession, proof: Proof, device?: string): Promise<SignedIn> {
    const { attempts, factors, throttle } = this.#parts;
    const { person, session } = live;
    const stepUp = session.stage === 'active';
    const event = { type: stepUp ? 'sign-in.step-up' : 'sign-in.second-factor', action: 'sign-in', person };
    return await attempts.recorded(visitor, event, async (notes) => {
      notes.details['session'] = session.id;
      const known = await this.#knownDevice(person, device);
      const of = known === undefined ? person.id : `${person.id} ${known}`;
      const taken = await throttle.take([{ budget: SECOND_FACTOR_BUDGET, of }]);
      const accepted = await factors.accept(person.id, session.id, proof);
      if (accepted === undefined) throw signInError('SECOND_FACTOR_REFUSED', 'the second factor is not right');
      await throttle.succeeded(taken);
      notes.details['by'] = accepted.by;
      return await this.#signedIn(live, accepted.amr);
    });
  }

  /**
   * Step-up of a person who has no second factor and need not have one: the password again. Throws
   * `SIGN_IN_REFUSED`, `SIGN_IN_THROTTLED`, `SECOND_FACTOR_REFUSED` where there is a second factor.
   */
  async passwordAgain(visitor: Visitor, live: LiveSession, password: string): Promise<SignedIn> {
    const { attempts, factors } = this.#parts;
    const { person, session } = live;
    const event = { type: 'sign-in.step-up', action: 'sign-in', person };
    return await attempts.recorded(visitor, event, async (notes) => {
      notes.details['session'] = session.id;
      if (session.stage !== 'active' || hasFactor(await factors.of(person.id))) {
        throw signInError('SECOND_FACTOR_REFUSED', 'a password is not the second factor');
      }
      await this.requirePassword(live, password);
      return await this.#signedIn(live, session.amr);
    });
  }

  /** Throws `SIGN_IN_REFUSED` unless that is the person's password; counted against the session. */
  async requirePassword({ person, session }: LiveSession, password: string): Promise<void> {
    const attempts = await this.#parts.throttle.take([{ budget: DEVICE_BUDGET, of: `session ${session.id}` }]);
    if (!(await this.#matches(person, password))) throw signInError('SIGN_IN_REFUSED', 'the password is not right');
    await this.#parts.throttle.succeeded(attempts);
  }

  /** Ends the session. Throws `SESSION_UNKNOWN` when it has ended meanwhile. */
  async signOut(visitor: Visitor, { person, session }: LiveSession): Promise<void> {
    await this.#parts.sessions.end(originOf(visitor, person), person.id, session.id);
  }

  /** A new mark, by which this browser of the person is known again. */
  async remember(person: Account): Promise<Secret> {
    const { database, clock } = this.#parts;
    const mark = newToken();
    await rememberDevice(database.db, person.id, mark.digest, clock.now());
    return mark.secret;
  }

  async #signedIn(live: LiveSession, amr: readonly string[]): Promise<SignedIn> {
    const methods = [...new Set(['pwd', ...amr])];
    const begun = await this.#parts.sessions.strengthen(live.session, live.digest, methods);
    return { ...begun, device: await this.remember(live.person) };
  }

  async #knownDevice(person: Account | undefined, device: string | undefined): Promise<string | undefined> {
    const { database, clock } = this.#parts;
    const digest = presentedDigest(device ?? '');
    if (digest === undefined) return undefined;
    const since = clock.now() - DEVICE_KNOWN_MS;
    // For nobody the same question is asked in vain.
    const known = await isKnownDevice(database.db, person?.id ?? newId(clock.now()), digest, since);
    return known ? digest : undefined;
  }

  async #matches(person: Account | undefined, password: string): Promise<boolean> {
    const { database, hasher } = this.#parts;
    const secret = presentedPassword(password);
    const stored = await findPassword(database.db, person?.id ?? '');
    const matches = await hasher.matches(secret, stored);
    if (!matches || person === undefined || stored === undefined) return false;
    if (hasher.outdated(stored)) await rehashPassword(database.db, person.id, stored, await hasher.hash(secret));
    return true;
  }

  async #stageAfterPassword(person: Person): Promise<'second-factor' | 'enrolment' | 'active'> {
    if (hasFactor(await this.#parts.factors.of(person.id))) return 'second-factor';
    return mustHaveSecondFactor(person) ? 'enrolment' : 'active';
  }
}
