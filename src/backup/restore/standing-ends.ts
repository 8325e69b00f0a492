import type { Revocation } from '#contract';
import type { StandingEnds } from '#db';
import type { LedgerEntry } from '../ledger/entry.ts';

/**
 * What stands at the end of a ledger. Of the words about one object that take each other back the last
 * holds; the moment is that of the first of those that still do, or the one that the last names itself.
 *
 * All of it is replayed, not what came after the backup: an end that was announced before the database
 * was copied may have been carried out after.
 */
export function standingEnds(entries: readonly LedgerEntry[]): StandingEnds {
  const standing = new Map<Revocation['what'], Map<string, number>>();
  const of = (what: Revocation['what']): Map<string, number> => {
    const known = standing.get(what) ?? new Map<string, number>();
    standing.set(what, known);
    return known;
  };
  for (const { what, id, at, holdsFrom } of entries) {
    const taken = TAKES_BACK[what];
    if (taken !== undefined) of(taken).delete(id);
    else if (holdsFrom !== undefined) of(what).set(id, holdsFrom);
    else if (!of(what).has(id)) of(what).set(id, at);
  }
  return of;
}

const TAKES_BACK: Partial<Readonly<Record<Revocation['what'], Revocation['what']>>> = {
  'agent.enabled': 'agent.disabled',
  'user.enabled': 'user.disabled',
  'namespace.enabled': 'namespace.disabled',
  'membership.added': 'membership.removed',
  'client.enabled': 'client.disabled',
  'secret.enabled': 'secret.disabled',
};
