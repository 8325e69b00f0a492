/** `kind: mcpServer`: an MCP server behind this one, whose tools, prompts and resources stand among ours. */
import { z } from 'zod';
import { PIN_MODES } from '../catalogue-tool.ts';
import { absoluteUrl, duration, namespaceName, resourceName, size } from './common.ts';
import { egressTlsSchema, reachFields } from './egress.ts';
import { outgoingAuthSchema, type OutgoingAuthConfig } from './outgoing-auth.ts';
import { labelsField, trustField } from './outputs.ts';
import { secretValue } from './secret-value.ts';
import { commandFaults, commandPath } from './server-command.ts';
import { serverOAuthSchema, type ServerOAuth } from './server-oauth.ts';

/** Names as servers choose them; what they become here must be a name of ours. */
const theirName = z.string().min(1).max(256).meta({ title: 'name' });

const toolsSchema = z.strictObject({
  only: z
    .array(theirName)
    .max(10_000)
    .optional()
    .describe('The tools that are there, by the names they have at the server; all without it.'),
  hide: z.array(theirName).max(10_000).default([]).describe('Tools that are not there.'),
  rename: z
    .record(theirName, resourceName)
    .default({})
    .describe('Other names, which `prefix` does not precede, by the names they have at the server.'),
  describe: z
    .record(theirName, z.string().min(1).max(20_000))
    .default({})
    .describe('Other descriptions: what models read in the place of what the server says of a tool.'),
});

/** The fields that a remote server has and a child process has not, and the other way round. */
const REMOTE = [
  'transport',
  'tls',
  'auth',
  'allowedIpRanges',
  'customBlockedIpRanges',
  'allowPrivateNetworks',
] as const;
const LOCAL = ['args', 'env', 'cwd', 'user', 'limits'] as const;

/** The header fields that messages need for themselves; `Mcp-…` are others. */
const MESSAGE_FIELDS: ReadonlySet<string> = new Set([
  ...['accept', 'accept-encoding', 'connection', 'content-length', 'content-type', 'cookie', 'expect', 'host'],
  ...['keep-alive', 'last-event-id', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
]);

/** How requests to a server are authorized: as those of a source, and by what the server itself says. */
const authSchema = z.discriminatedUnion('type', [outgoingAuthSchema, serverOAuthSchema]);

export const mcpServerSchema = z
  .strictObject({
    kind: z.literal('mcpServer'),
    namespace: namespaceName,
    name: resourceName.describe(
      'What policies, limits and the audit log call it, and its door: `/mcp/s/{namespace}/{name}`.',
    ),
    url: absoluteUrl('https', 'http').optional().describe('Where a remote server is. This or `command`.'),
    transport: z
      .enum(['streamable-http', 'sse'])
      .optional()
      .describe('How a remote server is spoken to: Streamable HTTP, or HTTP with SSE of revision 2024-11-05.'),
    tls: egressTlsSchema.optional().describe('Whom to trust, and who we are, over https.'),
    auth: authSchema
      .optional()
      .describe('What authorizes every request to a remote server. The token of a caller of ours never goes there.'),
    ...reachFields('The server'),
    command: commandPath
      .optional()
      .describe('The program of a server that is a child process, one of `mcpServers.commands` of `kind: server`.'),
    args: z
      .array(z.string().max(4096))
      .max(200)
      .default([])
      .describe('Its arguments, each as it is: no shell reads them.'),
    env: z
      .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'this is no name of a variable' }), secretValue)
      .default({})
      .describe('Its whole environment beside `PATH`; nothing of ours is in it.'),
    cwd: z.string().min(1).optional().describe('The folder that it starts in.'),
    user: z
      .strictObject({ uid: z.int().min(1), gid: z.int().min(1) })
      .optional()
      .describe(
        'The user and group that it runs as, by number; ours without it. Needs the right to change them. Its home is then a folder below the system’s temporary one, and ends with the server.',
      ),
    limits: z
      .strictObject({
        memory: size.optional().describe('Address space. Programs on Node, Go or Java reserve far more than they use.'),
        cpu: duration.optional().describe('Time on processors, over its whole life.'),
        openFiles: z.int().positive().optional().describe('Open files and sockets.'),
        processes: z.int().positive().optional().describe('Processes and threads of the user that it runs as.'),
        fileSize: size.optional().describe('The largest file that it may write.'),
      })
      .optional()
      .describe('What it may use, as setrlimit(2) keeps it.'),
    protocol: z
      .enum(['auto', 'stateless', 'session'])
      .default('auto')
      .describe('`stateless`: MCP from 2026-07-28 on. `session`: the revisions before. `auto` asks the server.'),
    prefix: z
      .string()
      .max(100)
      .regex(/^[A-Za-z0-9_.-]*$/, { error: 'a prefix is made of letters A-Z a-z, digits, `_`, `-` and `.`' })
      .optional()
      .describe('What stands before the names of its tools, prompts and resources here; `{name}_` without it.'),
    tools: toolsSchema.prefault({}).describe('Which of its tools are there, and what is said of them.'),
    instructions: z
      .string()
      .max(20_000)
      .optional()
      .describe('MCP `instructions` at its door; what the server says itself without it.'),
    timeout: duration
      .default(60_000)
      .describe('How long one request may take; the time of people who are asked does not count.'),
    refresh: duration
      .default(300_000)
      .describe('How often it is asked what it offers; it may say by itself that this changed.'),
    shared: z
      .boolean()
      .default(false)
      .describe(
        'Whether callers share one session. Its server can then ask none of them anything: nobody could say whom it means.',
      ),
    maxConnections: z.int().min(1).max(10_000).default(100).describe('How many connections to it are open at once.'),
    idle: duration.default(300_000).describe('How long an unused connection is kept.'),
    pins: z
      .enum(PIN_MODES)
      .optional()
      .describe('What becomes of definitions that are new or changed; `registry.pins` of `kind: server` without it.'),
    labels: labelsField,
    trust: trustField,
  })
  .superRefine((server, context) => {
    const fault = (path: (string | number)[], message: string, problem?: string): void =>
      context.addIssue({ code: 'custom', path, message, ...(problem !== undefined && { params: { problem } }) });
    const { url, command } = server;
    if ((url === undefined) === (command === undefined))
      return fault([], 'a server is at its `url` or started by its `command`: give one of the two');
    const foreign = url === undefined ? REMOTE : LOCAL;
    for (const field of foreign) {
      const value = server[field];
      const isSaid = Array.isArray(value)
        ? value.length > 0
        : typeof value === 'object'
          ? Object.keys(value).length > 0
          : value === true || typeof value === 'string';
      if (isSaid)
        fault(
          [field],
          `\`${field}\` is for a server with ${url === undefined ? 'a `url`' : 'a `command`'}`,
          'CONTRADICTION',
        );
    }
    if (url !== undefined) {
      const { username, password, hash } = new URL(url);
      if (username !== '' || password !== '') fault(['url'], 'a URL with a password in it is shown in logs and errors');
      if (hash !== '') fault(['url'], 'what is asked of a server has no fragment');
      for (const { path, message } of authFaults(server.auth, server)) fault(path, message, 'CONTRADICTION');
    } else {
      for (const { path, message } of commandFaults(server.command ?? '', server.args, Object.keys(server.env)))
        fault(path, message, 'UNENFORCEABLE');
    }
    for (const name of server.tools.hide)
      if (server.tools.only?.includes(name) === true)
        fault(['tools', 'hide'], `\`${name}\` stands in \`only\` as well`, 'CONTRADICTION');
    const names = Object.values(server.tools.rename);
    const again = names.find((name, index) => names.indexOf(name) !== index);
    if (again !== undefined) fault(['tools', 'rename'], `two tools would be called \`${again}\``, 'NAME_TAKEN');
  });

/** What `auth` says that cannot be with what else the document says, or with MCP. */
function authFaults(
  auth: OutgoingAuthConfig | ServerOAuth | undefined,
  {
    url,
    tls,
    shared,
  }: {
    readonly url?: string | undefined;
    readonly tls?: z.output<typeof egressTlsSchema> | undefined;
    readonly shared: boolean;
  },
): readonly { readonly path: string[]; readonly message: string }[] {
  const faults: { path: string[]; message: string }[] = [];
  const fault = (path: string[], message: string): number => faults.push({ path, message });
  if (auth === undefined) return faults;
  // MCP authorization, Access Token Usage: credentials are not in the query, which logs of others keep.
  if ('in' in auth && auth.in === 'query') fault(['auth', 'in'], 'an MCP server is sent no credential in the query');
  const name = 'name' in auth ? auth.name?.toLowerCase() : undefined;
  if (name !== undefined && (MESSAGE_FIELDS.has(name) || name.startsWith('mcp-')))
    fault(['auth', 'name'], `\`${name}\` is a header that the messages themselves need`);
  const isOfCallers = auth.type === 'oauth' ? auth.grant === 'authorization_code' : 'upstream' in auth;
  if (shared && isOfCallers && !('webIdentityFile' in auth && auth.webIdentityFile !== undefined))
    fault(['shared'], 'callers with tokens of their own share no session');
  if (auth.type === 'clientCertificate') {
    if (url?.startsWith('https:') !== true) fault(['auth', 'type'], 'a client certificate only https can show');
    if (tls?.clientCert !== undefined) fault(['tls', 'clientCert'], '`auth` shows a client certificate already');
  }
  return faults;
}

export type McpServerCommon = z.output<typeof mcpServerSchema>;

/** What stands before the names of its entries. */
export const prefixOf = ({ name, prefix }: Pick<McpServerCommon, 'name' | 'prefix'>): string => prefix ?? `${name}_`;
