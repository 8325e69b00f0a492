/**
 * Whether somebody may, as far as that can be told from what is known of the moment: the question of "who could
 * have done that?", where arguments and circumstances are known in part. Pure.
 */
import { combine } from '../decide/combine.ts';
import type { Evaluator } from '../decide/evaluator.ts';
import type { DecisionRequest } from '../decide/policy-set.ts';
import { contextFor } from '../facts/circumstances.ts';
import { NO_OBLIGATIONS, type Obligations } from '../language/obligations.ts';
import { readsOfAll, type Reads } from '../language/reads.ts';
import type { Rule } from '../language/rule.ts';
import { factNames } from './explanation.ts';
import { holdingAt, judge, rulesAbout, type Rules } from './inquiry.ts';
import { weaken } from './weaken.ts';

/** What of the circumstances is said; what is not may be anything. */
export interface Known {
  readonly fields: ReadonlySet<string>;
  /** `all`: the arguments of one call, so that what is not among them is not there. */
  readonly args: 'all' | 'none';
  /** Whether the moment is one, or any: what clocks say. */
  readonly moment: boolean;
}

export interface Possible {
  /** `depends`: with some of what is not known, and not with all of it. */
  readonly may: 'yes' | 'depends' | 'no';
  /** What it depends on. */
  readonly on: readonly string[];
  /** The permits that would allow it. */
  readonly by: readonly string[];
  /** What they would ask in return. */
  readonly obligations: Obligations;
}

const NO: Possible = { may: 'no', on: [], by: [], obligations: NO_OBLIGATIONS };

/**
 * Of rules that look at what is not known, permits are taken to match and forbids are not. A rule that looks at
 * it may also err, and would then deny: so with any such rule the answer is at best that it depends.
 */
export function possible(evaluator: Evaluator, set: Rules, request: DecisionRequest, known: Known): Possible {
  const { circumstances } = request;
  const rules = holdingAt(rulesAbout(set, request), circumstances.now);
  const unsure = rules.filter(({ reads }) => unknownOf(reads, known).length > 0);
  const sure = rules.filter((rule) => !unsure.includes(rule));
  const { context, unrepresentable } = contextFor(readsOfAll(sure.map(({ reads }) => reads)), circumstances);
  if (unrepresentable.length > 0) return NO;
  const { matching, errors } = judge(evaluator, set, sure, request, context);
  const hopeful = hopefulOf(evaluator, set, unsure, request, known);
  const verdict = combine([...matching, ...hopeful], errors);
  if (!verdict.allowed) return NO;
  // Those that are ruled out may err all the same: what comes first in a condition is looked at first.
  const on = [...new Set(unsure.flatMap((rule) => unknownOf(rule.reads, known)))].toSorted();
  const { determining, obligations } = verdict;
  return { may: on.length === 0 ? 'yes' : 'depends', on, by: determining, obligations };
}

/** The permits among them that what is known does not rule out. */
function hopefulOf(
  evaluator: Evaluator,
  set: Rules,
  unsure: readonly Rule[],
  request: DecisionRequest,
  known: Known,
): readonly Rule[] {
  const permits = unsure.filter(({ effect }) => effect === 'permit');
  const weak = permits.map((rule) => weaken(rule, (reads) => unknownOf(reads, known).length === 0));
  const { context, unrepresentable } = contextFor(readsOfAll(weak.map(({ reads }) => reads)), request.circumstances);
  if (unrepresentable.length > 0) return permits;
  // Under the same ids they are other rules, depending on what is known.
  const version = `${set.version} ${[...known.fields].toSorted().join()} ${known.args} ${known.moment}`;
  const { matching, errors } = judge(evaluator, { ...set, version }, weak, request, context);
  const left = new Set([...matching.map(({ id }) => id), ...errors.map(({ rule }) => rule)]);
  return permits.filter(({ id }) => left.has(id) || left.has(''));
}

function unknownOf({ fields, args, clocks }: Reads, known: Known): readonly string[] {
  return factNames({
    fields: fields.filter((name) => !known.fields.has(name)),
    args: known.args === 'all' ? [] : args,
    clocks: known.moment ? [] : clocks,
  });
}
