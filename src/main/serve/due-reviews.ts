import type { Clock, Logger } from '#kernel';
import { loadPolicyDirectory, type DeclaredPolicy } from '#policy';
import { loadCredentials, loadDueReviews } from '#registry';
import { reviewsParts } from '../services/access-reviews.ts';
import { NO_VERIFIER } from '../services/no-verifier.ts';
import type { Services } from '../services/index.ts';

/** Reviews of access come to their due time while a server serves, also those that an earlier run left. Gives how to stop it. */
export async function startDueReviews({
  services,
  declared,
  clock,
  log,
}: {
  readonly services: Pick<Services, 'audit' | 'database' | 'identity' | 'policies' | 'users'>;
  readonly declared: () => readonly DeclaredPolicy[];
  readonly clock: Clock;
  readonly log: Logger;
}): Promise<() => Promise<void>> {
  const { audit: trail, database, identity, policies: inForce } = services;
  const open = async () => {
    const [{ Credentials }, policies] = await Promise.all([
      loadCredentials(),
      // Nothing is written that would be held against tools and groups.
      loadPolicyDirectory({
        database,
        trail,
        inForce,
        declared,
        clock,
        tools: () => undefined,
        groups: async () => [],
      }),
    ]);
    const credentials = new Credentials({ frame: identity.frame, verifier: NO_VERIFIER });
    return await reviewsParts({ services, credentials, policies, clock });
  };
  const start = await loadDueReviews();
  return start({ database, open, clock, log });
}
