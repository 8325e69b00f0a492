/**
 * The fields of `postgres`, `cockroachdb` and `yugabytedb` sources: MCP Toolbox's, and ours beside
 * them (`readOnly`, `ssl`, `poolSize`, `statementTimeout`). Parsed here once into what the source uses.
 */
import { z } from 'zod';
import { ConfigurationFault } from '../../tools/tool-type.ts';
import { secretValue } from '#contract';
import { hasOneSignIn, ONE_SIGN_IN, sqlAuthField } from '../../secrets/index.ts';
import { durationField, portField, queryParamsField, secondsField } from '../source-fields.ts';
import { sslSchema } from '../tls-options.ts';
import { sessionSettings } from './session-settings.ts';

const port = (usual: number): z.ZodDefault<typeof portField> =>
  portField.default(usual).describe('Port of the server.');

/** How statements travel; the names are pgx's, since Toolbox's files use them. */
export const queryExecModes = [
  'cache_statement',
  'cache_describe',
  'describe_exec',
  'exec',
  'simple_protocol',
] as const;

const address = {
  host: z.string().min(1).describe('Name or address of the server, or the folder of its Unix socket.'),
  user: z.string().min(1).describe('The role to connect as. Give it the least it needs.'),
  database: z.string().min(1).describe('The database.'),
};

const password = secretValue.describe('The password; refer to an environment variable or a secret.');

const ours = {
  auth: sqlAuthField.optional(),
  readOnly: z.boolean().optional().describe('Every call runs in a READ ONLY transaction; the database refuses writes.'),
  ssl: sslSchema.optional().describe('TLS to the server. Without it, `queryParams.sslmode`, else `prefer`.'),
  poolSize: z.int().min(1).max(1000).default(10).describe('Connections at most, hence statements at once.'),
  statementTimeout: durationField.optional().describe('`statement_timeout` of every session, as a second net.'),
};

const toolbox = {
  queryParams: queryParamsField.describe(
    'Connection parameters as in a PostgreSQL URL; others set a run-time parameter.',
  ),
  queryExecMode: z
    .enum(queryExecModes)
    .default('cache_statement')
    .describe('`cache_statement` prepares once a connection; the others never, as a pooler between may need.'),
  sqlCommenter: z.boolean().default(false).describe('Begin each statement with a comment naming this source.'),
  connectTimeout: secondsField.default(5000).describe('Time for one attempt to connect: seconds, or a duration.'),
};

/** Reports what only the parameters together show, at the parameter that is wrong. */
function checkSession(config: Parameters<typeof sessionSettings>[0], context: z.RefinementCtx): void {
  try {
    sessionSettings(config);
  } catch (error) {
    if (!(error instanceof ConfigurationFault)) throw error;
    context.addIssue({
      code: 'custom',
      path: [...error.path],
      message: error.hint === undefined ? error.message : `${error.message}. ${error.hint}`,
    });
  }
}

/** Beside the session: a source that could sign in in two ways, or in none. */
function checkConnection(
  config: Parameters<typeof sessionSettings>[0] & { readonly password?: unknown; readonly auth?: unknown },
  context: z.RefinementCtx,
): void {
  checkSession(config, context);
  if (!hasOneSignIn(config)) context.addIssue({ code: 'custom', ...ONE_SIGN_IN, message: ONE_SIGN_IN.error });
  if (config.password !== undefined || config.auth !== undefined) return;
  context.addIssue({
    code: 'custom',
    path: [],
    message: '`password` is missing, or `auth` with a secret of the vault',
    params: { problem: 'FIELD_MISSING' },
  });
}

export const postgresSchema = z
  .strictObject({
    ...address,
    port: port(5432),
    password: password.optional(),
    ...toolbox,
    ...ours,
  })
  .superRefine(checkConnection);

export type PostgresConfig = z.output<typeof postgresSchema>;

/** What the source is made from, whichever of the three types declared it. */
export interface PostgresSettings extends PostgresConfig {
  readonly maxRows?: number | undefined;
  readonly timeoutMs?: number | undefined;
}

/**
 * Toolbox opens CockroachDB read-only unless `enableWriteMode` is set; so do we, in the database
 * rather than by a look at the text. Its retry and telemetry fields are accepted: every call connects
 * anew when it must, and telemetry is the server's own.
 */
export const cockroachSchema = z
  .strictObject({
    ...address,
    port: port(26257),
    password: secretValue.optional().describe('The password, if the cluster asks for one.'),
    ...toolbox,
    ...ours,
    readOnlyMode: z.boolean().default(true).describe('Read-only unless `enableWriteMode` is set.'),
    enableWriteMode: z.boolean().default(false).describe('Allows writing.'),
    maxRowLimit: z.int().min(1).default(1000).describe('Rows at most, whatever a tool allows.'),
    queryTimeoutSec: z.int().min(1).default(30).describe('Seconds at most, whatever a tool allows.'),
    maxRetries: z.int().min(0).optional().describe('Accepted, without effect.'),
    retryBaseDelay: z.string().optional().describe('Accepted, without effect.'),
    enableTelemetry: z.boolean().optional().describe('Accepted, without effect.'),
    telemetryVerbose: z.boolean().optional().describe('Accepted, without effect.'),
    clusterID: z.string().optional().describe('Accepted, without effect.'),
  })
  .superRefine(checkSession)
  .refine(hasOneSignIn, ONE_SIGN_IN)
  .transform(({ readOnlyMode, enableWriteMode, maxRowLimit, queryTimeoutSec, ...config }): PostgresSettings => ({
    ...config,
    readOnly: config.readOnly ?? (readOnlyMode && !enableWriteMode),
    maxRows: maxRowLimit,
    timeoutMs: queryTimeoutSec * 1000,
  }));

/** The fields of Toolbox's smart driver are accepted: this source talks to the one host it is given. */
export const yugabyteSchema = z
  .strictObject({
    ...address,
    port: port(5433),
    password: password.optional(),
    ...toolbox,
    ...ours,
    loadBalance: z.union([z.string(), z.boolean()]).optional().describe('Accepted, without effect.'),
    topologyKeys: z.string().optional().describe('Accepted, without effect.'),
    ybServersRefreshInterval: z.union([z.string(), z.number()]).optional().describe('Accepted, without effect.'),
    fallbackToTopologyKeysOnly: z.union([z.string(), z.boolean()]).optional().describe('Accepted, without effect.'),
    failedHostReconnectDelaySecs: z.union([z.string(), z.number()]).optional().describe('Accepted, without effect.'),
  })
  .superRefine(checkConnection)
  .transform((config): PostgresSettings => config);
