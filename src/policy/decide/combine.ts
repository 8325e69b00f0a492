/**
 * From the rules that match to a verdict. Pure, and the same whatever order they come in.
 *
 *   an error of any of them             deny: plain Cedar would go on without a forbid that errs
 *   a forbid                            deny, whatever priorities say
 *   only forbids that are @overridable  deny, unless a permit outranks each of them
 *   a permit                            allow, for what the permits of the highest rank ask in return
 *   nothing                             deny
 */
import { NO_OBLIGATIONS, strictest, type Obligations } from '../language/obligations.ts';
import { outranks, type Rule } from '../language/rule.ts';

export interface RuleError {
  readonly rule: string;
  readonly message: string;
}

export interface Verdict {
  readonly allowed: boolean;
  readonly because: 'permit' | 'forbid' | 'nothing' | 'error';
  /** The rules that decided, by id, sorted. */
  readonly determining: readonly string[];
  /** Forbids that a permit outweighed. */
  readonly overridden: readonly string[];
  readonly errors: readonly RuleError[];
  readonly obligations: Obligations;
}

export function combine(matching: readonly Rule[], errors: readonly RuleError[]): Verdict {
  const permits = matching.filter(({ effect }) => effect === 'permit');
  const highest = permits.filter((one) => !permits.some((other) => outranks(other, one)));
  const [top] = highest;
  const forbids = matching.filter(({ effect }) => effect === 'forbid');
  const standing = forbids.filter((forbid) => !forbid.overridable || top === undefined || !outranks(top, forbid));
  const denied = (because: Verdict['because'], determining: readonly Rule[]): Verdict => ({
    ...{ allowed: false, because, determining: idsOf(determining), overridden: [] },
    ...{ errors: errors.toSorted((one, other) => (one.rule < other.rule ? -1 : 1)), obligations: NO_OBLIGATIONS },
  });
  if (errors.length > 0) return denied('error', []);
  if (standing.length > 0) return denied('forbid', standing);
  if (top === undefined) return denied('nothing', []);
  return {
    ...{ allowed: true, because: 'permit', determining: idsOf(highest), overridden: idsOf(forbids), errors: [] },
    obligations: strictest(highest.map(({ obligations }) => obligations)),
  };
}

const idsOf = (rules: readonly Rule[]): readonly string[] => rules.map(({ id }) => id).toSorted();
