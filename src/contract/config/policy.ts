import { z } from 'zod';
import { policyForm } from '../policy-form.ts';
import { namespaceName, resourceName } from './common.ts';

export const LONGEST_CEDAR = 100_000;
/** Far more than anybody counts by, and exact wherever numbers are. */
export const HIGHEST_PRIORITY = 1_000_000;

const PRIORITY = 'Of the permits that match the highest answers; within a namespace, and below every policy of none.';
export const policyPriority = z.int().min(-HIGHEST_PRIORITY).max(HIGHEST_PRIORITY).describe(PRIORITY);

/** What a policy is made of, wherever it is written. */
export const policyFields = {
  priority: policyPriority.default(0).describe(PRIORITY),
  description: z.string().max(2000).default('').describe('What it is for.'),
  cedar: z.string().min(1).max(LONGEST_CEDAR).optional().describe('Its rules as Cedar; or `form`.'),
  form: policyForm.optional().describe('Its one rule as a form; or `cedar`.'),
  shadow: z.boolean().default(false).describe('Whether it is kept and decides nothing, to see what it would.'),
  enabled: z.boolean().default(true).describe('Whether it decides.'),
};

/** `kind: policy`: who may do what to which tools, and what is asked for in return. */
export const policySchema = z
  .strictObject({
    kind: z.literal('policy'),
    namespace: namespaceName,
    name: resourceName.describe('What the policy is called: `namespace/name`.'),
    everywhere: z
      .boolean()
      .default(false)
      .describe('Whether it holds in every namespace, not in `namespace` alone. It is called `*/name` then.'),
    ...policyFields,
  })
  .superRefine(({ cedar, form }, context) => {
    if ((cedar === undefined) !== (form === undefined)) return;
    context.addIssue({
      code: 'custom',
      path: cedar === undefined ? [] : ['form'],
      message:
        cedar === undefined
          ? 'a policy has its rules as `cedar` or as a `form`, and this one has neither'
          : 'a policy has its rules as `cedar` or as a `form`, and this one has both',
      params: { problem: cedar === undefined ? 'FIELD_MISSING' : 'CONTRADICTION' },
    });
  });

export type PolicyCommon = z.output<typeof policySchema>;
