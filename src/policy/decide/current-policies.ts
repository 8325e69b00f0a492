import { loadCedar } from '../language/cedar.ts';
import type { PolicySource } from '../language/rule.ts';
import { Evaluator } from './evaluator.ts';
import { PolicySet, type FaultyPolicy } from './policy-set.ts';

/** The policies of now. */
export interface CurrentPolicies {
  /** A promise only as long as they have to be loaded. */
  current(): PolicySet | Promise<PolicySet>;
  /** Policies that could not be read, as of the last look. */
  readonly faults?: readonly FaultyPolicy[];
}

/** Policies that never change, loaded when they are first asked for. `current` rejects for what is none. */
export function fixedPolicies(sources: readonly PolicySource[]): CurrentPolicies {
  let set: PolicySet | undefined;
  let loading: Promise<PolicySet> | undefined;
  async function load(): Promise<PolicySet> {
    const made = PolicySet.of(new Evaluator(await loadCedar()), sources);
    if (!made.ok) throw new Error(`policies that cannot be read: ${JSON.stringify(made.error)}`);
    return (set = made.value);
  }
  return { current: () => set ?? (loading ??= load()) };
}
