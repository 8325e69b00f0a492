/** The fields of `mysql` and `mariadb` sources: MCP Toolbox's, and ours beside them. */
import { z } from 'zod';
import { ConfigurationFault } from '../../tools/tool-type.ts';
import { secretValue } from '#contract';
import { hasOneSignIn, ONE_SIGN_IN, sqlAuthField } from '../../secrets/index.ts';
import { durationField, portField, queryParamsField } from '../source-fields.ts';
import { sslSchema } from '../tls-options.ts';
import { sessionSettings } from './session-settings.ts';

export const mysqlSchema = z
  .strictObject({
    host: z.string().min(1).describe('Name or address of the server, or the path of its Unix socket.'),
    port: portField.default(3306).describe('Port of the server.'),
    user: z.string().default('').describe('The account to connect as. Give it the least it needs.'),
    password: secretValue.optional().describe('The password of the account.'),
    auth: sqlAuthField.optional(),
    database: z.string().default('').describe('The database that unqualified names mean.'),
    queryTimeout: durationField.optional().describe('Time for a statement at most, whatever a tool allows.'),
    queryParams: queryParamsField.describe(
      'Parameters of the Go driver’s address (`tls`, `charset`, `timeout`); others set a session variable.',
    ),
    sqlCommenter: z.boolean().default(false).describe('Begin each statement with a comment naming this source.'),
    readOnly: z
      .boolean()
      .optional()
      .describe('Every call runs in a READ ONLY transaction; the database refuses writes.'),
    ssl: sslSchema.optional().describe('TLS to the server. Without it, `queryParams.tls`, else `prefer`.'),
    poolSize: z.int().min(1).max(1000).default(10).describe('Connections at most, hence statements at once.'),
    connectTimeout: durationField.default(5000).describe('Time for one attempt to connect.'),
  })
  .refine(hasOneSignIn, ONE_SIGN_IN)
  .superRefine((config, context) => {
    try {
      sessionSettings(config);
    } catch (error) {
      if (!(error instanceof ConfigurationFault)) throw error;
      context.addIssue({
        code: 'custom',
        path: [...error.path],
        message: `${error.message}. ${error.hint ?? ''}`.trim(),
      });
    }
  });

export type MysqlConfig = z.output<typeof mysqlSchema>;
