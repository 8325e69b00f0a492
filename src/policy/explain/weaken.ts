/**
 * What must hold of a rule before anything unknown counts: its conditions without the parts that look at it. Where
 * that does not hold the rule does not match, whatever the rest would say. Pure.
 */
import type { Clause, Expr } from '../language/cedar.ts';
import { readsOf, type Reads } from '../language/reads.ts';
import type { Rule } from '../language/rule.ts';

export function weaken(rule: Rule, isKnown: (reads: Reads) => boolean): Rule {
  const conditions = rule.json.conditions.flatMap(({ kind, body }): Clause[] =>
    // `unless { a || b }` is `unless { a } unless { b }`, as `when { a && b }` is `when { a } when { b }`.
    partsOf(body, kind === 'when' ? '&&' : '||')
      .map((part) => ({ kind, body: part }))
      .filter((clause) => {
        const reads = readsOf({ conditions: [clause] });
        return reads.ok && isKnown(reads.value);
      }),
  );
  const reads = readsOf({ conditions });
  return { ...rule, json: { ...rule.json, conditions }, reads: reads.ok ? reads.value : rule.reads };
}

function partsOf(body: Expr, operator: '&&' | '||'): readonly Expr[] {
  const both = (body as Readonly<Record<string, unknown>>)[operator] as { left: Expr; right: Expr } | undefined;
  return both === undefined ? [body] : [...partsOf(both.left, operator), ...partsOf(both.right, operator)];
}
