import { hasFactor, type SecondFactors } from '../second-factors/second-factors.ts';
import type { Session } from '../sessions/session.ts';
import { mustHaveSecondFactor, type Person } from './people.ts';

/** What a session is good for after one proof, whoever took it: our password, or an identity provider. */
export async function stageAfterOneProof(
  factors: Pick<SecondFactors, 'of'>,
  person: Pick<Person, 'id' | 'grants'>,
): Promise<Session['stage']> {
  if (hasFactor(await factors.of(person.id))) return 'second-factor';
  return mustHaveSecondFactor(person) ? 'enrolment' : 'active';
}

/** RFC 8176: what of a sign-in is a second factor, or says that there was one. */
const OF_SECOND_FACTORS: ReadonlySet<string> = new Set(['mfa', 'otp', 'hwk', 'swk', 'user']);

/** The methods of the first proof: a second factor that was given once is not given again by another one. */
export const withoutSecondFactors = (amr: readonly string[]): readonly string[] =>
  amr.filter((method) => !OF_SECOND_FACTORS.has(method));
