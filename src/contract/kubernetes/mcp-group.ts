/** `MCPGroup`: MCPServers that belong together, as their `groupRef` says. */
import { z } from 'zod';
import { customResource } from './custom-resource.ts';
import { listSet } from './lists.ts';
import { line } from './scalars.ts';
import { statusFields } from './status.ts';

const spec = z.strictObject({
  description: line(1024)
    .optional()
    .describe('What the servers have in common; MCP `instructions` of a gateway over them.'),
});

const status = z.strictObject({
  ...statusFields('Pending', 'Ready', 'Failed', 'Terminating'),
  serverCount: z.int().min(0).max(10_000).optional().describe('How many MCPServers belong to it.'),
  servers: listSet(line(253), 1000).optional().describe('Their names; the first thousand.'),
});

export const mcpGroup = customResource({
  kind: 'MCPGroup',
  shortNames: ['mcpg'],
  description: 'MCPServers that belong together: each says so itself, by `groupRef`.',
  columns: [
    {
      name: 'Servers',
      type: 'integer',
      jsonPath: '.status.serverCount',
      description: 'How many MCPServers belong to it.',
    },
  ],
  spec,
  status,
});

export type MCPGroupSpec = z.output<typeof spec>;
export type MCPGroupStatus = z.output<typeof status>;
