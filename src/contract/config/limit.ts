import { z } from 'zod';
import { parseLimits } from '../limit.ts';
import { ROLES } from '../principal.ts';
import { namespaceName, resourceName } from './common.ts';

/** Who or what a limit counts by: each has a count of its own. */
export const LIMIT_PER = ['principal', 'tool', 'toolset', 'namespace', 'address'] as const;
export type LimitPer = (typeof LIMIT_PER)[number];

const LONGEST = 1000;

/** `100 calls per 1h; 5 at once`; gives the limits. */
export const limitsText = z
  .string()
  .max(LONGEST)
  .transform((text, context) => {
    const limits = parseLimits(text);
    if (limits.ok) return limits.value;
    context.addIssue({ code: 'custom', message: limits.error });
    return z.NEVER;
  })
  .meta({ title: 'limits' });

const perOne = z.enum(LIMIT_PER);

/** One of them or several: `[principal, tool]` counts each tool of each caller by itself. */
export const limitPer = z
  .union([perOne, z.array(perOne).min(1).max(LIMIT_PER.length)])
  .transform((per): readonly LimitPer[] => [...new Set(Array.isArray(per) ? per : [per])])
  .meta({ title: 'list of principal, tool, toolset, namespace, address' });

/** Of which calls a limit is; those that are left out leave nothing out. */
export const limitSelection = {
  tools: z.array(resourceName).min(1).optional().describe('Only calls of these tools.'),
  toolsets: z.array(resourceName).min(1).optional().describe('Only calls of tools in these toolsets or groups.'),
  roles: z.array(z.enum(ROLES)).min(1).optional().describe('Only calls of who holds one of these roles.'),
  agents: z.array(z.string().min(1).max(128)).min(1).optional().describe('Only calls of these agents, by name or id.'),
};

/** `kind: limit`: how much may be done, and by what it is counted. */
export const limitSchema = z.strictObject({
  kind: z.literal('limit'),
  namespace: namespaceName,
  name: resourceName.describe('What the limit is called, in refusals and in `RateLimit-Policy`.'),
  everywhere: z
    .boolean()
    .default(false)
    .describe('Whether it is about the calls of every namespace together, not of `namespace` alone.'),
  per: limitPer.describe('What has a count of its own: one of them, or several together.'),
  limits: limitsText.describe('The limits, with `;` between: `100 calls per 1h; 10000 rows per 1d; 5 at once`.'),
  ...limitSelection,
});

export type LimitCommon = z.output<typeof limitSchema>;
