/** Policies as they would be: those of now, with what somebody proposes. Pure but for Cedar. */
import { didYouMean, err, ok, type Result } from '#kernel';
import type { Evaluator } from '../decide/evaluator.ts';
import { PolicySet, type FaultyPolicy } from '../decide/policy-set.ts';
import { EVERYWHERE } from '#contract';
import { isWithin, type Reach } from '../explain/ports.ts';
import type { PolicySource } from '../language/rule.ts';

export interface Proposal {
  /** In the place of all that there are; otherwise `put` and `remove` are applied to these. */
  readonly instead?: boolean | undefined;
  /** Policies that would be added, or take the place of those of the same id. */
  readonly put: readonly PolicySource[];
  /** Ids of policies that would be gone. */
  readonly remove: readonly string[];
}

export interface Draft {
  readonly set: PolicySet;
  /** What would differ from now, by id. */
  readonly added: readonly string[];
  readonly replaced: readonly string[];
  readonly removed: readonly string[];
}

/**
 * The draft, or what is wrong with which policy of it. Within a reach those of its namespaces are proposed; global
 * ones stay as they are, and of others nothing is looked at, since they are about none of its tools.
 */
export function draftOf(
  evaluator: Evaluator,
  all: readonly PolicySource[],
  { instead = false, put, remove }: Proposal,
  reach: Reach,
): Result<Draft, readonly FaultyPolicy[]> {
  const beyond = [...put.map(({ id }) => id), ...remove].filter((id) => !isWithin(reach, id.slice(0, id.indexOf('/'))));
  if (beyond.length > 0) {
    const message = (id: string) => `\`${id}\` is in no namespace whose policies you may read`;
    return err(beyond.map((id) => ({ id, problems: [{ message: message(id) }] })));
  }
  const current = all.filter(({ namespace }) => namespace === EVERYWHERE || isWithin(reach, namespace));
  const ids = current.filter(({ namespace }) => isWithin(reach, namespace)).map(({ id }) => id);
  const unknown = remove.filter((id) => !ids.includes(id));
  if (unknown.length > 0) {
    const message = (id: string) => `there is no policy \`${id}\` to remove${didYouMean(id, ids)}`;
    return err(unknown.map((id) => ({ id, problems: [{ message: message(id) }] })));
  }
  const proposed = new Set(put.map(({ id }) => id));
  const gone = new Set(instead ? ids.filter((id) => !proposed.has(id)) : remove);
  const kept = current.filter(({ id }) => !gone.has(id) && !proposed.has(id));
  const set = PolicySet.of(evaluator, [...kept, ...put]);
  if (!set.ok) return set;
  return ok({
    set: set.value,
    added: [...proposed].filter((id) => !ids.includes(id)).toSorted(),
    replaced: [...proposed].filter((id) => ids.includes(id)).toSorted(),
    removed: [...gone].toSorted(),
  });
}
