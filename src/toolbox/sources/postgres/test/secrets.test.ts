import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '#kernel';
import { postgresDatabase, type PostgresDatabase } from '../../../../../test/postgres.ts';
import { secretsOf, testVault, type TestVault } from '../../../secrets/test/vault.fixture.ts';
import { rowsOf } from '../../test/sql-source.contract.ts';
import { postgresSchema } from '../config.ts';
import { PostgresSource } from '../source.ts';
import { testContext, type PostgresFields } from './postgres-harness.ts';

const REFERENCE = 'secret://default/db';
const role = `rotating_${randomBytes(4).toString('hex')}`;

let database: PostgresDatabase;
beforeAll(async () => {
  database = await postgresDatabase();
  await database.query(`CREATE ROLE ${role} LOGIN PASSWORD 'the first'`);
  await database.query('CREATE ROLE certified LOGIN').catch(() => undefined);
});
afterAll(async () => {
  await database.query(`DROP ROLE ${role}`);
  await database.drop();
});

let now = 0;
let vault: TestVault;
beforeEach(() => {
  now = 1_000_000;
  vault = testVault();
});

function open(fields: PostgresFields): PostgresSource {
  const clock = { now: () => now };
  const config = postgresSchema.parse({
    ...{ host: 'localhost', port: database.port, user: role, database: database.database },
    ...{ poolSize: 1, ssl: { mode: 'disable' }, ...fields },
  });
  return new PostgresSource('postgres', config, { ...testContext, secrets: secretsOf(vault, clock) });
}

const sessionOf = async (source: PostgresSource): Promise<unknown> => {
  const [row] = await rowsOf(source, 'SELECT pg_backend_pid() AS pid, current_user::text AS role');
  return row?.['pid'];
};
const password = (text: string) => ({ kind: 'password', password: new Secret(text) }) as const;

describe('a PostgreSQL source with a secret of the vault', () => {
  it.each([{ password: REFERENCE }, { auth: { secret: REFERENCE } }])(
    'signs in with it, and anew within a second of its rotation: %j',
    async (fields) => {
      await database.query(`ALTER ROLE ${role} PASSWORD 'the first'`);
      vault.put(REFERENCE, password('the first'));
      const source = open(fields);
      const first = await sessionOf(source);
      now += 60_000;
      expect(await sessionOf(source)).toBe(first);
      expect(source.counts.connections).toBe(1);

      await database.query(`ALTER ROLE ${role} PASSWORD 'the second'`);
      vault.put(REFERENCE, password('the second'));
      now += 1000;
      expect(await sessionOf(source)).not.toBe(first);
      expect(source.counts.connections).toBe(2);
      await source.close();
    },
  );

  it('is refused for itself alone while the secret cannot be used, and recovers without a restart', async () => {
    await database.query(`ALTER ROLE ${role} PASSWORD 'the first'`);
    vault.put(REFERENCE, password('the first'));
    const source = open({ password: REFERENCE });
    await sessionOf(source);
    vault.fail(REFERENCE, 'SECRET_DISABLED');
    now += 1000;
    // Not on the connection that is open either.
    await expect(sessionOf(source)).rejects.toMatchObject({ code: 'SECRET_UNAVAILABLE' });
    await expect(source.check(new AbortController().signal)).rejects.toMatchObject({ details: { secret: REFERENCE } });
    vault.put(REFERENCE, password('the first'));
    await expect(sessionOf(source)).resolves.toEqual(expect.any(Number));
    await source.close();
  });

  it('takes the user of a basic credential with its password', async () => {
    await database.query(`ALTER ROLE ${role} PASSWORD 'the first'`);
    vault.put(REFERENCE, { kind: 'basic', username: role, password: new Secret('the first') });
    const source = open({ user: 'somebody_else', auth: { secret: REFERENCE } });
    expect(await rowsOf(source, 'SELECT current_user::text AS role')).toEqual([{ role }]);
    await source.close();
  });

  it.each([
    ['auth', { auth: { secret: REFERENCE }, ssl: { mode: 'verify-full' } }],
    ['ssl.cert and ssl.key', { password: '', ssl: { mode: 'verify-full', cert: REFERENCE, key: REFERENCE } }],
  ])('shows the client certificate that the vault keeps, named in %s', async (_where, fields) => {
    vault.put(REFERENCE, {
      kind: 'mtls',
      certificate: database.client.cert,
      privateKey: new Secret(database.client.key),
    });
    const source = open({ user: 'certified', ...fields, ssl: { ...fields.ssl, ca: database.ca } });
    expect(await rowsOf(source, 'SELECT current_user::text AS role')).toEqual([{ role: 'certified' }]);
    await source.close();
  });

  it('refuses a kind of secret that no database is signed in to with', async () => {
    vault.put(REFERENCE, { kind: 'bearer', token: new Secret('token') });
    const source = open({ auth: { secret: REFERENCE } });
    await expect(sessionOf(source)).rejects.toThrow('is of the kind `bearer`, with which no database is signed in to');
    await source.close();
  });

  it('says one way to sign in: `password` or `auth`', () => {
    const fields = { host: 'h', user: 'u', database: 'd' };
    const wrong = (more: object): string | undefined =>
      postgresSchema.safeParse({ ...fields, ...more }).error?.issues[0]?.message;
    expect(wrong({ password: 'p', auth: { secret: REFERENCE } })).toContain('two ways to sign in');
    expect(wrong({})).toContain('`password` is missing');
    expect(wrong({ auth: { secret: REFERENCE } })).toBeUndefined();
  });
});
