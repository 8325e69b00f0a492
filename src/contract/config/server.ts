import { z } from 'zod';
import { absoluteUrl, duration, isLoopbackHost, resourceName, size } from './common.ts';
import { authorizationServerSchema } from './authorization-server.ts';
import { approvalsSchema } from './approvals.ts';
import { alertsSchema, statisticsSchema } from './alerts.ts';
import { auditSchema } from './audit.ts';
import { backupSchema } from './backup.ts';
import { countersSchema } from './counters.ts';
import { network } from './egress.ts';
import { exchangeSchema } from './exchange.ts';
import { absolutePath, databaseSchema } from './database.ts';
import { PIN_MODES } from '../catalogue-tool.ts';
import { outputsSchema } from './outputs.ts';
import { listingSchema } from './listing.ts';
import { placesSchema } from './places.ts';
import { replicaSchema, unsafeReplicaAddress } from './replica.ts';
import { childServersSchema } from './server-command.ts';
import { signInSchema } from './sign-in.ts';
import { themeSchema } from './theme.ts';
import { agentListenerSchema, internalListenerSchema, tlsSchema } from './tls.ts';
import { vaultSchema } from './vault.ts';

const port = z.int().min(0).max(65_535);

// `*` would let any web page that a person opens call tools in their name; DNS rebinding does the rest.
const entryWithoutWildcard = (what: string) =>
  z.string().refine((entry) => !entry.includes('*'), {
    error: `\`*\` would allow every ${what}; list those that are meant`,
    params: { problem: 'UNENFORCEABLE' },
    abort: true,
  });

const allowedHost = entryWithoutWildcard('host').refine((host) => /^[^\s/]+$/.test(host), {
  error: 'a host is a name or an address, with a port where it is not the usual one',
});

const allowedOrigin = entryWithoutWildcard('origin').refine((text) => URL.parse(text)?.origin === text, {
  error: 'an origin is a scheme and a host, such as `https://app.example.com`, and nothing after it',
});

/** `kind: server`: how the process listens, limits itself and reports. One per configuration. */
export const serverSchema = z
  .strictObject({
    kind: z.literal('server'),
    name: resourceName.default('server').describe('Free; nothing refers to it.'),
    host: z.string().min(1).default('127.0.0.1').describe('The address to listen on.'),
    port: port.default(7420).describe('The port to listen on; 0 takes any free one.'),
    publicUrl: absoluteUrl('https', 'http')
      .optional()
      .describe('Where browsers reach this server, such as `https://tools.example`; else `localhost` and the port.'),
    allowedHosts: z
      .array(allowedHost)
      .default([])
      .describe('Names in the `Host` header that are answered, beside loopback ones and `host`.'),
    allowedOrigins: z.array(allowedOrigin).default([]).describe('Web origins whose pages may call; none otherwise.'),
    tls: tlsSchema
      .optional()
      .describe('TLS on the listener. This or `tlsTerminatedBy` is required when `host` is not a loopback address.'),
    tlsTerminatedBy: z
      .string()
      .min(1)
      .optional()
      .describe('The name of the proxy that speaks TLS in front, instead of `tls`.'),
    trustedProxies: z
      .array(network)
      .default([])
      .describe(
        'Addresses and networks of proxies in front, whose `X-Forwarded-For` says who called; of others it is not read.',
      ),
    places: placesSchema.prefault({}).describe('Where addresses are, for policies that look at `country` or `asn`.'),
    agentListener: agentListenerSchema
      .optional()
      .describe('One more listener, for agents that show a client certificate with their SPIFFE ID.'),
    internalListener: internalListenerSchema
      .optional()
      .describe('One more listener, where owners exchange tokens of sessions for those of upstreams, by certificate.'),
    exchange: exchangeSchema
      .optional()
      .describe(
        'An authorization server elsewhere that keeps the tokens of callers at identity providers; this server then has none of its own.',
      ),
    metrics: z
      .union([
        z.literal(false),
        z.strictObject({
          host: z.string().min(1).default('127.0.0.1').describe('The address of the metrics listener.'),
          port: port.default(7421).describe('The port of the metrics listener.'),
        }),
      ])
      .prefault({})
      .describe('The listener of `/metrics`, or `false`.'),
    database: databaseSchema
      .prefault({ type: 'sqlite' })
      .describe('Where Chatelaine keeps its own state: a SQLite file in the data directory, or PostgreSQL.'),
    replica: replicaSchema
      .prefault({})
      .describe('How several servers on one PostgreSQL reach each other, for MCP sessions that another one holds.'),
    counters: countersSchema
      .optional()
      .describe('Where limits are counted; the database without it, and the memory of the process for `--stdio`.'),
    audit: auditSchema.prefault({}).describe('The audit log: how it is signed, who receives it, how long it is kept.'),
    vault: vaultSchema.prefault({}).describe('The keys that protect what the vault keeps.'),
    ledger: absolutePath
      .optional()
      .describe(
        'The folder of the ledger of revocations, best on another volume, where it must exist; `ledger` in the data directory else.',
      ),
    backup: backupSchema.optional().describe('Backups on a schedule; none otherwise.'),
    signIn: signInSchema.prefault({}).describe('How long sessions of people last, and what they proved.'),
    theme: themeSchema.optional().describe("What the pages look like; Chatelaine's own without it."),
    registry: z
      .strictObject({
        pins: z
          .enum(PIN_MODES)
          .default('firstUse')
          .describe(
            'Definitions that no file vouches for: `firstUse` keeps what is suspicious and what changed for a person to approve, `review` every new one, `off` none.',
          ),
      })
      .prefault({})
      .describe('Tools that publishers register, and tools that code defines.'),
    authorizationServer: authorizationServerSchema
      .prefault({})
      .describe('The authorization server, which is there where `publicUrl` is.'),
    alerts: alertsSchema.prefault({}).describe('What is looked for in calls that is not like their callers.'),
    statistics: statisticsSchema.prefault({}).describe('How long sums of how tools are used are kept.'),
    outputs: outputsSchema.prefault({}).describe('What becomes of answers that strangers may have written.'),
    limits: z
      .strictObject({
        maxBodyBytes: size.default(1_048_576).describe('How large a request may be.'),
        maxConcurrentCalls: z
          .int()
          .positive()
          .default(256)
          .describe('How many calls run at once; more are told to wait.'),
        maxCallsPerSource: z
          .int()
          .positive()
          .optional()
          .describe(
            'How many of them run at one source or MCP server, so that a slow one is not all that runs; half of them without it, where more than one is called.',
          ),
        apiRequestsPerMinute: z
          .int()
          .positive()
          .default(6000)
          .describe('How many requests a minute one caller has at `/api/v1`, in each process.'),
        requestTimeout: duration.default(30_000).describe('How long a client may take to send its request.'),
        shutdownGrace: duration.default(10_000).describe('How long running calls may take to end after SIGTERM.'),
        maxSessions: z.int().positive().default(10_000).describe('How many MCP sessions are kept.'),
        sessionIdle: duration.default(1_800_000).describe('How long an unused MCP session is kept.'),
      })
      .prefault({})
      .describe('What the process refuses to exceed.'),
    log: z
      .strictObject({
        level: z
          .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
          .default('info')
          .describe('The least severe level that is written.'),
        format: z
          .enum(['json', 'text'])
          .optional()
          .describe('One JSON object a line, or text for people. By default text on a terminal, JSON elsewhere.'),
      })
      .prefault({})
      .describe('The log, on standard error.'),
    telemetry: z
      .strictObject({
        otlpEndpoint: absoluteUrl('http', 'https')
          .optional()
          .describe('An OTLP/HTTP collector; nothing is sent otherwise.'),
        serviceName: z.string().min(1).default('chatelaine').describe('`service.name` of what is sent.'),
      })
      .prefault({})
      .describe('Traces and metrics to a collector.'),
    approvals: approvalsSchema
      .prefault({})
      .describe('Calls that wait for the yes of people: how long, who is told, who may answer from elsewhere.'),
    toolsPageSize: z.int().min(1).max(100_000).default(1000).describe('How many tools one page of `tools/list` holds.'),
    listing: listingSchema
      .default('all')
      .describe(
        '`all` tools stand in `tools/list`, or they are found (`progressive`), or found from a number on; toolsets and groups may say otherwise.',
      ),
    mcpServers: childServersSchema.prefault({}).describe('What may be started for `kind: mcpServer`.'),
    instructions: z.string().optional().describe('MCP `instructions` where a group has no description.'),
  })
  .superRefine((server, context) => {
    const refuse = (path: string[], message: string): void =>
      context.addIssue({ code: 'custom', path, message, params: { problem: 'UNENFORCEABLE' } });
    const { host, tls, tlsTerminatedBy } = server;
    const open = unsafeBind(server);
    if (open !== undefined) refuse(['host'], open);
    const url = server.publicUrl === undefined ? undefined : new URL(server.publicUrl);
    if (url?.protocol === 'http:' && !isLoopbackHost(url.hostname))
      refuse(
        ['publicUrl'],
        `at \`${url.origin}\` passwords and sessions would cross the network in the clear; use https`,
      );
    if (tls !== undefined && tlsTerminatedBy !== undefined)
      refuse(['tlsTerminatedBy'], 'TLS ends here or at the proxy in front: give `tls` or `tlsTerminatedBy`');
    const { address } = server.replica;
    if (address !== undefined && server.database.type === 'sqlite')
      refuse(['replica', 'address'], 'on SQLite one server serves, and there is no other to reach it');
    const unsafe = address === undefined ? undefined : unsafeReplicaAddress(address, server);
    if (unsafe !== undefined) refuse(['replica', 'address'], unsafe);
    const taken = [{ host, port: server.port, of: 'public listener' }];
    for (const field of ['agentListener', 'internalListener'] as const) {
      const listener = server[field];
      if (listener === undefined) continue;
      if (listener.certificate === undefined && listener.workloadApi === undefined && tls === undefined)
        refuse([field], 'there is no certificate for it: give `certificate` and `key` or `workloadApi` here, or `tls`');
      const other = taken.find((one) => one.port !== 0 && one.port === listener.port && one.host === listener.host);
      if (other !== undefined)
        refuse([field, 'port'], `\`${other.host}:${other.port}\` is the address of the ${other.of}`);
      taken.push({ host: listener.host, port: listener.port, of: field });
    }
    if (server.internalListener !== undefined && server.exchange !== undefined)
      refuse(
        ['internalListener'],
        'with `exchange` tokens are kept by an authorization server elsewhere, and there is nobody to ask at this one',
      );
    else if (server.internalListener !== undefined && url === undefined)
      refuse(
        ['internalListener'],
        'tokens are exchanged by an authorization server of our own: say with `publicUrl` where it is reached',
      );
  });

/**
 * Where browsers reach a server. Without `publicUrl` it is this machine: forms, links and passkeys are bound to
 * it, so who comes by another name needs the setting.
 */
export function publicUrlOf(settings: Pick<ServerSettings, 'publicUrl' | 'tls'>, port: number): URL {
  const scheme = settings.tls === undefined ? 'http' : 'https';
  return new URL(settings.publicUrl ?? `${scheme}://localhost:${port}`);
}

/** Why a server may not listen like this, and the three ways out; undefined when it may. */
export function unsafeBind(server: {
  readonly host: string;
  readonly tls?: unknown;
  readonly tlsTerminatedBy?: string | undefined;
}): string | undefined {
  const { host, tls, tlsTerminatedBy } = server;
  if (isLoopbackHost(host) || tls !== undefined || tlsTerminatedBy !== undefined) return undefined;
  return `\`${host}\` is reachable from other machines, and keys would cross the network in the clear; give the listener a certificate (\`tls: {certificate, key}\`), or put a proxy that speaks TLS in front and name it in \`tlsTerminatedBy\`, or listen on 127.0.0.1`;
}

export type ServerSettings = z.output<typeof serverSchema>;
