import type { Limit, LimitPer } from '#contract';
import type { Decision } from '#policy';
import type { JudgedCall } from '../steps.ts';
import type { Want } from './meter.ts';
import { isAboutCaller, perText, type LimitRule } from './rule.ts';
import { subjectsOf } from './subjects.ts';

const OF_POLICIES: readonly LimitPer[] = ['principal', 'tool'];

/** Everything that a call takes of: limits of the rules about it, and those that its permits ask for. */
export function wantsOf(rules: readonly LimitRule[], call: JudgedCall, { obligations, determining }: Decision): Want[] {
  const wants: Want[] = [];
  const { cost = 1 } = call.tool;
  const count = (
    of: { id: string; name: string; per: readonly LimitPer[] },
    limits: readonly Limit[],
    sets?: readonly string[],
  ): void => {
    const per = perText(of.per);
    for (const whose of subjectsOf(of.per, call, sets)) {
      limits.forEach((limit, at) => {
        const name = limits.length === 1 ? of.name : `${of.name}-${at + 1}`;
        const id = `${of.id}|${limit.unit}/${limit.everyMs ?? 0}|${whose}`;
        const amount = limit.unit === 'cost' ? cost : 1;
        wants.push({ amount, measure: { ...limit, id, name, limit: of.id, per, whose } });
      });
    }
  };
  for (const rule of rules) {
    if (isAboutCaller(rule, call.principal, call.tool.namespace)) count(rule, rule.limits, rule.toolsets);
  }
  if (obligations.limits.length > 0) {
    // Each policy counts by itself, whatever others decided with it: what two of them permit is not a third count.
    for (const policy of determining)
      count({ id: `policy:${policy}`, name: policy, per: OF_POLICIES }, obligations.limits);
  }
  return wants;
}
