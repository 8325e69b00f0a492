import type { Revocation } from '#contract';
import type { StandingEnds } from '#db';
import type { LedgerEntry } from '../ledger/entry.ts';

/**
 * What stands at the end of the ledgers of an installation. Of the words about one object that take each other back the last
 * holds; the moment is that of the first of those that still do, or the one that the last names itself.
 *
 * All of it is replayed, not what came after the backup: an end that was announced before the database
 * was copied may have been carried out after.
 */
export function standingEnds(ledgers: readonly (readonly LedgerEntry[])[]): StandingEnds {
  const standing = new Map<Revocation['what'], Map<string, number>>();
  const of = (what: Revocation['what']): Map<string, number> => {
    const known = standing.get(what) ?? new Map<string, number>();
    standing.set(what, known);
    return known;
  };
  for (const { what, id, at, holdsFrom } of inOrder(ledgers)) {
    const taken = TAKES_BACK[what];
    if (taken !== undefined) of(taken).delete(id);
    else if (holdsFrom !== undefined) of(what).set(id, holdsFrom);
    else if (!of(what).has(id)) of(what).set(id, at);
  }
  return of;
}

/**
 * The entries of several hosts as they came about: each ledger in its own order, whatever its clock did, and
 * of two ledgers the earlier entry first. One after the other, what a host let in again long ago would take
 * back what another has ended since.
 */
function* inOrder(ledgers: readonly (readonly LedgerEntry[])[]): Generator<LedgerEntry> {
  const waiting = ledgers.map((entries) => [...entries].toReversed());
  for (;;) {
    const [first] = waiting
      .filter((entries) => entries.length > 0)
      .toSorted((left, right) => (left.at(-1)?.at ?? 0) - (right.at(-1)?.at ?? 0));
    const entry = first?.pop();
    if (entry === undefined) return;
    yield entry;
  }
}

const TAKES_BACK: Partial<Readonly<Record<Revocation['what'], Revocation['what']>>> = {
  'agent.enabled': 'agent.disabled',
  'user.enabled': 'user.disabled',
  'namespace.enabled': 'namespace.disabled',
  'membership.added': 'membership.removed',
  'client.enabled': 'client.disabled',
  'secret.enabled': 'secret.disabled',
};
