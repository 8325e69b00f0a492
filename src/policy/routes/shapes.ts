/** Policies as the API shows and takes them. */
import { z } from 'zod';
import { EVERYWHERE, policyFields, policyForm, resourceName } from '#contract';
import { moment, momentOf, type Call } from '#http';
import { formOf } from '../form/read.ts';
import { registryRules } from '../form/registry-rules.ts';
import type { ListedPolicy, PolicyAuthor } from '../policies/policy-directory.ts';
import { unknownPolicy } from '../policies/policy-directory.ts';
import { digestOf, isInForce, policyId, type PolicyName } from '../policies/policy.ts';

export const scopeName = z.union([z.literal(EVERYWHERE), resourceName]).describe('A namespace, or `*`: everywhere.');
export const policyName = z.strictObject({ namespace: scopeName, name: resourceName });

export const facts = {
  priority: z.int(),
  description: z.string(),
  cedar: z.string(),
  form: policyForm.nullable().describe('The same as a form; null where no form says it.'),
  shadow: z.boolean(),
  enabled: z.boolean(),
  digest: z.string().describe('Of what decides. Records name it.'),
};

export const policy = z.strictObject({
  id: z.string(),
  namespace: z.string(),
  name: z.string(),
  origin: z.enum(['kept', 'declared']).describe('Made here, or declared in a file and changed there.'),
  ...facts,
  version: z.int().nullable().describe('Counts what it said; null for what a file declares.'),
  reason: z.string().nullable().describe('Why it says this.'),
  author: z.string().nullable().describe('Who wrote this version.'),
  createdAt: moment.nullable(),
  changedAt: moment.nullable(),
});

export const reason = z.string().max(500).default('').describe('Why. It stays with the version and on record.');
export const draft = z.strictObject({
  ...policyFields,
  rules: registryRules.optional().describe('Its one rule as the JSON of a tool registry; or `cedar`, or `form`.'),
});
export const wish = draft.extend({ reason });

export const inItsNamespace = {
  params: policyName,
  where: { target: ({ namespace }: PolicyName) => ({ namespace }), missing: (name: PolicyName) => unknownPolicy(name) },
} as const;
export const CHANGE_ERRORS = ['POLICY_UNKNOWN', 'POLICY_INVALID', 'POLICY_DECLARED'];

/** What tells one state of a policy from every other. */
export const stateOf = ({
  id,
  version,
  digest,
  description,
}: Pick<Shown, 'id' | 'version' | 'digest' | 'description'>): string =>
  JSON.stringify([id, version, digest, description]);
type Shown = z.input<typeof policy>;

export const authorOf = (call: Call<unknown, unknown, { readonly reason?: string } | undefined>): PolicyAuthor => ({
  ...{ principal: call.principal, origin: call.origin, reason: call.body?.reason ?? '' },
});

export const statusOf = (one: ListedPolicy): 'in-force' | 'shadow' | 'disabled' =>
  isInForce(one) ? 'in-force' : one.enabled ? 'shadow' : 'disabled';

export function shown(one: ListedPolicy): Shown {
  const { namespace, name, origin, priority, description, cedar, shadow, enabled } = one;
  const kept = one.origin === 'kept' ? one : undefined;
  return {
    ...{ id: policyId(one), namespace, name, origin, priority, description, cedar, shadow, enabled },
    ...{ form: formOf(cedar) ?? null, digest: digestOf(one) },
    ...{ version: kept?.version ?? null, reason: kept?.reason ?? null, author: kept?.author ?? null },
    createdAt: kept ? momentOf(kept.createdAt) : null,
    changedAt: kept ? momentOf(kept.at) : null,
  };
}
