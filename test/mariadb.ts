/**
 * MariaDB in tests: a private server in a temporary folder, where the machine has `mariadbd`. The
 * suites that need it are skipped elsewhere, saying so; continuous integration installs it.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import mysql, { type Connection } from 'mysql2/promise';
import { testAuthority } from './certificates.ts';
import { freePort } from './loopback.ts';

const binary = findBinary(['mariadbd', 'mysqld']);

/** Why there is no MariaDB here, or undefined when there is. */
export const mariadbMissing: string | undefined =
  binary === undefined || findBinary(['mariadb-install-db']) === undefined
    ? '`mariadbd` is not installed (Debian: apt install mariadb-server)'
    : undefined;

export interface TestMariadb {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** The authority behind the server's certificate, which is valid for `localhost` alone. */
  readonly ca: string;
  /** A certificate without which the user `certified` is not let in. */
  readonly client: { readonly cert: string; readonly key: string };
  /** Runs SQL on a connection that the code under test knows nothing of. */
  query<Row>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
  stop(): Promise<void>;
}

/** Starts a server with the empty database `shop`; gone with everything in it after `stop`. */
export async function startMariadb(): Promise<TestMariadb> {
  const folder = await mkdtemp(join(tmpdir(), 'chatelaine-mariadb-'));
  const data = join(folder, 'data');
  const port = await freePort();
  const account = { user: 'tester', password: 'correct horse', database: 'shop' };
  const authority = testAuthority('Chatelaine test authority');
  const own = authority.issue(['localhost']);
  const files = {
    'ca.pem': authority.cert,
    'server.pem': own.cert,
    'server.key': own.key,
    'init.sql': initialSql(account),
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const asUser = `--user=${userInfo().username}`;
  await promisify(execFile)('mariadb-install-db', [
    ...['--no-defaults', asUser, `--datadir=${data}`, '--skip-test-db', '--auth-root-authentication-method=normal'],
  ]);
  const server = spawn(
    binary ?? 'mariadbd',
    [
      ...['--no-defaults', asUser, `--datadir=${data}`, `--socket=${join(folder, 'socket')}`, `--port=${port}`],
      ...['--bind-address=127.0.0.1', '--skip-name-resolve', `--init-file=${join(folder, 'init.sql')}`],
      ...[`--ssl-ca=${folder}/ca.pem`, `--ssl-cert=${folder}/server.pem`, `--ssl-key=${folder}/server.key`],
      ...['--performance-schema=ON', '--innodb-flush-log-at-trx-commit=0', '--innodb-buffer-pool-size=32M'],
      ...['--max-allowed-packet=1G', '--lower-case-table-names=0'],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  await ready(server);
  const connection = await mysql.createConnection({ host: '127.0.0.1', port, ...account });
  const { cert, key } = authority.issue(['certified']);
  return {
    ...{ host: '127.0.0.1', port, ...account, ca: authority.cert, client: { cert, key } },
    query: async <Row>(sql: string, values: readonly unknown[] = []) => {
      const [rows] = await connection.query(sql, values as never);
      return rows as Row[];
    },
    stop: async () => {
      await stop(connection, server);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function initialSql(account: { user: string; password: string; database: string }): string {
  return [
    `CREATE DATABASE ${account.database};`,
    `CREATE USER '${account.user}'@'%' IDENTIFIED BY '${account.password}';`,
    `GRANT ALL ON *.* TO '${account.user}'@'%';`,
    `CREATE USER 'certified'@'%' REQUIRE SUBJECT '/CN=certified';`,
    `GRANT SELECT ON ${account.database}.* TO 'certified'@'%';`,
    '',
  ].join('\n');
}

async function ready(server: ChildProcess): Promise<void> {
  let log = '';
  const listening = Promise.withResolvers<void>();
  server.stderr?.on('data', (chunk: Buffer) => {
    log += String(chunk);
    if (log.includes('ready for connections')) listening.resolve();
  });
  server.once('exit', (code) => listening.reject(new Error(`mariadbd ended with ${code}:\n${log}`)));
  await listening.promise;
}

async function stop(connection: Connection, server: ChildProcess): Promise<void> {
  await connection.end();
  const gone = once(server, 'exit');
  server.kill('SIGTERM');
  await gone;
}

function findBinary(names: readonly string[]): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
