/** How tests open a MySQL source on a private MariaDB, and how suites say that there is none. */
import { silentLogger, systemClock } from '#kernel';
import { freePort } from '../../../../../test/loopback.ts';
import { mariadbMissing, type TestMariadb } from '../../../../../test/mariadb.ts';
import { mysqlSchema } from '../config.ts';
import { secretsOf } from '../../../secrets/test/vault.fixture.ts';
import { MysqlSource } from '../source.ts';

/** Ends the title of a suite that needs MariaDB: the reason stands where the skip is read. */
export const mariadbNote = mariadbMissing === undefined ? '' : `: skipped, ${mariadbMissing}`;

export const testContext = {
  name: 'shop',
  directory: '/',
  log: silentLogger,
  clock: systemClock,
  secrets: secretsOf(),
};

/** A source as a configuration file would declare it; one connection, no TLS, unless said otherwise. */
export function openMysql(server: TestMariadb, fields: Readonly<Record<string, unknown>> = {}): MysqlSource {
  const config = mysqlSchema.parse({
    host: server.host,
    port: server.port,
    user: server.user,
    password: server.password,
    database: server.database,
    poolSize: 1,
    ...('queryParams' in fields ? {} : { ssl: { mode: 'disable' } }),
    ...fields,
  });
  return new MysqlSource('mysql', config, testContext);
}

/** A source whose port nobody listens on. */
export async function openNowhere(server: TestMariadb): Promise<MysqlSource> {
  return openMysql(server, { port: await freePort() });
}
