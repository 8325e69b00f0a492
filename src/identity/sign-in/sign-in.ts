import { ChatelaineError, newId, Secret, type Clock } from '#kernel';
import type { AuditTrail } from '#contract';
import type { Database } from '#db';
import type { PasswordHasher } from '../passwords/password-hasher.ts';
import { presentedPassword } from '../passwords/password-rules.ts';
import { requirePasswordStill } from '../passwords/password-version.ts';
import { hasFactor, type Proof, type SecondFactors } from '../second-factors/second-factors.ts';
import type { BegunSession, Sessions } from '../sessions/sessions.ts';
import type { LiveSession } from '../sessions/session-verifier.ts';
import { newToken, presentedDigest } from '../sessions/token.ts';
import { isKnownDevice, rememberDevice } from '../store/known-devices-store.ts';
import { findPassword, findUsualHash, rehashPassword, type StoredPassword } from '../store/passwords-store.ts';
import { addressBlock } from '../throttle/address-block.ts';
import {
  ADDRESS_BUDGET,
  DEVICE_BUDGET,
  NAME_BUDGET,
  NAME_HERE_BUDGET,
  SECOND_FACTOR_BUDGET,
} from '../throttle/budget.ts';
import type { Attempt, Throttle } from '../throttle/throttle.ts';
import type { Attempts } from './attempt.ts';
import { signInError } from './errors.ts';
import { normalizeName, type Account, type People } from './people.ts';
import { stageAfterOneProof, withoutSecondFactors } from './stage.ts';
import { originOf, type Visitor } from './visitor.ts';

/** For how long a browser that a person signed in with is counted by itself. */
const DEVICE_KNOWN_MS = 180 * 86_400_000;
/** How often it is looked up what most stored hashes cost. */
const USUAL_MS = 600_000;

/** A person who is signed in, and the mark by which this browser is known again. */
export interface SignedIn extends BegunSession {
  readonly device: Secret;
}

/** A person whose password was right; with the mark where that was all that it takes. */
export interface PasswordAccepted extends BegunSession {
  readonly device: Secret | undefined;
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
  #usual: { readonly hash: string | undefined; readonly readAt: number } | undefined;

  constructor(parts: SignInParts) {
    this.#parts = parts;
  }

  /**
   * Name and password. What the session is good for after this stands in its stage.
   *
   * An unknown name, a wrong password and a disabled person end in one `SIGN_IN_REFUSED` after the same
   * work. `device` is the mark of a browser that signed in before: it has its own count of attempts, so
   * strangers who fail in a person's name do not shut that person out. Browsers that are new have one for
   * each address, for the same reason. Throws `SIGN_IN_THROTTLED`,
   * `SIGN_IN_BUSY`, and as the audit does.
   */
  async password(
    visitor: Visitor,
    presented: { readonly name: string; readonly password: string; readonly device: string | undefined },
  ): Promise<PasswordAccepted> {
    const { trail, attempts, people, throttle, sessions } = this.#parts;
    const name = normalizeName(presented.name);
    const event = { type: 'sign-in.password', action: 'sign-in' };
    const { person, begun } = await attempts.recorded(visitor, event, async (notes) => {
      const account = await people.byName(name);
      notes.account = account;
      // It may be a password in the wrong field: it is matched later, never read.
      notes.details['nameDigest'] = trail.digest(name);
      const known = await this.#knownDevice(account, presented.device);
      notes.details['knownDevice'] = known !== undefined;
      // The address first: who is out of attempts there must not use up those of a person.
      const [block, whose] = [addressBlock(visitor.address), account?.id ?? name];
      const taken = await throttle.take(
        known === undefined
          ? [
              { budget: ADDRESS_BUDGET, of: block },
              { budget: NAME_HERE_BUDGET, of: `${whose} ${block}` },
              { budget: NAME_BUDGET, of: whose },
            ]
          : [{ budget: DEVICE_BUDGET, of: known }],
      );
      const proven = await this.#judged(taken, account, presented.password);
      // Only who has the password is looked at more closely, so that the time tells nobody else who there is.
      const person = proven !== undefined && account?.state === 'active' ? await people.byId(account.id) : undefined;
      if (proven === undefined || person === undefined) {
        notes.details['reason'] = account === undefined ? 'unknown' : proven === undefined ? 'mismatch' : account.state;
        throw signInError('SIGN_IN_REFUSED', 'the name or the password is not right');
      }
      notes.person = person;
      delete notes.details['nameDigest'];
      const stage = await stageAfterOneProof(this.#parts.factors, person);
      notes.details['stage'] = stage;
      const where = { address: visitor.address, device: visitor.userAgent };
      const begun = await sessions.begin({ userId: person.id, kind: 'browser', stage, amr: ['pwd'], ...where }, (trx) =>
        requirePasswordStill(trx, person.id, proven.version),
      );
      await throttle.succeeded(taken);
      notes.details['session'] = begun.session.id;
      return { person, begun };
    });
    const complete = begun.session.stage === 'active';
    return { ...begun, device: complete ? await this.remember(person, presented.device) : undefined };
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
    const event = { type: stepUp ? 'sign-in.step-up' : 'sign-in.second-factor', action: 'sign-in', person, session };
    return await attempts.recorded(visitor, event, async (notes) => {
      const known = await this.#knownDevice(person, device);
      const of = known === undefined ? person.id : `${person.id} ${known}`;
      const taken = await throttle.take([{ budget: SECOND_FACTOR_BUDGET, of }]);
      const accepted = await factors.accept(person.id, session.id, proof);
      if (accepted === undefined) throw signInError('SECOND_FACTOR_REFUSED', 'the second factor is not right');
      await throttle.succeeded(taken);
      notes.details['by'] = accepted.by;
      return await this.#signedIn(live, accepted.amr, device);
    });
  }

  /**
   * Step-up of a person who has no second factor and need not have one: the password again. Throws
   * `SIGN_IN_REFUSED`, `SIGN_IN_THROTTLED`, `SECOND_FACTOR_REFUSED` where there is a second factor.
   */
  async passwordAgain(visitor: Visitor, live: LiveSession, password: string, device?: string): Promise<SignedIn> {
    const { attempts, factors } = this.#parts;
    const { person, session } = live;
    const event = { type: 'sign-in.step-up', action: 'sign-in', person, session };
    return await attempts.recorded(visitor, event, async () => {
      if (session.stage !== 'active' || hasFactor(await factors.of(person.id))) {
        throw signInError('SECOND_FACTOR_REFUSED', 'a password is not the second factor');
      }
      await this.requirePassword(live, password);
      return await this.#signedIn(live, session.amr, device);
    });
  }

  /**
   * The person's password as it is kept, by whoever knows it; throws `SIGN_IN_REFUSED` for anybody else.
   * Counted against the session.
   */
  async requirePassword({ person, session }: LiveSession, password: string): Promise<StoredPassword> {
    const taken = await this.#parts.throttle.take([{ budget: DEVICE_BUDGET, of: `session ${session.id}` }]);
    const proven = await this.#judged(taken, person, password);
    if (proven === undefined) throw signInError('SIGN_IN_REFUSED', 'the password is not right');
    await this.#parts.throttle.succeeded(taken);
    return proven;
  }

  /** Ends the session. Throws `SESSION_UNKNOWN` when it has ended meanwhile. */
  async signOut(visitor: Visitor, { person, session }: LiveSession): Promise<void> {
    await this.#parts.sessions.end(originOf(visitor, person, session.id), person.id, session.id);
  }

  /** The mark by which this browser of the person is known again: the one that it shows, or a new one. */
  async remember(person: Account, presented?: string): Promise<Secret> {
    const { database, clock } = this.#parts;
    const now = clock.now();
    const known = await this.#knownDevice(person, presented);
    const mark = known === undefined ? newToken() : { secret: new Secret(presented as string), digest: known };
    await rememberDevice(database.db, person.id, mark.digest, { now, since: now - DEVICE_KNOWN_MS });
    return mark.secret;
  }

  async #signedIn(live: LiveSession, amr: readonly string[], device: string | undefined): Promise<SignedIn> {
    const methods = [...new Set([...withoutSecondFactors(live.session.amr), ...amr])];
    const begun = await this.#parts.sessions.strengthen(live.session, live.digest, methods);
    return { ...begun, device: await this.remember(live.person, device) };
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

  /** `#proven`, within attempts that were taken: who finds the hasher busy has not used them. */
  async #judged(
    taken: readonly Attempt[],
    person: Account | undefined,
    password: string,
  ): Promise<StoredPassword | undefined> {
    try {
      return await this.#proven(person, password);
    } catch (error) {
      await this.#parts.throttle.giveBack(taken);
      throw error;
    }
  }

  /** The stored password, if that is it. */
  async #proven(person: Account | undefined, password: string): Promise<StoredPassword | undefined> {
    const { database, hasher } = this.#parts;
    const secret = presentedPassword(password);
    const stored = await findPassword(database.db, person?.id ?? '');
    const matches = await hasher.matches(secret, stored?.phc, await this.#usualHash());
    if (!matches || person === undefined || stored === undefined) return undefined;
    if (hasher.outdated(stored.phc)) await this.#rehash(person.id, stored.phc, secret);
    return stored;
  }

  /** The password is right by now: that nobody has time to hash it anew refuses nothing. */
  async #rehash(userId: string, before: string, password: Secret): Promise<void> {
    const { database, hasher } = this.#parts;
    try {
      await rehashPassword(database.db, userId, before, await hasher.hash(password));
    } catch (error) {
      if (!(error instanceof ChatelaineError) || error.code !== 'SIGN_IN_BUSY') throw error;
    }
  }

  /** A hash that cost what most cost. Looked up whoever asks, so that its statement tells nothing. */
  async #usualHash(): Promise<string | undefined> {
    const { database, clock } = this.#parts;
    const now = clock.now();
    if (this.#usual === undefined || Math.abs(now - this.#usual.readAt) > USUAL_MS) {
      this.#usual = { hash: await findUsualHash(database.db), readAt: now };
    }
    return this.#usual.hash;
  }
}
