import type { Logger } from '#kernel';
import type { Envelope } from '#vault';
import type { ChangeFrame } from '../change-frame.ts';
import { PasswordHasher, type HasherLimits } from '../passwords/password-hasher.ts';
import { PasswordService } from '../passwords/password-service.ts';
import { AuthenticatorApps } from '../second-factors/authenticator-app.ts';
import { Passkeys } from '../second-factors/passkeys.ts';
import { SecondFactors } from '../second-factors/second-factors.ts';
import { ProgramSignIn } from '../sessions/program-sign-in.ts';
import { SESSION_LIFETIMES, type SessionLifetimes } from '../sessions/session.ts';
import { SessionVerifier } from '../sessions/session-verifier.ts';
import { Sessions } from '../sessions/sessions.ts';
import { SetupLinks } from '../setup/setup-links.ts';
import { endSessions } from '../store/sessions-store.ts';
import { deleteSignIn } from '../store/sign-in-erasure-store.ts';
import { Throttle } from '../throttle/throttle.ts';
import type { DeclaredBindings } from '../roles/declared-bindings.ts';
import type { UserDirectory } from '../users/user-directory.ts';
import { Invitations } from '../invitations/invitations.ts';
import { Attempts } from './attempt.ts';
import { directoryPeople } from './directory-people.ts';
import { FactorEnrolment } from './enrolment.ts';
import { PasswordTokens } from './password-token.ts';
import type { People } from './people.ts';
import { SignIn } from './sign-in.ts';

export interface SignInOptions {
  /** `Identity.frame`: the database, the clock, the record, the ledger and the news of changes. */
  readonly frame: ChangeFrame;
  readonly log: Logger;
  /** Of the vault, which was given `totpSeedColumn`, so that rotations find the seeds. */
  readonly envelope: Envelope;
  readonly users: UserDirectory;
  /** The `kind: roleBinding` documents as they are now; none by default. */
  readonly declared?: DeclaredBindings;
  /** Where browsers reach this server: `https://tools.example`, or `http://localhost:7420`. */
  readonly publicUrl: URL;
  /** `SESSION_LIFETIMES` by default. */
  readonly lifetimes?: SessionLifetimes;
  readonly hasher?: HasherLimits | PasswordHasher;
}

/** Everything by which people sign in, over one database. */
export interface SignInServices {
  readonly publicUrl: URL;
  readonly lifetimes: SessionLifetimes;
  readonly people: People;
  readonly attempts: Attempts;
  readonly signIn: SignIn;
  readonly enrolment: FactorEnrolment;
  readonly factors: SecondFactors;
  readonly passwords: PasswordService;
  readonly setup: SetupLinks;
  readonly sessions: Sessions;
  readonly verifier: SessionVerifier;
  readonly programs: ProgramSignIn;
  readonly invitations: Invitations;
  readonly passwordTokens: PasswordTokens;
  /** Puts refusals on record that were only counted so far; rejects as the trail does. */
  close(): Promise<void>;
}

/** Puts the services together, and sees to it that who is cut off or forgotten is so here. */
export function openSignIn(given: SignInOptions): SignInServices {
  const { database, clock, trail, ledger, changes } = given.frame;
  const base = { declared: () => [], ...given, database, clock, trail, ledger, changes };
  const people = directoryPeople(base);
  const options = { ...base, people };
  const lifetimes = options.lifetimes ?? SESSION_LIFETIMES;
  const hasher = options.hasher instanceof PasswordHasher ? options.hasher : new PasswordHasher(options.hasher);
  const attempts = new Attempts(options);
  const throttle = new Throttle(options);
  const sessions = new Sessions({ ...options, lifetimes });
  const verifier = new SessionVerifier({ ...options, lifetimes });
  options.changes.onChange(() => verifier.forget());
  const factors = new SecondFactors({
    ...options,
    apps: new AuthenticatorApps(options),
    passkeys: new Passkeys(options),
  });
  const signIn = new SignIn({ ...options, attempts, hasher, throttle, factors, sessions });
  const passwords = new PasswordService({ ...options, attempts, hasher, sessions, signIn, throttle });
  options.users.onCutOff(async (userId, why) => {
    await changes.after(
      database.transaction(async (trx) => {
        // Once more: a sign-in that was under way may have left something after the erasure had looked.
        if (why === 'erased') await deleteSignIn(trx, userId);
        else await endSessions(trx, userId, clock.now());
      }),
    );
  });
  return {
    publicUrl: options.publicUrl,
    lifetimes,
    people,
    attempts,
    signIn,
    enrolment: new FactorEnrolment({ ...options, attempts, lifetimes, factors, sessions }),
    factors,
    passwords,
    setup: new SetupLinks({ ...options, attempts, passwords, sessions, throttle }),
    sessions,
    verifier,
    invitations: new Invitations({ ...options, attempts, passwords, throttle }),
    passwordTokens: new PasswordTokens({ ...options, attempts, signIn, sessions, verifier }),
    programs: new ProgramSignIn({ ...options, attempts, lifetimes, sessions, throttle }),
    close: () => attempts.flush(),
  };
}
