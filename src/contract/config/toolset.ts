import { z } from 'zod';
import { namespaceName, resourceName } from './common.ts';
import { listingSchema } from './listing.ts';

/**
 * Names of toolsets and groups stand in URLs right after `/mcp/`, where `n` leads to namespaces and
 * `s` to single servers.
 */
export const groupName = resourceName.refine((name) => name !== 'n' && name !== 's', {
  error: '`n` and `s` are reserved: they lead to namespaces and servers in URLs',
});

/** `kind: toolset`: a named selection of tools, served at `/mcp/{name}`. */
export const toolsetSchema = z.strictObject({
  kind: z.literal('toolset'),
  namespace: namespaceName,
  name: groupName.describe('The last part of its URL, `/mcp/{name}`.'),
  description: z.string().optional().describe('Becomes MCP `instructions` at its URL.'),
  tools: z.array(resourceName).describe('Names of tools.'),
  listing: listingSchema.optional().describe('How its tools are listed; as `kind: server` says otherwise.'),
});

export type ToolsetCommon = z.output<typeof toolsetSchema>;
