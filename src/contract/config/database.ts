import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { isLoopbackHost, secretText } from './common.ts';
import { pemOrPath } from './tls.ts';

export const absolutePath = z.string().refine(isAbsolute, { error: 'this is not an absolute path' });

/** PostgreSQL folds what is not quoted to lower case; with these names quoting changes nothing. */
const identifier = z
  .string()
  .regex(/^[a-z_][a-z0-9_]{0,62}$/, { error: 'a schema is named with lower-case letters, digits and `_`' });

const role = z.string().min(1).max(63);

const postgresSchema = z
  .strictObject({
    type: z.literal('postgres'),
    host: z.string().min(1).describe('PostgreSQL: its host, or the folder of its Unix socket.'),
    port: z.int().min(1).max(65_535).default(5432).describe('PostgreSQL: its port.'),
    database: z.string().min(1).describe('PostgreSQL: the name of the database.'),
    user: role.describe('PostgreSQL: the role that serves. With `migration`, one that may not change the schema.'),
    password: secretText.optional().describe('PostgreSQL: the password of `user`; none with a client certificate.'),
    schema: identifier.default('chatelaine').describe('PostgreSQL: the schema that is Chatelaine’s own.'),
    poolSize: z.int().min(1).max(500).default(10).describe('PostgreSQL: how many connections one process keeps.'),
    tls: z
      .strictObject({
        mode: z
          .enum(['verify-full', 'disable'])
          .optional()
          .describe(
            '`verify-full` checks certificate and name and is the default; `disable` is for this machine alone.',
          ),
        ca: pemOrPath.optional().describe('Certificates to trust: an absolute path or PEM text; else the system’s.'),
        cert: pemOrPath.optional().describe('Our certificate: an absolute path or PEM text.'),
        key: secretText.optional().describe('The private key of `cert`: an absolute path or PEM text.'),
        serverName: z.string().min(1).optional().describe('The name in the certificate, when it is not `host`.'),
      })
      .refine((tls) => (tls.cert === undefined) === (tls.key === undefined), {
        error: '`cert` and `key` belong together: give both or none',
      })
      .prefault({})
      .describe('PostgreSQL: TLS, required unless `host` is a loopback address or a Unix socket.'),
    migration: z
      .strictObject({
        user: role.describe('The role that owns the schema.'),
        password: secretText.optional().describe('Its password.'),
      })
      .optional()
      .describe('PostgreSQL: the role that changes the schema and gives `user` what it needs, and no more.'),
  })
  .superRefine((database, context) => {
    if (database.tls.mode === 'disable' && !isThisMachine(database.host)) {
      context.addIssue({
        code: 'custom',
        path: ['tls', 'mode'],
        message: `\`${database.host}\` is another machine: everything that Chatelaine knows would cross the network in the clear; use \`verify-full\``,
        params: { problem: 'UNENFORCEABLE' },
      });
    }
    if (database.migration?.user === database.user) {
      context.addIssue({
        code: 'custom',
        path: ['migration', 'user'],
        message: `\`${database.user}\` is the role that serves; name another, or leave \`migration\` out`,
        params: { problem: 'UNENFORCEABLE' },
      });
    }
  });

/** `database:` of `kind: server`: where Chatelaine keeps its own state. */
export const databaseSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('sqlite').describe('`sqlite`, a file in the data directory, or `postgres` with the fields below.'),
    keyring: absolutePath
      .optional()
      .describe('SQLite: the file of the keys of data subjects, where no backup takes it; `keyring.db` else.'),
  }),
  postgresSchema,
]);

export type DatabaseSettings = z.output<typeof databaseSchema>;
export type PostgresSettings = Extract<DatabaseSettings, { type: 'postgres' }>;

/** Whether `host` is a Unix socket or an address that no other machine has. */
export const isThisMachine = (host: string): boolean => host.startsWith('/') || isLoopbackHost(host);
