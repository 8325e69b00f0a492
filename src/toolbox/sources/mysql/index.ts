/**
 * mysql: MySQL and MariaDB as a source.
 *
 * One session runs one statement of one call (`connection.ts`), prepared by the server, several
 * statements in a text switched off at login. Read-only is START TRANSACTION READ ONLY around the
 * statement, and only statements that the server says return rows: MariaDB lets others end the
 * transaction from inside. Limits hold while rows arrive (`statement-run.ts`); a timeout or a caller
 * that leaves sends KILL QUERY. What a caller's own statement leaves in a session is reset before the
 * next caller gets it.
 *
 * `config.ts` has the fields, `session-settings.ts` what they mean to a connection, `decode.ts` and
 * `encode.ts` the values (`docs/values.md`), `tools/` the tool types. The driver is `mysql2`, loaded by
 * the first connection; what is used of it beneath its surface is in `wire.ts`.
 */
import type { SourceType } from '../source.ts';
import { mysqlSchema, type MysqlConfig } from './config.ts';
import { MysqlSource } from './source.ts';
import { mariadbToolTypes, mysqlToolTypes } from './tools/index.ts';

export const mysqlSourceTypes: readonly SourceType<MysqlConfig>[] = [
  {
    type: 'mysql',
    summary: 'A MySQL or MariaDB database.',
    schema: mysqlSchema,
    // Either name of a tool runs on either name of the source: the servers are told apart by asking them.
    toolTypes: [...mysqlToolTypes, ...mariadbToolTypes],
    open: (config, context) => new MysqlSource('mysql', config, context),
  },
  {
    type: 'mariadb',
    summary: 'A MariaDB database; the same as `mysql` under its own name.',
    schema: mysqlSchema,
    toolTypes: [...mysqlToolTypes, ...mariadbToolTypes],
    open: (config, context) => new MysqlSource('mariadb', config, context),
  },
];
