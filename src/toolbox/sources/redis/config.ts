/** The fields of `redis` and `valkey` sources: MCP Toolbox's, and ours beside them (`tls`, `readOnly`). */
import { z } from 'zod';
import { secretValue } from '#contract';
import { sslSchema } from '../tls-options.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

const DEFAULT_PORT = 6379;

/** `host:port`, `host`, `[::1]:6379`. */
const address = z.string().transform((text, context): Address => {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/@[\]]+))(?::(\d{1,5}))?$/.exec(text.trim());
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3] ?? DEFAULT_PORT);
  if (host !== undefined && port >= 1 && port <= 65_535) return { host, port };
  context.addIssue({
    code: 'custom',
    message: `\`${text}\` is not an address; write \`host:port\`, such as \`127.0.0.1:6379\``,
  });
  return z.NEVER;
});

const unset = (text: string | undefined): string | undefined => (text === '' ? undefined : text);

const common = {
  address: z
    .array(address)
    .min(1, { error: 'a server has at least one address' })
    .describe('Addresses as `host:port`. Of several the first that answers is used, or all as one cluster.'),
  username: z.string().optional().transform(unset).describe('The user of the server’s access control list.'),
  password: secretValue.optional().describe('The password; refer to an environment variable or a secret.'),
  database: z.int().min(0).default(0).describe('The number of the database; a cluster has only 0.'),
  useGCPIAM: z
    .boolean()
    .default(false)
    .refine((wanted) => !wanted, {
      error: 'sign-in with Google Cloud IAM is not available; use `username` and `password`',
    })
    .describe('Only `false`: sign-in with Google Cloud IAM is not available.'),
  readOnly: z
    .boolean()
    .default(false)
    .describe('Only commands that the server itself calls `readonly` (COMMAND INFO) are sent.'),
  tls: sslSchema
    .refine((tls) => tls.mode !== 'prefer', {
      error: 'a Redis server does TLS or does not; write `require` or `disable`',
    })
    .optional()
    .describe('TLS to the server, verified unless its `mode` says less.'),
};

/** What the source is made from, whichever type declared it. */
export interface RedisConfig extends z.output<z.ZodObject<typeof common>> {
  /** `detect` asks the server. */
  readonly cluster: boolean | 'detect';
}

const oneWayToTls = (config: { readonly tlsEnabled: boolean; readonly tls?: unknown }): boolean =>
  !(config.tlsEnabled && config.tls !== undefined);

export const redisSchema = z
  .strictObject({
    ...common,
    clusterEnabled: z.boolean().default(false).describe('The addresses are nodes of one cluster.'),
    tlsEnabled: z
      .boolean()
      .default(false)
      .describe('TLS, verified against the system’s certificates; `tls` says more.'),
  })
  .refine(oneWayToTls, { path: ['tlsEnabled'], error: '`tls` says all that `tlsEnabled` does; keep one of them' })
  .refine((config) => !config.clusterEnabled || config.database === 0, {
    path: ['database'],
    error: 'a cluster has only database 0',
  })
  .transform(({ clusterEnabled, tlsEnabled, tls, ...config }): RedisConfig => ({
    ...config,
    tls: tls ?? (tlsEnabled ? sslSchema.parse({}) : undefined),
    cluster: clusterEnabled,
  }));

export const valkeySchema = z
  .strictObject({
    ...common,
    disableCache: z.boolean().optional().describe('Accepted, without effect: there is no cache on this side.'),
  })
  .transform((config): RedisConfig => ({ ...config, cluster: 'detect' }));
