import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '#kernel';
import { mariadbMissing, startMariadb, type TestMariadb } from '../../../../../test/mariadb.ts';
import { secretsOf, testVault } from '../../../secrets/test/vault.fixture.ts';
import { rowsOf } from '../../test/sql-source.contract.ts';
import { mysqlSchema } from '../config.ts';
import { MysqlSource } from '../source.ts';
import { mariadbNote, testContext } from './mysql-harness.ts';

const REFERENCE = 'secret://default/db';

it('says one way to sign in: `password` or `auth`', () => {
  const both = { host: 'h', password: 'p', auth: { secret: REFERENCE } };
  expect(mysqlSchema.safeParse(both).error?.issues[0]?.message).toContain('two ways to sign in');
  expect(mysqlSchema.safeParse({ host: 'h', auth: { secret: REFERENCE } }).success).toBe(true);
});

describe.skipIf(mariadbMissing !== undefined)(`a MySQL source with a secret of the vault${mariadbNote}`, () => {
  let server: TestMariadb;
  let now = 1_000_000;
  const vault = testVault();
  beforeAll(async () => {
    server = await startMariadb();
    await server.query(`CREATE USER 'rotating'@'%' IDENTIFIED BY 'the first'`);
  });
  afterAll(() => server.stop());

  const open = (fields: object): MysqlSource => {
    const clock = { now: () => now };
    const config = mysqlSchema.parse({
      host: 'localhost',
      port: server.port,
      poolSize: 1,
      ssl: { mode: 'disable' },
      ...fields,
    });
    return new MysqlSource('mysql', config, { ...testContext, secrets: secretsOf(vault, clock) });
  };
  const user = async (source: MysqlSource): Promise<unknown> =>
    (await rowsOf(source, `SELECT SUBSTRING_INDEX(CURRENT_USER(), '@', 1) AS name`))[0]?.['name'];

  it('signs in with it, and anew within a second of its rotation', async () => {
    vault.put(REFERENCE, { kind: 'password', password: new Secret('the first') });
    const source = open({ user: 'rotating', password: REFERENCE });
    expect(await user(source)).toBe('rotating');
    await server.query(`ALTER USER 'rotating'@'%' IDENTIFIED BY 'the second'`);
    vault.put(REFERENCE, { kind: 'password', password: new Secret('the second') });
    now += 1000;
    expect(await user(source)).toBe('rotating');
    expect(source.counts.connections).toBe(2);
    await source.close();
  });

  it('shows the client certificate that the vault keeps', async () => {
    const { cert, key } = server.client;
    vault.put(REFERENCE, { kind: 'mtls', certificate: cert, privateKey: new Secret(key) });
    const ssl = { mode: 'verify-full', ca: server.ca };
    const source = open({ user: 'certified', auth: { secret: REFERENCE }, ssl });
    expect(await user(source)).toBe('certified');
    await source.close();
  });
});
