import type { CalledTool, Principal } from '#contract';
import type { Decision } from '#policy';
import type { JudgedCall } from '../steps.ts';
import type { Want } from './meter.ts';
import type { LimitRule } from './rule.ts';
import { wantsOf } from './wants.ts';

interface Known {
  readonly rules: readonly LimitRule[];
  readonly toolsets: readonly string[];
  readonly obligations: Decision['obligations'];
  readonly determining: Decision['determining'];
  readonly wants: readonly Want[];
}

/**
 * What calls take of, worked out once for a caller and a tool, and again when rules, toolsets or what the policies
 * ask are others. By the objects themselves: a credential that is remembered keeps its principal, a snapshot its
 * tools, and what is gone takes this with it.
 */
export class WantsBook {
  readonly #known = new WeakMap<Principal, WeakMap<CalledTool, Known>>();

  of(rules: readonly LimitRule[], call: JudgedCall, decision: Decision): readonly Want[] {
    // An address is the call's and not the caller's.
    if (rules.some(({ per }) => per.includes('address'))) return wantsOf(rules, call, decision);
    const { principal, tool, toolsets } = call;
    const { obligations, determining } = decision;
    let ofCaller = this.#known.get(principal);
    if (ofCaller === undefined) this.#known.set(principal, (ofCaller = new WeakMap()));
    const known = ofCaller.get(tool);
    if (
      known?.rules === rules &&
      known.toolsets === toolsets &&
      known.obligations === obligations &&
      known.determining === determining
    )
      return known.wants;
    const wants = wantsOf(rules, call, decision);
    ofCaller.set(tool, { rules, toolsets, obligations, determining, wants });
    return wants;
  }
}
