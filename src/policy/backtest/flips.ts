/** What would be decided otherwise, by who called what: counted, with the smallest example of each. Pure. */
import type { Verdict } from '../decide/combine.ts';
import { spelled, type Facts } from '../explain/explanation.ts';
import type { Obligations } from '../language/obligations.ts';

export type Change = 'denied' | 'allowed' | 'obligations';

/** A decision as far as it is compared. Obligations are undefined where nobody can tell them any more. */
export interface Side {
  readonly allowed: boolean;
  readonly because: string;
  readonly policies: readonly string[];
  readonly obligations: Obligations | undefined;
}

export interface Uid {
  readonly type: string;
  readonly id: string;
}

export interface Flip {
  readonly change: Change;
  readonly principal: Uid;
  readonly tool: Uid;
  readonly before: Side;
  readonly after: Side;
  readonly facts: Facts;
  readonly record: { readonly id: string; readonly time: string };
}

export interface FlipGroup {
  readonly change: Change;
  readonly principal: Uid;
  readonly tool: Uid;
  readonly count: number;
  readonly example: Flip;
}

/** What changes from one to the other; undefined where nothing does. */
export function changeOf(before: Side, after: Side): Change | undefined {
  if (before.allowed !== after.allowed) return after.allowed ? 'allowed' : 'denied';
  if (!after.allowed || before.obligations === undefined || after.obligations === undefined) return undefined;
  return owed(before.obligations) === owed(after.obligations) ? undefined : 'obligations';
}

const owed = (obligations: Obligations): string =>
  JSON.stringify([
    spelled(obligations).toSorted((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1)),
    obligations.durationMs,
  ]);

type AnyVerdict = Pick<Verdict, 'allowed' | 'determining'> & {
  readonly because: string;
  readonly obligations?: Obligations;
};

export const sideOf = (verdict: AnyVerdict): Side => ({
  ...{ allowed: verdict.allowed, because: verdict.because, policies: verdict.determining },
  obligations: verdict.obligations,
});

/** So many groups are told apart; those of others are counted together. */
const MOST_GROUPS = 1000;

export class Flips {
  readonly #groups = new Map<string, { readonly first: Flip; count: number; example: Flip }>();
  readonly counts: Record<Change, number> = { denied: 0, allowed: 0, obligations: 0 };
  /** Those that found no group of their own. */
  ungrouped = 0;

  add(flip: Flip): void {
    this.counts[flip.change]++;
    const key = JSON.stringify([flip.change, flip.principal, flip.tool]);
    const group = this.#groups.get(key);
    if (group !== undefined) {
      group.count++;
      if (sizeOf(flip) < sizeOf(group.example)) group.example = flip;
    } else if (this.#groups.size < MOST_GROUPS) {
      this.#groups.set(key, { first: flip, count: 1, example: flip });
    } else {
      this.ungrouped++;
    }
  }

  /** The most frequent first. */
  groups(): readonly FlipGroup[] {
    return [...this.#groups]
      .toSorted(([key, one], [otherKey, other]) => other.count - one.count || (key < otherKey ? -1 : 1))
      .map(([, { first, count, example }]) => ({
        ...{ change: first.change, principal: first.principal, tool: first.tool, count, example },
      }));
  }
}

/** Of two examples the one with less to look at; of two alike the older, so that it does not depend on order. */
const sizeOf = ({ facts, record }: Flip): string =>
  `${String(JSON.stringify(facts).length).padStart(8, '0')} ${record.time} ${record.id}`;
