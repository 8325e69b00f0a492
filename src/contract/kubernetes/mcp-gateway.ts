/** `MCPGateway`: the servers of a group behind one URL. It is one owner, with a list of upstreams. */
import { z } from 'zod';
import { mcpServerSchema } from '../config/mcp-server.ts';
import { authServerStorage, REPLICAS_NEED_A_DATABASE } from './auth-server-storage.ts';
import { customResource } from './custom-resource.ts';
import { listMap, listSet } from './lists.ts';
import {
  externalAuthConfigRef,
  groupRef,
  ownerFields,
  ownerStatusFields,
  proxyImage,
  references,
} from './protected.ts';
import { authServerRef, configMapKeyRef } from './references.ts';
import { ruled } from './rule.ts';
import { label, line } from './scalars.ts';
import { statusFields } from './status.ts';
import { replicas, resources } from './workload.ts';

const member = z.strictObject({
  name: label.describe('The MCPServer, of the group.'),
  prefix: z
    .string()
    .max(100)
    .regex(/^[A-Za-z0-9_.-]*$/, { error: 'a prefix is made of letters A-Z a-z, digits, `_`, `-` and `.`' })
    .optional()
    .describe(mcpServerSchema.shape.prefix.description ?? ''),
  externalAuthConfigRef: externalAuthConfigRef
    .optional()
    .describe('How requests to it are authorized; as its own object says without it.'),
});

const spec = ruled(
  z.strictObject({
    ...ownerFields,
    authServerRef: authServerRef.describe('The MCPAuthServer whose tokens open it, and which keeps those of callers.'),
    groupRef: groupRef.describe('The MCPGroup whose servers are behind it.'),
    servers: listMap(member, 'name', 200)
      .optional()
      .describe('What is to be said of single servers of the group; the others are behind it as well.'),
    toolsetRef: configMapKeyRef
      .optional()
      .describe('A document of `kind: toolset` that says which tools are at doors of their own.'),
    replicas,
    storage: authServerStorage
      .prefault({ type: 'sqlite' })
      .describe('Where state is kept. SQLite is for one replica; several share PostgreSQL and Valkey.'),
    image: proxyImage,
    resources,
  }),
  REPLICAS_NEED_A_DATABASE,
  {
    rule: '!has(self.servers) || self.servers.filter(one, has(one.prefix) && one.prefix == "").size() <= 1',
    holds: ({ servers = [] }) => servers.filter(({ prefix }) => prefix === '').length <= 1,
    message: 'two servers without a prefix could have tools of one name: an empty `prefix` is for one of them',
    field: 'servers',
  },
);

const status = z.strictObject({
  ...statusFields('Pending', 'Progressing', 'Ready', 'Degraded', 'Failed', 'Stopped', 'Terminating'),
  ...ownerStatusFields,
  servers: listSet(line(253), 1000).optional().describe('The MCPServers behind it.'),
  references,
});

export const mcpGateway = customResource({
  kind: 'MCPGateway',
  shortNames: ['mcpgw'],
  description:
    'The MCPServers of a group behind one URL: one owner, which may be given tokens of several upstreams, each exchange for one of them.',
  isScaled: true,
  columns: [
    { name: 'Resource', type: 'string', jsonPath: '.spec.resourceUrl', description: 'What clients know it as.' },
    { name: 'Group', type: 'string', jsonPath: '.spec.groupRef.name', description: 'Whose servers are behind it.' },
    { name: 'Ready', type: 'integer', jsonPath: '.status.readyReplicas', description: 'How many pods serve.' },
  ],
  spec,
  status,
});

export type MCPGatewaySpec = z.output<typeof spec>;
export type MCPGatewayStatus = z.output<typeof status>;
