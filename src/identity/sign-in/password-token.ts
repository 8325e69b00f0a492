import { ChatelaineError, reveal, type Clock, type Secret } from '#kernel';
import { cliCredential } from '../sessions/token.ts';
import type { SessionVerifier } from '../sessions/session-verifier.ts';
import type { BegunSession, Sessions } from '../sessions/sessions.ts';
import type { Attempts } from './attempt.ts';
import { signInError } from './errors.ts';
import type { SignIn } from './sign-in.ts';
import { originOf, type Visitor } from './visitor.ts';

export interface PasswordTokenRequest {
  readonly username: string;
  readonly password: string;
  /** Of an app, or a recovery code; undefined where the account has no second factor. */
  readonly otp: string | undefined;
}

/** What a program is given: a session of the command line, as `chatelaine login` gets one. */
export interface PasswordToken {
  readonly credential: Secret;
  readonly expiresAt: number;
}

/**
 * `POST /api/v1/token`: name, password and second factor for a session of a program. Each step is that of the
 * pages, with its counts and its records; it is no way around any of them. Whoever must have a second factor and
 * has none is sent to the page where one is set up.
 */
export class PasswordTokens {
  readonly #clock: Clock;
  readonly #attempts: Attempts;
  readonly #signIn: SignIn;
  readonly #sessions: Sessions;
  readonly #verifier: SessionVerifier;
  readonly #publicUrl: URL;

  constructor(parts: {
    readonly clock: Clock;
    readonly attempts: Attempts;
    readonly signIn: SignIn;
    readonly sessions: Sessions;
    readonly verifier: SessionVerifier;
    readonly publicUrl: URL;
  }) {
    this.#clock = parts.clock;
    this.#attempts = parts.attempts;
    this.#signIn = parts.signIn;
    this.#sessions = parts.sessions;
    this.#verifier = parts.verifier;
    this.#publicUrl = parts.publicUrl;
  }

  /**
   * Throws `SIGN_IN_REFUSED`, `SECOND_FACTOR_REFUSED`, `SECOND_FACTOR_REQUIRED`, `SIGN_IN_THROTTLED`,
   * `SIGN_IN_BUSY`.
   */
  async issue(visitor: Visitor, { username, password, otp }: PasswordTokenRequest): Promise<PasswordToken> {
    const begun = await this.#signIn.password(visitor, { name: username, password, device: undefined });
    let proved: BegunSession = begun;
    try {
      proved = await this.#complete(visitor, begun, otp);
      return await this.#exchange(visitor, proved);
    } finally {
      // The steps go through a session that nobody holds; nothing of it is left, whatever came of them.
      await this.#end(visitor, proved);
    }
  }

  async #complete(visitor: Visitor, begun: BegunSession, otp: string | undefined): Promise<BegunSession> {
    const { stage } = begun.session;
    if (stage === 'active') return begun;
    if (stage === 'enrolment') {
      const page = new URL('/console/sign-in', this.#publicUrl).href;
      throw signInError('SECOND_FACTOR_REQUIRED', `set up a second factor at ${page} first`);
    }
    if (otp === undefined) throw signInError('SECOND_FACTOR_REFUSED', 'this account has a second factor: give `otp`');
    const live = await this.#verifier.read(reveal(begun.token));
    if (!live.ok) throw signInError('SESSION_REQUIRED', 'the sign-in ended meanwhile');
    return await this.#signIn.secondFactor(visitor, live.value, { code: otp });
  }

  async #exchange(visitor: Visitor, { session }: BegunSession): Promise<PasswordToken> {
    const { userId, amr, authTime } = session;
    const event = { type: 'sign-in.program', action: 'sign-in' };
    return await this.#attempts.recorded(visitor, event, async (notes) => {
      const where = { address: visitor.address, device: visitor.userAgent };
      const begun = await this.#sessions.begin(
        { userId, kind: 'cli', stage: 'active', amr, authTime, ...where },
        async (trx) => {
          if (await this.#sessions.goesOn(trx, session.id)) return;
          throw signInError('SESSION_REQUIRED', 'the sign-in ended meanwhile');
        },
      );
      notes.details['session'] = begun.session.id;
      return { credential: cliCredential(reveal(begun.token)), expiresAt: begun.session.expiresAt };
    });
  }

  async #end(visitor: Visitor, { session }: BegunSession): Promise<void> {
    const origin = originOf(visitor, { id: session.userId, name: '' }, session.id);
    try {
      await this.#sessions.end(origin, session.userId, session.id);
    } catch (error) {
      // Ended by somebody else.
      if (!(error instanceof ChatelaineError) || error.code !== 'SESSION_UNKNOWN') throw error;
    }
  }

  /** Seconds from now, as the answer of a token endpoint says it. */
  secondsUntil(moment: number): number {
    return Math.max(0, Math.floor((moment - this.#clock.now()) / 1000));
  }
}
