/**
 * postgres: PostgreSQL as a source, and CockroachDB and YugabyteDB, which speak its protocol.
 *
 * One session runs one statement of one call (`connection.ts`), over the extended protocol alone
 * (`statement-exchange.ts`), so that a text is one statement whatever is in it. Read-only is a
 * READ ONLY transaction around the statement, which the statement cannot reach. Limits hold while rows
 * arrive; a timeout or a caller that leaves cancels in the server (`dial.ts`). What a caller's own
 * statement leaves in a session is discarded before the next caller gets it.
 *
 * `config.ts` has the fields, `session-settings.ts` what they mean to a connection, `decode.ts` and
 * `encode.ts` the values (`docs/values.md`), `tools/` the tool types. The driver is `pg`, loaded by the
 * first connection; what is used of it beneath its surface is in `wire.ts`.
 */
import type { SourceType } from '../source.ts';
import { cockroachSchema, postgresSchema, yugabyteSchema, type PostgresSettings } from './config.ts';
import { PostgresSource } from './source.ts';
import { cockroachToolTypes, postgresToolTypes, yugabyteToolTypes } from './tools/index.ts';

export const postgresSourceTypes: readonly SourceType<PostgresSettings>[] = [
  {
    type: 'postgres',
    summary: 'A PostgreSQL database.',
    schema: postgresSchema,
    toolTypes: postgresToolTypes,
    open: (config, context) => new PostgresSource('postgres', config, context),
  },
  {
    type: 'cockroachdb',
    summary: 'A CockroachDB database, over PostgreSQL’s protocol; read-only unless writing is enabled.',
    schema: cockroachSchema,
    toolTypes: cockroachToolTypes,
    open: (config, context) => new PostgresSource('cockroachdb', config, context),
  },
  {
    type: 'yugabytedb',
    summary: 'A YugabyteDB database, over PostgreSQL’s protocol.',
    schema: yugabyteSchema,
    toolTypes: yugabyteToolTypes,
    open: (config, context) => new PostgresSource('yugabytedb', config, context),
  },
];
