/** How tests open a PostgreSQL source on a database of the run's server. */
import { Secret, silentLogger, systemClock } from '#kernel';
import { freePort } from '../../../../../test/loopback.ts';
import type { PostgresDatabase } from '../../../../../test/postgres.ts';
import { postgresSchema } from '../config.ts';
import { secretsOf } from '../../../secrets/test/vault.fixture.ts';
import { PostgresSource } from '../source.ts';

export type PostgresFields = Readonly<Record<string, unknown>>;

export const testContext = {
  name: 'shop',
  directory: '/',
  log: silentLogger,
  clock: systemClock,
  secrets: secretsOf(),
};

/** A source as a configuration file would declare it; one connection, no TLS, unless said otherwise. */
export function openPostgres(database: PostgresDatabase, fields: PostgresFields = {}): PostgresSource {
  const config = postgresSchema.parse({
    host: database.host,
    port: database.port,
    user: database.user,
    password: database.password,
    database: database.database,
    poolSize: 1,
    ...('queryParams' in fields ? {} : { ssl: { mode: 'disable' } }),
    ...fields,
  });
  if (!(config.password instanceof Secret)) throw new Error('the password is not kept as a secret');
  return new PostgresSource('postgres', config, testContext);
}

/** A source whose port nobody listens on. */
export async function openNowhere(database: PostgresDatabase): Promise<PostgresSource> {
  return openPostgres(database, { port: await freePort() });
}
