/** All policies as somebody looks at them who looks for weaknesses, and what deserves a look about their rules. */
import { EVERYWHERE, type PolicyDeclaration } from '#contract';
import type { DatabaseOrTransaction } from '#db';
import { loadCedar } from '../language/cedar.ts';
import { readRules, type Rule } from '../language/rule.ts';
import { headsOf } from '../language/scope.ts';
import type { ValidatedTool } from '../language/validate.ts';
import { listPolicies } from '../store/policies-store.ts';
import { factsOf, near } from './draft.ts';
import { isInForce, isWatched, policyId, sourceOf, type PolicyFacts, type PolicyName } from './policy.ts';

export interface ExaminedPolicy {
  readonly id: string;
  /** A namespace, or `EVERYWHERE`. */
  readonly namespace: string;
  /** `watched`: in the shadow of those in force. */
  readonly standing: 'in force' | 'watched' | 'off';
  /** When it was last changed, milliseconds; undefined for a document. */
  readonly changedAt: number | undefined;
  /** Undefined where it cannot be read. */
  readonly rules: readonly Rule[] | undefined;
}

/** Those of the documents, and those that were made here under other names. */
export async function examinePolicies(
  db: DatabaseOrTransaction,
  declarations: readonly PolicyDeclaration[],
  tools: readonly ValidatedTool[],
): Promise<readonly ExaminedPolicy[]> {
  const cedar = await loadCedar();
  const examined = (policy: PolicyName & PolicyFacts, changedAt: number | undefined): ExaminedPolicy => {
    const read = readRules(cedar, sourceOf(policy));
    const standing = isInForce(policy) ? 'in force' : isWatched(policy) ? 'watched' : 'off';
    const rules = read.ok ? read.value : undefined;
    return { id: policyId(policy), namespace: policy.namespace, standing, changedAt, rules };
  };
  const declared = declarations.map((declaration): ExaminedPolicy => {
    const { priority, description, cedar: text, form, shadow, enabled, everywhere } = declaration;
    const name = { namespace: everywhere ? EVERYWHERE : declaration.namespace, name: declaration.name };
    const draft = { priority, description, cedar: text, form, shadow, enabled };
    const facts = factsOf(draft, name, near(tools, name.namespace));
    if (facts.ok) return examined({ ...name, ...facts.value }, undefined);
    return {
      id: policyId(name),
      ...{ namespace: name.namespace, standing: 'in force', changedAt: undefined },
      rules: undefined,
    };
  });
  const names = new Set(declared.map(({ id }) => id));
  const kept = (await listPolicies(db)).filter((policy) => !policy.deleted && !names.has(policyId(policy)));
  return [...declared, ...kept.map((policy) => examined(policy, policy.at))];
}

/** Whether the rule is about that action. */
export function isForAction({ json }: Rule, action: string): boolean {
  const { actions } = headsOf(json);
  return actions === undefined || actions.includes(action);
}

/**
 * Whom a permit lets call everything, without a condition: `everybody`, callers without a credential among them, or
 * every `User` or `Agent`. Undefined for all other rules.
 */
export function whomItOpensEverythingTo(rule: Rule): 'everybody' | 'User' | 'Agent' | undefined {
  if (rule.effect !== 'permit' || !isForAction(rule, 'execute')) return undefined;
  const { principal, resource, rest } = headsOf(rule.json);
  if (rest > 0 || principal.uids !== undefined || resource.uids !== undefined) return undefined;
  if (principal.type === 'User' || principal.type === 'Agent') return principal.type;
  return principal.type === undefined || principal.type === 'Anonymous' ? 'everybody' : undefined;
}

/** Whoever the head of a rule leaves over: undefined where that may be any person. */
export function peopleOf({ json }: Rule): readonly { readonly type: string; readonly id: string }[] | undefined {
  const { principal } = headsOf(json);
  return principal.type === undefined || principal.type === 'User' ? principal.uids : [];
}
