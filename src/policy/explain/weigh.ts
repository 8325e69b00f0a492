/**
 * What became of each rule that matched: `combine.ts` says what they mean together, this why. Pure.
 */
import { EVERYWHERE } from '#contract';
import { outranks, type Rule } from '../language/rule.ts';

/**
 * Why a rule yields to another: that one is global and it a namespace's; its priority is lower; or that one is a
 * forbid, which needs no rank.
 */
export type YieldReason = 'global' | 'priority' | 'forbid';

export interface Yielding {
  readonly rule: string;
  readonly because: YieldReason;
}

/**
 *   decides      the verdict is its
 *   outranked    a permit of higher rank answers, so what this one asks in return is not heard
 *   outweighed   an overridable forbid that a permit of higher rank outweighs
 *   forbidden    a permit that a forbid stands against
 *   unheard      a rule could not be evaluated, so nothing that matched counts
 */
export interface Weighed {
  readonly rule: Rule;
  readonly part: 'decides' | 'outranked' | 'outweighed' | 'forbidden' | 'unheard';
  /** Those that it yields to. */
  readonly to: readonly Yielding[];
}

export function weigh(matching: readonly Rule[], erred: boolean): readonly Weighed[] {
  if (erred) return matching.map((rule) => ({ rule, part: 'unheard', to: [] }));
  const permits = matching.filter(({ effect }) => effect === 'permit');
  const highest = permits.filter((one) => !permits.some((other) => outranks(other, one)));
  const isOutweighed = (rule: Rule): boolean => rule.overridable && highest.some((permit) => outranks(permit, rule));
  const standing = matching.filter((rule) => rule.effect === 'forbid' && !isOutweighed(rule));
  return matching.map((rule): Weighed => {
    if (rule.effect === 'forbid') {
      if (!isOutweighed(rule)) return { rule, part: 'decides', to: [] };
      return { rule, part: 'outweighed', to: above(highest, rule) };
    }
    if (standing.length > 0)
      return { rule, part: 'forbidden', to: standing.map(({ id }) => ({ rule: id, because: 'forbid' })) };
    if (highest.includes(rule)) return { rule, part: 'decides', to: [] };
    return { rule, part: 'outranked', to: above(highest, rule) };
  });
}

const above = (rules: readonly Rule[], rule: Rule): readonly Yielding[] =>
  rules.filter((one) => outranks(one, rule)).map((one) => ({ rule: one.id, because: rankOf(one, rule) }));

const rankOf = (one: Rule, other: Rule): YieldReason =>
  one.policy.namespace === EVERYWHERE && other.policy.namespace !== EVERYWHERE ? 'global' : 'priority';
