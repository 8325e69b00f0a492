/** What documents of `kind: policy` must agree on with each other; what they say in Cedar is checked with the tools. */
import { EVERYWHERE, type PolicyDeclaration } from '#contract';
import { problemAt, type Problem } from './problems.ts';

/** Two policies of one name: which of them decides would depend on the order of files. */
export function checkPolicies(policies: readonly PolicyDeclaration[]): readonly Problem[] {
  const taken = new Map<string, PolicyDeclaration>();
  return policies.flatMap((policy) => {
    if (!policy.everywhere) return [];
    const before = taken.get(policy.name);
    if (before === undefined) {
      taken.set(policy.name, policy);
      return [];
    }
    const { file, line, column } = before.origin;
    const message = `the policy at ${file}:${line}:${column} is called \`${EVERYWHERE}/${policy.name}\` already`;
    return [
      problemAt(
        policy.locate(['name']),
        'NAME_TAKEN',
        message,
        'Policies that hold everywhere share one set of names.',
      ),
    ];
  });
}
