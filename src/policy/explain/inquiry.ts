/** A question to policies, taken apart: every rule that is about it, what each said, and what came of it. */
import type { RuleError } from '../decide/combine.ts';
import { combine } from '../decide/combine.ts';
import type { Evaluator } from '../decide/evaluator.ts';
import type { Decision, DecisionRequest, PolicySet } from '../decide/policy-set.ts';
import { contextFor } from '../facts/circumstances.ts';
import type { CedarValue } from '../facts/values.ts';
import { NO_OBLIGATIONS } from '../language/obligations.ts';
import { readsOfAll, type Reads } from '../language/reads.ts';
import type { Rule } from '../language/rule.ts';
import { isAbout } from '../language/scope.ts';

/** Who, what and on what: a request without its circumstances. */
export type Asked = Omit<DecisionRequest, 'circumstances'>;

export type Rules = Pick<PolicySet, 'rules' | 'version'>;

/** The rules whose heads fit, whether they hold at that moment or not. */
export const rulesAbout = ({ rules }: Rules, asked: Asked): readonly Rule[] =>
  rules.filter((rule) => isAbout(rule, asked));

/** When a rule holds, as seen from a moment. */
export function tenseOf(
  { validFrom = -Infinity, validUntil = Infinity }: Rule,
  at: number,
): 'not-yet' | 'now' | 'past' {
  if (at < validFrom) return 'not-yet';
  return at < validUntil ? 'now' : 'past';
}

export const holdingAt = (rules: readonly Rule[], at: number): readonly Rule[] =>
  rules.filter((rule) => tenseOf(rule, at) === 'now');

export interface Judged {
  readonly matching: readonly Rule[];
  readonly errors: readonly RuleError[];
}

/** Which of the rules match. What Cedar cannot answer at all is an error of no rule, and denies. */
export function judge(
  evaluator: Evaluator,
  { version }: Rules,
  rules: readonly Rule[],
  { principal, action, resource, namespace }: Asked,
  context: Readonly<Record<string, CedarValue>>,
): Judged {
  try {
    return evaluator.evaluate(rules, { principal, action, resource, namespace, context, version });
  } catch {
    return { matching: [], errors: [{ rule: '', message: 'the policies could not be evaluated' }] };
  }
}

export interface Inquiry extends Judged {
  readonly about: readonly Rule[];
  readonly reads: Reads;
  readonly decision: Decision;
}

/** The decision of `PolicySet.decide`, with all that it was made of; nothing is remembered. */
export function inquire(evaluator: Evaluator, set: Rules, request: DecisionRequest): Inquiry {
  const { circumstances } = request;
  const about = rulesAbout(set, request);
  const rules = holdingAt(about, circumstances.now);
  const reads = readsOfAll(rules.map((rule) => rule.reads));
  const { context, unrepresentable } = contextFor(reads, circumstances);
  const facts = { facts: context, version: set.version };
  if (unrepresentable.length > 0) {
    const errors = [{ rule: '', message: unrepresentable.join(', ') }];
    const denied = { allowed: false, because: 'argument', determining: [], overridden: [] } as const;
    const decision = { ...denied, errors, obligations: NO_OBLIGATIONS, ...facts };
    return { about, reads, matching: [], errors, decision };
  }
  const { matching, errors } = judge(evaluator, set, rules, request, context);
  return { about, reads, matching, errors, decision: { ...combine(matching, errors), ...facts } };
}
