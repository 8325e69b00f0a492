/** What somebody wants a policy to say, in whichever form, as Cedar. Pure. */
import { EVERYWHERE, type PolicyForm } from '#contract';
import { err, ok, type Result } from '#kernel';
import { compileForm } from '../form/compile.ts';
import { qualified } from '../form/qualify.ts';
import { formOfRules, type RegistryRules } from '../form/registry-rules.ts';
import type { ValidatedTool } from '../language/validate.ts';
import type { PolicyFacts, PolicyName } from './policy.ts';

/** Its rules in exactly one of three languages. */
export interface PolicyDraft extends Omit<PolicyFacts, 'cedar'> {
  readonly cedar?: string | undefined;
  readonly form?: PolicyForm | undefined;
  readonly rules?: RegistryRules | undefined;
}

/** The error says what cannot be said in Cedar. */
export function factsOf(
  { cedar, form, rules, ...facts }: PolicyDraft,
  { namespace }: PolicyName,
  tools: readonly ValidatedTool[],
): Result<PolicyFacts, string> {
  const given = [cedar, form, rules].filter((one) => one !== undefined).length;
  if (given !== 1)
    return err(`a policy has \`cedar\`, a \`form\` or \`rules\`; this one has ${given === 0 ? 'none' : given}`);
  if (cedar !== undefined) return ok({ ...facts, cedar });
  const read = rules === undefined ? ok(form as PolicyForm) : formOfRules(rules, namespace);
  if (!read.ok) return read;
  const kept = qualified(read.value, { namespace, tools });
  return kept.ok ? ok({ ...facts, cedar: compileForm(kept.value) }) : kept;
}

/** What a policy of a namespace may be told of: names elsewhere are none of its business. */
export const near = <Named extends { readonly namespace: string }>(
  all: readonly Named[],
  namespace: string,
): readonly Named[] => (namespace === EVERYWHERE ? all : all.filter((one) => one.namespace === namespace));
