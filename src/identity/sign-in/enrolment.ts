import type { Clock, Secret } from '#kernel';
import type { RevocationLedger } from '#contract';
import type { Author } from '../author.ts';
import { noteCredentialChange } from '../credential-change.ts';
import { hasFactor, type FactorsOf, type SecondFactors } from '../second-factors/second-factors.ts';
import type { Enrolment } from '../second-factors/authenticator-app.ts';
import { passkeyMethod } from '../second-factors/passkey.ts';
import { isRecentProof, stepUpRequired, type SessionLifetimes } from '../sessions/session.ts';
import type { BegunSession, Sessions } from '../sessions/sessions.ts';
import type { LiveSession } from '../sessions/session-verifier.ts';
import { endSessions } from '../store/sessions-store.ts';
import { deleteFactors } from '../store/sign-in-erasure-store.ts';
import type { UserDirectory } from '../users/user-directory.ts';
import type { Attempts } from './attempt.ts';
import { signInError } from './errors.ts';
import { mustHaveSecondFactor } from './people.ts';
import type { Visitor } from './visitor.ts';

/** The session after a factor was added, and the recovery codes where the person had none. */
export interface Enrolled extends BegunSession {
  readonly recoveryCodes: readonly Secret[] | undefined;
}

/** Adding second factors and taking them away. */
export class FactorEnrolment {
  readonly #attempts: Attempts;
  readonly #clock: Clock;
  readonly #factors: SecondFactors;
  readonly #sessions: Sessions;
  readonly #users: Pick<UserDirectory, 'reset'>;
  readonly #ledger: RevocationLedger;
  readonly #lifetimes: SessionLifetimes;

  constructor(parts: {
    readonly attempts: Attempts;
    readonly clock: Clock;
    readonly factors: SecondFactors;
    readonly sessions: Sessions;
    readonly users: Pick<UserDirectory, 'reset'>;
    readonly ledger: RevocationLedger;
    readonly lifetimes: SessionLifetimes;
  }) {
    this.#attempts = parts.attempts;
    this.#clock = parts.clock;
    this.#factors = parts.factors;
    this.#sessions = parts.sessions;
    this.#users = parts.users;
    this.#ledger = parts.ledger;
    this.#lifetimes = parts.lifetimes;
  }

  /**
   * What to scan: the enrolment under way in this session, or a new one. Throws `STEP_UP_REQUIRED`,
   * `SESSION_REQUIRED`, `SECOND_FACTOR_REFUSED`: see `#requireMayAdd`.
   */
  async app(live: LiveSession): Promise<Enrolment> {
    return (await this.begunApp(live)) ?? (await this.#factors.apps.begin(live.person, live.session.id));
  }

  /** The enrolment under way in this session; undefined when there is none. Throws as `app` does. */
  async begunApp(live: LiveSession): Promise<Enrolment | undefined> {
    await this.#requireMayAdd(live);
    return await this.#factors.apps.begun(live.person, live.session.id);
  }

  /** Adds the app that shows this code. Throws `SECOND_FACTOR_REFUSED` when it does not. */
  async confirmApp(visitor: Visitor, live: LiveSession, code: string): Promise<Enrolled> {
    return await this.#add(visitor, live, 'totp', async (intend) => {
      if (!(await this.#factors.apps.confirm(live.person.id, live.session.id, code, intend))) {
        throw signInError('SECOND_FACTOR_REFUSED', 'the app does not show this code now');
      }
      return 'otp';
    });
  }

  /** What the browser needs to make a passkey. Throws as `app` does, and `PASSKEY_UNAVAILABLE`. */
  async passkeyOptions(live: LiveSession): Promise<object> {
    await this.#requireMayAdd(live);
    return await this.#factors.passkeys.registrationOptions(live.person, live.session.id);
  }

  /** Adds the passkey that the browser made. Throws `SECOND_FACTOR_REFUSED`. */
  async addPasskey(visitor: Visitor, live: LiveSession, json: string, label: string): Promise<Enrolled> {
    return await this.#add(visitor, live, 'passkey', async (intend) => {
      const passkey = await this.#factors.passkeys.register(live.person, live.session.id, { json, label }, intend);
      if (passkey === undefined)
        throw signInError('SECOND_FACTOR_REFUSED', 'the browser did not make a usable passkey');
      return passkeyMethod(passkey);
    });
  }

  /**
   * Takes a factor away. Throws `SECOND_FACTOR_NEEDED_STILL` for the last one of somebody who must have
   * one, `STEP_UP_REQUIRED`.
   */
  async remove(visitor: Visitor, live: LiveSession, what: 'app' | { readonly passkey: string }): Promise<void> {
    const { person, session } = live;
    const event = { type: 'second-factor.removed', action: 'remove', person, session };
    await this.#attempts.recorded(visitor, event, async (notes) => {
      notes.details['factor'] = what === 'app' ? 'totp' : 'passkey';
      await this.#requireMayAdd(live);
      const { app, passkeys } = await this.#factors.of(person.id);
      const left =
        what === 'app' ? { app: false, passkeys } : { app, passkeys: passkeys.filter(({ id }) => id !== what.passkey) };
      if (!hasFactor(left) && mustHaveSecondFactor(person)) {
        throw signInError('SECOND_FACTOR_NEEDED_STILL', 'this is the only second factor');
      }
      await notes.intend();
      if (what === 'app') await this.#factors.apps.remove(person.id);
      else await this.#factors.passkeys.remove(person.id, what.passkey);
    });
  }

  /**
   * Takes all factors of a person away, for an administrator: the phone is lost and the codes with it. Their
   * sessions end, or whoever has the phone goes on in them; gives how many. What must have a second factor
   * sets up another one after the password. Throws `USER_UNKNOWN`, and as `ChangeFrame.check` does.
   */
  async reset(by: Author, userId: string): Promise<number> {
    const event = { type: 'second-factors.reset', action: 'reset' };
    return await this.#users.reset(by, userId, event, async (trx) => {
      const now = this.#clock.now();
      await deleteFactors(trx, userId);
      await noteCredentialChange(trx, this.#ledger, userId, now);
      const sessionsEnded = await endSessions(trx, userId, now);
      return { value: sessionsEnded, details: { sessionsEnded } };
    });
  }

  /** Ten new recovery codes in the place of the old ones. Throws `STEP_UP_REQUIRED`. */
  async renewRecoveryCodes(visitor: Visitor, live: LiveSession): Promise<readonly Secret[]> {
    const { person, session } = live;
    const event = { type: 'recovery-codes.renewed', action: 'renew', person, session };
    return await this.#attempts.recorded(visitor, event, async (notes) => {
      this.#requireFresh(live);
      await notes.intend();
      return await this.#factors.renewRecoveryCodes(person.id);
    });
  }

  async #add(
    visitor: Visitor,
    live: LiveSession,
    factor: 'totp' | 'passkey',
    confirm: (intend: () => Promise<void>) => Promise<string>,
  ): Promise<Enrolled> {
    const { person, session } = live;
    const event = { type: 'second-factor.added', action: 'enrol', person, session };
    return await this.#attempts.recorded(visitor, event, async (notes) => {
      notes.details['factor'] = factor;
      const before = await this.#requireMayAdd(live);
      const method = await confirm(() => notes.intend());
      const recoveryCodes = before.recoveryCodes === 0 ? await this.#factors.renewRecoveryCodes(person.id) : undefined;
      const amr = [...new Set([...session.amr, method, 'mfa'])];
      return { ...(await this.#sessions.strengthen(session, live.digest, amr)), recoveryCodes };
    });
  }

  /**
   * Who has a second factor changes factors only after giving one just now: with the password alone, or
   * with a session found open, somebody else would add their own and be that person for good. So does who
   * has none and came to a role that asks for one while signed in; the proof they can give is the password,
   * and for that they sign in again.
   */
  async #requireMayAdd(live: LiveSession): Promise<FactorsOf> {
    const factors = await this.#factors.of(live.person.id);
    if (live.stage === 'active') this.#requireFresh(live);
    else if (hasFactor(factors)) throw signInError('SECOND_FACTOR_REFUSED', 'the second factor has not been given yet');
    else if (live.session.stage === 'active' && !this.#isRecent(live)) {
      throw signInError('SESSION_REQUIRED', 'the last proof of who you are is too old to set up a second factor');
    }
    return factors;
  }

  #requireFresh(live: LiveSession): void {
    if (live.stage === 'active' && this.#isRecent(live)) return;
    throw stepUpRequired('to change second factors takes a proof of who you are', this.#lifetimes);
  }

  #isRecent({ session }: LiveSession): boolean {
    return isRecentProof(session.authTime, this.#clock.now(), this.#lifetimes);
  }
}
