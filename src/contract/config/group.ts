import { z } from 'zod';
import { namespaceName, resourceName } from './common.ts';
import { listingSchema } from './listing.ts';
import { groupName } from './toolset.ts';

const LISTS = ['tools', 'prompts', 'resources', 'resourceTemplates'] as const;

/**
 * `kind: group`: a selection of everything MCP lists. The one without a name describes the group of
 * everything, so it can select nothing.
 */
export const groupSchema = z
  .strictObject({
    kind: z.literal('group'),
    namespace: namespaceName,
    name: groupName
      .optional()
      .describe('The last part of its URL, `/mcp/{name}`; absent for the group of everything, at `/mcp`.'),
    description: z.string().optional().describe('Becomes MCP `instructions` at its URL.'),
    tools: z.array(resourceName).optional().describe('Names of tools.'),
    prompts: z.array(resourceName).optional().describe('Names of prompts.'),
    resources: z.array(resourceName).optional().describe('Names of resources.'),
    resourceTemplates: z.array(resourceName).optional().describe('Names of resource templates.'),
    listing: listingSchema.optional().describe('How its tools are listed; as `kind: server` says otherwise.'),
    ttlMs: z.int().nonnegative().default(300_000).describe('How long a client may keep its lists, in milliseconds.'),
    // Toolbox's default is `public`; our lists depend on the caller, so a shared cache would mix callers up.
    cacheScope: z
      .enum(['public', 'private'])
      .default('private')
      .describe('Whether caches shared between callers may keep its lists.'),
  })
  .superRefine((group, context) => {
    if (group.name !== undefined) return;
    for (const list of LISTS) {
      if (group[list] === undefined) continue;
      context.addIssue({
        code: 'custom',
        path: [list],
        message: 'the group without a name holds everything and cannot select; give it a `name` or take the list away',
        params: { problem: 'CONTRADICTION' },
      });
    }
  });

export type GroupCommon = z.output<typeof groupSchema>;
