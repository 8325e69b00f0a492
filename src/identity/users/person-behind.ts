import type { DatabaseOrTransaction } from '#db';
import type { Principal } from '#contract';
import { findAgentById } from '../store/agents-store.ts';
import { findUserBySubject } from '../store/users-store.ts';
import { LOCAL_ISSUER } from './user.ts';

/**
 * The id of the person behind whoever did something: the user, by whichever issuer they came, or the one who answers
 * for the agent. Undefined where nobody here is known to be. One person with two ways in is one person.
 */
export async function personBehind(
  db: DatabaseOrTransaction,
  { kind, iss, sub }: Pick<Principal, 'iss' | 'sub'> & { readonly kind: 'user' | 'agent' },
): Promise<string | undefined> {
  if (kind === 'user') return iss === LOCAL_ISSUER ? sub : (await findUserBySubject(db, iss, sub))?.user.id;
  return iss === LOCAL_ISSUER ? ((await findAgentById(db, sub))?.responsibleUser ?? undefined) : undefined;
}
