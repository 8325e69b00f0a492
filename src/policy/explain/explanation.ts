/** A decision and everything that led to it, for machines. Pure. */
import { formatDuration } from '#kernel';
import type { Evaluator } from '../decide/evaluator.ts';
import type { Decision, DecisionRequest } from '../decide/policy-set.ts';
import type { CedarValue } from '../facts/values.ts';
import type { Obligations } from '../language/obligations.ts';
import type { Reads } from '../language/reads.ts';
import type { Rule } from '../language/rule.ts';
import { inquire, tenseOf, type Inquiry, type Rules } from './inquiry.ts';
import { weigh, type Weighed, type Yielding } from './weigh.ts';

export interface ExplainedRule {
  readonly id: string;
  readonly policy: string;
  readonly namespace: string;
  readonly priority: number;
  readonly effect: 'permit' | 'forbid';
  readonly overridable: boolean;
  readonly name: string | undefined;
  readonly description: string | undefined;
  /** Whether its conditions hold; `not-yet` and `past` are outside of its moments, so nobody asked. */
  readonly said: 'matched' | 'unmatched' | 'erred' | 'not-asked' | 'not-yet' | 'past';
  readonly error: string | undefined;
  /** What became of one that matched. */
  readonly part: Weighed['part'] | undefined;
  readonly to: readonly Yielding[];
  /** The facts that it looks at, by name. */
  readonly reads: readonly string[];
}

/** Something that was looked at; without a value it was not there. */
export interface Fact {
  readonly name: string;
  readonly value: CedarValue | undefined;
  readonly readBy: readonly string[];
}

export interface OwedObligation {
  readonly kind: 'approval' | 'duration' | 'scopes' | 'mask' | 'limit';
  readonly value: string;
  /** The permits that ask for it. */
  readonly from: readonly string[];
}

export interface Explanation {
  readonly decision: Decision;
  readonly rules: readonly ExplainedRule[];
  readonly facts: readonly Fact[];
  readonly obligations: readonly OwedObligation[];
}

export function explain(evaluator: Evaluator, set: Rules, request: DecisionRequest): Explanation {
  const inquiry = inquire(evaluator, set, request);
  const { about, decision } = inquiry;
  const weighed = new Map(weigh(inquiry.matching, inquiry.errors.length > 0).map((one) => [one.rule.id, one]));
  const rules = about.map((rule) => explainRule(rule, weighed.get(rule.id), inquiry, request.circumstances.now));
  return { decision, rules, facts: factsOf(inquiry, about), obligations: obligationsOf(decision, about) };
}

function explainRule(
  rule: Rule,
  weighed: Weighed | undefined,
  { errors, decision }: Inquiry,
  now: number,
): ExplainedRule {
  const { id, policy, effect, overridable, name, description, reads } = rule;
  const tense = tenseOf(rule, now);
  const error = errors.find((one) => one.rule === id)?.message;
  const said = (): ExplainedRule['said'] => {
    if (tense !== 'now') return tense;
    if (decision.because === 'argument') return 'not-asked';
    if (error !== undefined) return 'erred';
    return weighed === undefined ? 'unmatched' : 'matched';
  };
  return {
    ...{ id, policy: policy.id, namespace: policy.namespace, priority: policy.priority, effect, overridable },
    ...{ name, description, said: said(), error, part: weighed?.part, to: weighed?.to ?? [], reads: factNames(reads) },
  };
}

/** `door`, `args.amount`, `time["Europe/Zurich"].hour`. */
/** Facts of the moment, which are recorded; who and what it is about are known apart. */
export type FactKind = 'fields' | 'args' | 'clocks';

export const factNames = ({ fields, args, clocks }: Pick<Reads, FactKind>): readonly string[] => [
  ...fields,
  ...args.map((name) => `args.${name}`),
  ...clocks.map(clockName),
];

export function clockName(clock: string): string {
  const [zone, field] = clock.split(' ');
  return `time[${JSON.stringify(zone)}].${field}`;
}

export type Facts = Readonly<Record<string, CedarValue>>;

/** A value of the context by the name of the fact, as `clockName` and the like give it. */
export function factValue(facts: Facts, kind: FactKind, name: string): CedarValue | undefined {
  const member = (of: CedarValue | undefined, key: string): CedarValue | undefined =>
    typeof of === 'object' && of !== null && Object.hasOwn(of, key) ? (of as Facts)[key] : undefined;
  if (kind === 'fields') return member(facts, name);
  if (kind === 'args') return member(member(facts, 'args'), name);
  const [zone, field] = name.split(' ') as [string, string];
  return member(member(member(facts, 'time'), zone), field);
}

function factsOf({ reads, decision }: Inquiry, rules: readonly Rule[]): readonly Fact[] {
  const of = (kind: FactKind, shown: (name: string) => string): readonly Fact[] =>
    reads[kind].map((name) => ({
      name: shown(name),
      value: factValue(decision.facts, kind, name),
      readBy: rules.filter((rule) => rule.reads[kind].includes(name)).map(({ id }) => id),
    }));
  return [...of('fields', String), ...of('args', (name) => `args.${name}`), ...of('clocks', clockName)];
}

/** Each that is owed, with the permits that ask for it; the strictest of several was chosen by `combine`. */
function obligationsOf(
  { obligations, determining, allowed }: Decision,
  rules: readonly Rule[],
): readonly OwedObligation[] {
  if (!allowed) return [];
  const permits = rules.filter(({ id }) => determining.includes(id));
  const asking = (kind: OwedObligation['kind'], value: string): readonly string[] =>
    permits
      .filter((rule) => spelled(rule.obligations).some((one) => one.kind === kind && one.value === value))
      .map(({ id }) => id);
  const limiting = permits.filter((rule) => rule.obligations.scopes !== undefined).map(({ id }) => id);
  return spelled(obligations).map(({ kind, value }) => ({
    ...{ kind, value },
    // Scopes are what all have in common: each permit that limits them has its part in it.
    from: kind === 'scopes' ? limiting : asking(kind, value),
  }));
}

/** Obligations one by one, as they are written. */
export function spelled({
  approvals,
  durationMs,
  scopes,
  masks,
  limits,
}: Obligations): readonly Omit<OwedObligation, 'from'>[] {
  return [
    ...approvals.map((value) => ({ kind: 'approval' as const, value })),
    ...(durationMs === undefined ? [] : [{ kind: 'duration' as const, value: formatDuration(durationMs) }]),
    ...(scopes === undefined ? [] : [{ kind: 'scopes' as const, value: scopes.join(' ') }]),
    ...masks.map((value) => ({ kind: 'mask' as const, value })),
    ...limits.map(({ most, unit, everyMs }) => ({
      kind: 'limit' as const,
      value: everyMs === undefined ? `${most} ${unit}` : `${most} ${unit} per ${formatDuration(everyMs)}`,
    })),
  ];
}
