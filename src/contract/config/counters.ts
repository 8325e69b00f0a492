import { z } from 'zod';
import { isLoopbackHost, secretText } from './common.ts';
import { pemOrPath } from './tls.ts';

const redisSchema = z
  .strictObject({
    type: z.literal('redis'),
    host: z.string().min(1).describe('Redis: its host.'),
    port: z.int().min(1).max(65_535).default(6379).describe('Redis: its port.'),
    database: z.int().min(0).max(65_535).default(0).describe('Redis: the number of the database.'),
    username: z.string().min(1).optional().describe('Redis: the user (ACL); `default` else.'),
    password: secretText.optional().describe('Redis: the password.'),
    prefix: z
      .string()
      .regex(/^[A-Za-z0-9_.:-]{1,64}$/, { error: 'a prefix is made of letters, digits, `_`, `.`, `:` and `-`' })
      .default('chatelaine:')
      .describe('Redis: what the names of all its keys begin with.'),
    tls: z
      .strictObject({
        mode: z
          .enum(['verify-full', 'disable'])
          .default('verify-full')
          .describe('`verify-full` checks certificate and name; `disable` is for this machine alone.'),
        ca: pemOrPath.optional().describe('Certificates to trust: an absolute path or PEM text; else the system’s.'),
        serverName: z.string().min(1).optional().describe('The name in the certificate, when it is not `host`.'),
      })
      .optional()
      .describe('Redis: TLS, required unless `host` is a loopback address.'),
    replicas: z
      .int()
      .min(1)
      .max(10_000)
      .default(2)
      .describe(
        'Redis: how many processes serve. While the counters do not answer, each grants no more than its share.',
      ),
  })
  .superRefine(({ host, tls }, context) => {
    if (isLoopbackHost(host) || tls?.mode === 'verify-full') return;
    context.addIssue({
      code: 'custom',
      path: ['tls'],
      message: `\`${host}\` is another machine: whoever is on the way could write counts; use \`tls: {mode: verify-full}\``,
      params: { problem: 'UNENFORCEABLE' },
    });
  });

/** `counters:` of `kind: server`: where limits are counted. */
export const countersSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z
      .literal('memory')
      .describe(
        '`database` counts exactly over all processes and restarts; `redis` (or Valkey) the same, for several hosts; `memory` for one process, until it ends.',
      ),
  }),
  z.strictObject({
    type: z.literal('database'),
    replicas: z
      .int()
      .min(1)
      .max(10_000)
      .optional()
      .describe('How many processes serve; 1 on SQLite, 2 on PostgreSQL unless said.'),
  }),
  redisSchema,
]);

export type CountersSettings = z.output<typeof countersSchema>;
export type RedisCountersSettings = z.output<typeof redisSchema>;
