/** `MCPServer`: one MCP server, run here or elsewhere, and the proxy in front of it. */
import { z } from 'zod';
import { mcpServerSchema } from '../config/mcp-server.ts';
import { customResource } from './custom-resource.ts';
import { listSet, ordered } from './lists.ts';
import {
  externalAuthConfigRef,
  groupRef,
  ownerFields,
  ownerStatusFields,
  proxyImage,
  references,
} from './protected.ts';
import { caBundleRef, configMapKeyRef } from './references.ts';
import { ruled } from './rule.ts';
import { line, port, serverUrl } from './scalars.ts';
import { statusFields } from './status.ts';
import { environment, image, replicas, resources } from './workload.ts';

const document = mcpServerSchema.shape;

const theirName = line(256);

const tools = z.strictObject({
  only: listSet(theirName, 1000)
    .optional()
    .describe('The tools that are there, by the names they have at the server; all without it.'),
  hide: listSet(theirName, 1000).optional().describe('Tools that are not there.'),
});

/** Fields of a server that runs here. */
const LOCAL = ['command', 'args', 'env', 'port', 'resources'] as const;

const spec = ruled(
  z.strictObject({
    image: image.optional().describe('The image of a server that runs here. This or `url`.'),
    command: ordered(line(4096), 32)
      .min(1)
      .optional()
      .describe('What is started in the place of the entry point of the image.'),
    args: ordered(z.string().max(4096), 200)
      .optional()
      .describe(document.args.description ?? ''),
    env: environment.optional().describe('Variables of the server; nothing of the proxy is among them.'),
    port: port.optional().describe('Where the server listens; 8080 unless said. Not with the transport `stdio`.'),
    url: serverUrl.optional().describe('Where a server elsewhere is. This or `image`.'),
    caBundleRef: caBundleRef.optional().describe('Whom to trust at `url`; the system’s authorities without it.'),
    transport: z
      .enum(['stdio', 'streamable-http', 'sse'])
      .default('streamable-http')
      .describe(
        'How the server is spoken to: over its standard streams, by Streamable HTTP, or HTTP with SSE of revision 2024-11-05.',
      ),
    protocol: document.protocol,
    ...ownerFields,
    externalAuthConfigRef: externalAuthConfigRef
      .optional()
      .describe('How requests to the server are authorized. The token of a caller of ours never goes there.'),
    groupRef: groupRef.optional().describe('The MCPGroup that it belongs to.'),
    toolsetRef: configMapKeyRef
      .optional()
      .describe('A document of `kind: toolset` that says which tools are at doors of their own.'),
    tools: tools.optional().describe(document.tools.description ?? ''),
    replicas,
    resources: resources.describe('What the server may use, as of every container.'),
    proxy: z
      .strictObject({
        image: proxyImage,
        resources: resources.describe('What the proxy may use, as of every container.'),
      })
      .prefault({})
      .describe('The proxy in front of the server.'),
  }),
  {
    rule: 'has(self.image) != has(self.url)',
    holds: (server) => (server.image === undefined) !== (server.url === undefined),
    message: 'a server runs from its `image` or is at its `url`: give one of the two',
  },
  {
    rule: `has(self.image) || !(${LOCAL.map((field) => `has(self.${field})`).join(' || ')})`,
    holds: (server) => server.image !== undefined || LOCAL.every((field) => server[field] === undefined),
    message: `${LOCAL.map((field) => `\`${field}\``).join(', ')} are for a server with an \`image\``,
  },
  {
    rule: "self.transport != 'stdio' || (has(self.image) && !has(self.port))",
    holds: (server) => server.transport !== 'stdio' || (server.image !== undefined && server.port === undefined),
    message: 'standard streams are those of a server with an `image`, and have no `port`',
    field: 'transport',
  },
  {
    rule: "!has(self.caBundleRef) || (has(self.url) && self.url.startsWith('https:'))",
    holds: ({ caBundleRef: bundle, url }) => bundle === undefined || url?.startsWith('https:') === true,
    message: '`caBundleRef` says something of https, and there is no https `url`',
    field: 'caBundleRef',
  },
  {
    rule: 'has(self.authServerRef) || has(self.externalAuthConfigRef)',
    holds: (server) => server.authServerRef !== undefined || server.externalAuthConfigRef !== undefined,
    message:
      'nothing says whose tokens open it: give `authServerRef`, or an `externalAuthConfigRef` of the type `authServer`',
  },
);

const status = z.strictObject({
  ...statusFields('Pending', 'Progressing', 'Ready', 'Degraded', 'Failed', 'Stopped', 'Terminating'),
  ...ownerStatusFields,
  references,
});

export const mcpServer = customResource({
  kind: 'MCPServer',
  shortNames: ['mcps'],
  description:
    'One MCP server, run here or elsewhere, with a proxy in front: it lets in whom the authorization server and policies let in, and gives the server the tokens of callers that it needs.',
  isScaled: true,
  columns: [
    { name: 'Resource', type: 'string', jsonPath: '.spec.resourceUrl', description: 'What clients know it as.' },
    { name: 'Ready', type: 'integer', jsonPath: '.status.readyReplicas', description: 'How many pods serve.' },
    {
      name: 'Transport',
      type: 'string',
      jsonPath: '.spec.transport',
      description: 'How it is spoken to.',
      priority: 1,
    },
    { name: 'URL', type: 'string', jsonPath: '.status.url', description: 'Where clients reach it.', priority: 1 },
  ],
  spec,
  status,
});

export type MCPServerSpec = z.output<typeof spec>;
export type MCPServerStatus = z.output<typeof status>;
