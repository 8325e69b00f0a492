import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ChatelaineError } from '#kernel';
import { testAuthority } from '../../../../../test/certificates.ts';
import { postgresDatabase, type PostgresDatabase } from '../../../../../test/postgres.ts';
import { codeOf, rowsOf } from '../../test/sql-source.contract.ts';
import { postgresSchema } from '../config.ts';
import { secretsOf } from '../../../secrets/test/vault.fixture.ts';
import { PostgresSource } from '../source.ts';
import { openPostgres, type PostgresFields } from './postgres-harness.ts';

const stranger = testAuthority('Somebody else').cert;
let database: PostgresDatabase;
let folder: string;

beforeAll(async () => {
  database = await postgresDatabase();
  await database.query('CREATE ROLE certified LOGIN').catch(() => undefined);
  folder = await mkdtemp(join(tmpdir(), 'chatelaine-tls-'));
  await writeFile(join(folder, 'ca.pem'), database.ca);
});

afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

/** Whether the session is encrypted, or the code of the refusal. */
async function encrypted(fields: PostgresFields): Promise<boolean | string> {
  const source = openPostgres(database, fields);
  try {
    const [row] = await rowsOf(source, 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
    return row?.['ssl'] as boolean;
  } catch (error) {
    return error instanceof ChatelaineError ? error.code : String(error);
  } finally {
    await source.close();
  }
}

// The server's certificate names `localhost`; 127.0.0.1 is the same server under a name it does not have.
const REFUSED = 'SOURCE_UNREACHABLE';
const cases: readonly [mode: string, host: string, ca: 'right' | 'wrong' | 'none', outcome: boolean | string][] = [
  ['disable', 'localhost', 'none', false],
  ['prefer', 'localhost', 'none', true],
  ['prefer', 'localhost', 'wrong', true],
  ['require', '127.0.0.1', 'none', true],
  ['require', 'localhost', 'wrong', REFUSED],
  ['verify-ca', '127.0.0.1', 'right', true],
  ['verify-ca', '127.0.0.1', 'wrong', REFUSED],
  ['verify-ca', '127.0.0.1', 'none', REFUSED],
  ['verify-full', 'localhost', 'right', true],
  ['verify-full', 'localhost', 'wrong', REFUSED],
  ['verify-full', 'localhost', 'none', REFUSED],
  ['verify-full', '127.0.0.1', 'right', REFUSED],
];

describe('TLS to PostgreSQL', () => {
  it.each(cases)('%s to %s with the %s authority: %s', async (mode, host, ca, outcome) => {
    const authority = { right: { ca: database.ca }, wrong: { ca: stranger }, none: {} }[ca];
    expect(await encrypted({ host, ssl: { mode, ...authority } })).toBe(outcome);
  });

  it('verifies the name that `serverName` gives, whatever address is dialled', async () => {
    const ssl = { mode: 'verify-full', ca: database.ca };
    expect(await encrypted({ host: '127.0.0.1', ssl: { ...ssl, serverName: 'localhost' } })).toBe(true);
    expect(await encrypted({ host: 'localhost', ssl: { ...ssl, serverName: 'db.example' } })).toBe(REFUSED);
  });

  it('verifies fully when an `ssl` block names no mode', async () => {
    expect(await encrypted({ host: 'localhost', ssl: { ca: database.ca } })).toBe(true);
    expect(await encrypted({ host: '127.0.0.1', ssl: { ca: database.ca } })).toBe(REFUSED);
  });

  it("honours pgx's parameters, files included", async () => {
    const queryParams = { sslmode: 'verify-full', sslrootcert: join(folder, 'ca.pem') };
    expect(await encrypted({ host: 'localhost', queryParams })).toBe(true);
    expect(await encrypted({ host: '127.0.0.1', queryParams })).toBe(REFUSED);
    expect(await encrypted({ host: 'localhost', queryParams: 'sslmode=disable' })).toBe(false);
    expect(await encrypted({ host: 'localhost', queryParams: '' })).toBe(true);
  });

  it('finds certificate files beside the configuration file, and names the one that is missing', async () => {
    const open = (ca: string): PostgresSource =>
      new PostgresSource(
        'postgres',
        postgresSchema.parse({
          ...{ host: 'localhost', port: database.port, user: database.user, password: database.password },
          ...{ database: database.database, ssl: { ca } },
        }),
        { name: 'shop', directory: folder, secrets: secretsOf() },
      );
    const found = open('ca.pem');
    await expect(found.check(new AbortController().signal)).resolves.toBeUndefined();
    await found.close();
    const missing = open('no-such.pem');
    await expect(missing.check(new AbortController().signal)).rejects.toThrow(
      `\`ssl.ca\`: cannot read \`${join(folder, 'no-such.pem')}\``,
    );
  });

  it('shows a client certificate to a server that asks for it', async () => {
    const ssl = { mode: 'verify-full', ca: database.ca };
    expect(await encrypted({ host: 'localhost', user: 'certified', ssl: { ...ssl, ...database.client } })).toBe(true);
    expect(await encrypted({ host: 'localhost', user: 'certified', ssl })).toBe(REFUSED);
  });

  it('cancels over TLS too', async () => {
    const source = openPostgres(database, { host: 'localhost', ssl: { mode: 'verify-full', ca: database.ca } });
    expect(await codeOf(rowsOf(source, 'SELECT pg_sleep(600), 1 AS tls_marker', [], { timeoutMs: 300 }))).toBe(
      'TOOL_TIMEOUT',
    );
    await vi.waitFor(
      async () => {
        const running = await database.query(
          `SELECT 1 FROM pg_stat_activity WHERE query LIKE '%tls_marker%' AND pid <> pg_backend_pid() AND state = 'active'`,
        );
        expect(running).toEqual([]);
      },
      { timeout: 20_000, interval: 25 },
    );
    await source.close();
  });

  describe('a server without TLS', () => {
    const plain = createServer((socket) => {
      // Answers the TLS request (8 bytes) with `N`, and passes on what follows.
      socket.on('error', () => undefined);
      socket.once('data', (first) => {
        const upstream = connect(database.port, database.host);
        upstream.on('error', () => undefined);
        if (first.length === 8) socket.write('N');
        else upstream.write(first);
        socket.pipe(upstream).pipe(socket);
      });
    });

    beforeAll(async () => {
      await new Promise<void>((resolve) => {
        plain.listen(0, '127.0.0.1', resolve);
      });
    });

    afterAll(() => {
      plain.close();
    });

    it.each([
      ['prefer', false],
      ['require', REFUSED],
      ['verify-full', REFUSED],
    ] as const)('%s: %s', async (mode, outcome) => {
      const { port } = plain.address() as AddressInfo;
      expect(await encrypted({ port, ssl: { mode } })).toBe(outcome);
    });
  });
});
