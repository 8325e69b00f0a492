import { ChatelaineError } from '#kernel';
import type { ChangeFrame } from '../change-frame.ts';
import type { BegunSession } from '../sessions/sessions.ts';
import type { LiveSession } from '../sessions/session-verifier.ts';
import { provisionUser, type UpstreamIdentity } from '../users/provision.ts';
import type { UserDirectory } from '../users/user-directory.ts';
import { signInError } from './errors.ts';
import type { SignInServices } from './open-sign-in.ts';
import type { Person } from './people.ts';
import { stageAfterOneProof, withoutSecondFactors } from './stage.ts';
import { originOf, type Visitor } from './visitor.ts';

/** Somebody whom an identity provider vouches for, verified by whoever asked it. */
export interface Vouched {
  readonly identity: UpstreamIdentity;
  /** The name of the provider in the configuration. */
  readonly upstream: string;
  /** RFC 8176; empty where the provider says nothing. */
  readonly amr: readonly string[];
  /** When the provider authenticated them, in milliseconds; undefined where it does not say. */
  readonly authTime: number | undefined;
}

const METHOD = /^[a-z0-9_-]{1,32}$/;
const MOST_METHODS = 10;

/**
 * Signs in whom an identity provider vouches for: they are found or made, take over their groups there, and get
 * a session of their own, under a token that nobody could know before (session fixation, CVE-2024-7341). What the
 * browser had before (`before`) ends. Whoever owes us a second factor still does, unless the provider says that it
 * took one (`mfa`): one of ours after a password is asked for here as well.
 *
 * Throws `SIGN_IN_DISABLED`, `CLAIMS_REFUSED`, and as the audit does.
 */
export async function signInVouched(
  parts: {
    readonly frame: ChangeFrame;
    readonly users: UserDirectory;
    readonly services: Pick<SignInServices, 'attempts' | 'people' | 'factors' | 'sessions'>;
  },
  visitor: Visitor,
  vouched: Vouched,
  before?: LiveSession,
): Promise<BegunSession & { readonly person: Person }> {
  const { attempts, people, factors, sessions } = parts.services;
  const event = { type: 'sign-in.upstream', action: 'sign-in' };
  const signedIn = await attempts.recorded(visitor, event, async (notes) => {
    notes.details['upstream'] = vouched.upstream;
    const { userId, isNew } = await provisioned();
    const person = await people.byId(userId);
    if (person === undefined) throw disabled();
    notes.person = person;
    const amr = methodsOf(vouched.amr);
    const stage = amr.includes('mfa') ? 'active' : await stageAfterOneProof(factors, person);
    Object.assign(notes.details, { isNew, stage });
    const now = parts.frame.clock.now();
    const begun = await sessions.begin(
      {
        ...{ userId, kind: 'browser', stage, amr },
        // Ahead of us only a clock can be that is wrong.
        authTime: Math.min(vouched.authTime ?? now, now),
        ...{ address: visitor.address, device: visitor.userAgent },
      },
      async () => {},
    );
    notes.details['session'] = begun.session.id;
    return { ...begun, person };
  });
  if (before !== undefined) await endBefore(before);
  return signedIn;

  async function provisioned(): Promise<{ readonly userId: string; readonly isNew: boolean }> {
    const { requestId, address, userAgent } = originOf(visitor, undefined);
    const origin = {
      door: 'console' as const,
      ...(requestId !== undefined && { requestId }),
      ...(address !== undefined && { address }),
      ...(userAgent !== undefined && { userAgent }),
    };
    try {
      const { user, isNew } = await provisionUser(parts, origin, vouched.identity);
      return { userId: user.id, isNew };
    } catch (error) {
      if (error instanceof ChatelaineError && error.code === 'USER_DISABLED') throw disabled(error);
      throw error;
    }
  }

  async function endBefore({ person, session }: LiveSession): Promise<void> {
    try {
      await sessions.end(originOf(visitor, person, session.id), person.id, session.id);
    } catch (error) {
      // In another tab it has ended already.
      if (!(error instanceof ChatelaineError) || error.code !== 'SESSION_UNKNOWN') throw error;
    }
  }
}

/** As the provider says it, as far as it says that there were two factors: a code alone is none beside another. */
function methodsOf(said: readonly string[]): readonly string[] {
  const methods = [...new Set(said.filter((method) => METHOD.test(method)))].slice(0, MOST_METHODS);
  return methods.includes('mfa') ? methods : withoutSecondFactors(methods);
}

const disabled = (cause?: Error): Error =>
  signInError('SIGN_IN_DISABLED', 'your account here is disabled', cause === undefined ? {} : { cause });
