import type { Clock, Secret } from '#kernel';
import { hasFactor, type FactorsOf, type SecondFactors } from '../second-factors/second-factors.ts';
import type { Enrolment } from '../second-factors/authenticator-app.ts';
import { passkeyMethod } from '../second-factors/passkey.ts';
import { isRecentProof, stepUpRequired, type SessionLifetimes } from '../sessions/session.ts';
import type { BegunSession, Sessions } from '../sessions/sessions.ts';
import type { LiveSession } from '../sessions/session-verifier.ts';
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
  readonly #lifetimes: SessionLifetimes;

  constructor(parts: {
    readonly attempts: Attempts;
    readonly clock: Clock;
    readonly factors: SecondFactors;
    readonly sessions: Sessions;
    readonly lifetimes: SessionLifetimes;
  }) {
    this.#attempts = parts.attempts;
    this.#clock = parts.clock;
    this.#factors = parts.factors;
    this.#sessions = parts.sessions;
    this.#lifetimes = parts.lifetimes;
  }

  /** What to scan: the enrolment under way, or a new one. Throws as `requireMayChange` does. */
  async app(live: LiveSession): Promise<Enrolment> {
    await this.#requireMayAdd(live);
    return (await this.#factors.apps.begun(live.person)) ?? (await this.#factors.apps.begin(live.person));
  }

  /** Adds the app that shows this code. Throws `SECOND_FACTOR_REFUSED` when it does not. */
  async confirmApp(visitor: Visitor, live: LiveSession, code: string): Promise<Enrolled> {
    return await this.#add(visitor, live, 'totp', async () => {
      if (!(await this.#factors.apps.confirm(live.person.id, code))) {
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
    return await this.#add(visitor, live, 'passkey', async () => {
      const passkey = await this.#factors.passkeys.register(live.person, live.session.id, json, label);
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
    const { person } = live;
    const event = { type: 'second-factor.removed', action: 'remove', person };
    await this.#attempts.recorded(visitor, event, async (notes) => {
      notes.details['factor'] = what === 'app' ? 'totp' : 'passkey';
      await this.#requireMayAdd(live);
      const { app, passkeys } = await this.#factors.of(person.id);
      const left =
        what === 'app' ? { app: false, passkeys } : { app, passkeys: passkeys.filter(({ id }) => id !== what.passkey) };
      if (!hasFactor(left) && mustHaveSecondFactor(person)) {
        throw signInError('SECOND_FACTOR_NEEDED_STILL', 'this is the only second factor');
      }
      if (what === 'app') await this.#factors.apps.remove(person.id);
      else await this.#factors.passkeys.remove(person.id, what.passkey);
    });
  }

  /** Ten new recovery codes in the place of the old ones. Throws `STEP_UP_REQUIRED`. */
  async renewRecoveryCodes(visitor: Visitor, live: LiveSession): Promise<readonly Secret[]> {
    const event = { type: 'recovery-codes.renewed', action: 'renew', person: live.person };
    return await this.#attempts.recorded(visitor, event, async () => {
      this.#requireFresh(live);
      return await this.#factors.renewRecoveryCodes(live.person.id);
    });
  }

  async #add(
    visitor: Visitor,
    live: LiveSession,
    factor: 'totp' | 'passkey',
    confirm: () => Promise<string>,
  ): Promise<Enrolled> {
    const { person, session } = live;
    const event = { type: 'second-factor.added', action: 'enrol', person };
    return await this.#attempts.recorded(visitor, event, async (notes) => {
      notes.details['factor'] = factor;
      const before = await this.#requireMayAdd(live);
      const method = await confirm();
      const recoveryCodes = before.recoveryCodes === 0 ? await this.#factors.renewRecoveryCodes(person.id) : undefined;
      const amr = [...new Set([...session.amr, method, 'mfa'])];
      return { ...(await this.#sessions.strengthen(session, live.digest, amr)), recoveryCodes };
    });
  }

  /**
   * Who has a second factor changes factors only after giving one just now: with the password alone, or
   * with a session found open, somebody else would add their own and be that person for good.
   */
  async #requireMayAdd(live: LiveSession): Promise<FactorsOf> {
    const factors = await this.#factors.of(live.person.id);
    if (live.stage === 'active') this.#requireFresh(live);
    else if (hasFactor(factors)) throw signInError('SECOND_FACTOR_REFUSED', 'the second factor has not been given yet');
    return factors;
  }

  #requireFresh(live: LiveSession): void {
    const { authTime } = live.session;
    if (live.stage === 'active' && isRecentProof(authTime, this.#clock.now(), this.#lifetimes)) return;
    throw stepUpRequired('to change second factors takes a proof of who you are', this.#lifetimes);
  }
}
