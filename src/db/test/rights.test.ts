import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { inspectMigrations, type DatabasePlace } from '#db';
import { documentOf, emptyPlace, testPlace, type TestPlace } from '../../../test/databases.ts';
import type { PostgresDatabase } from '../../../test/postgres.ts';
import { openPlace } from './database.fixture.ts';

/** A database with a role that owns the schema and a role that serves, and what each would be told. */
interface Roles {
  readonly server: PostgresDatabase;
  readonly owner: string;
  readonly runner: string;
  /** With both roles, as a server that migrates at its start has it. */
  readonly both: DatabasePlace;
  /** With the role that serves alone. */
  readonly runnerOnly: DatabasePlace;
}

let roles: Roles;
beforeEach(async () => {
  const { server, directory } = (await emptyPlace('postgres')) as TestPlace & { server: PostgresDatabase };
  const suffix = randomBytes(4).toString('hex');
  const [owner, runner] = [`owner_${suffix}`, `runner "${suffix}"`];
  await server.query(`create role "${owner}" login password 'of the owner'`);
  await server.query(`create role "${runner.replaceAll('"', '""')}" login password 'of the runner'`);
  await server.query(`grant create on database ${server.database} to "${owner}"`);
  onTestFinished(async () => {
    await server.query(`drop owned by "${owner}" cascade`);
    await server.query(`drop owned by "${runner.replaceAll('"', '""')}" cascade`);
    await server.query(`drop role "${owner}"`);
    await server.query(`drop role "${runner.replaceAll('"', '""')}"`);
  });
  const document = { ...documentOf(server), user: runner, password: 'of the runner' };
  const migration = { user: owner, password: 'of the owner' };
  roles = {
    server,
    owner,
    runner,
    both: testPlace({ ...document, migration }, directory, server).place,
    runnerOnly: testPlace(document, directory, server).place,
  };
});

test('the role that serves does its work and can neither change the schema nor the audit', async () => {
  const { server, owner, both } = roles;
  await openPlace(both);
  await server.query(`create table chatelaine.audit_samples (id text primary key, body text)`);
  await server.query(`alter table chatelaine.audit_samples owner to "${owner}"`);
  const { db, warnings, transaction } = await openPlace(both);
  expect(warnings).toEqual([]);
  await transaction(async (trx) => {
    await sql`insert into agents (id, namespace, name, type, description, roles, created_at)
      values ('a', 'default', 'a', 'bot', '', 'user', 1)`.execute(trx);
    await sql`update agents set description = 'b'`.execute(trx);
    await sql`delete from agents`.execute(trx);
    await sql`insert into audit_samples values ('1', 'what happened')`.execute(trx);
    expect((await sql`select body from audit_samples`.execute(trx)).rows).toEqual([{ body: 'what happened' }]);
  });
  for (const statement of [
    `update audit_samples set body = 'nothing'`,
    `delete from audit_samples`,
    `truncate audit_samples`,
    `alter table audit_samples disable trigger all`,
    `drop table audit_samples`,
    `create rule quiet as on insert to audit_samples do instead nothing`,
    `create trigger quiet before insert on audit_samples execute function note_change()`,
    `create table mine (a text)`,
    `create function mine() returns int language sql as 'select 1'`,
    `alter table agents add column mine text`,
    `drop table agents`,
    `truncate agents`,
    `drop trigger note_rows on agents`,
    `create or replace function note_change() returns trigger language plpgsql as 'begin return null; end'`,
    `delete from schema_migrations`,
    `update schema_postgres set digest = ''`,
    `alter schema chatelaine rename to mine`,
    `set role "${owner}"`,
  ]) {
    await expect(sql.raw(statement).execute(db), statement).rejects.toMatchObject({ code: 'DATABASE_RIGHTS_MISSING' });
  }
  // No error but a warning of the server, and nothing given.
  await sql`grant all on audit_samples to public`.execute(db);
  await openPlace(both);
  expect(await server.query(`select body from chatelaine.audit_samples`)).toEqual([{ body: 'what happened' }]);
});

test('the role that serves may run without the other once everything stands, and not before', async () => {
  const { both, runnerOnly } = roles;
  await expect(openPlace(runnerOnly)).rejects.toMatchObject({
    code: 'DATABASE_OUTDATED',
    message: expect.stringContaining('0001-identity') as string,
  });
  await openPlace(both);
  expect((await openPlace(runnerOnly)).warnings).toEqual([]);
  expect((await inspectMigrations(runnerOnly)).pending).toEqual([]);
});

test('a table that came later has its rights after the next start, which the role that serves waits for', async () => {
  const { server, owner, both, runnerOnly } = roles;
  await openPlace(both);
  await server.query(`create table chatelaine.audit_more (a text)`);
  await server.query(`alter table chatelaine.audit_more owner to "${owner}"`);
  await expect(openPlace(runnerOnly)).rejects.toMatchObject({ code: 'DATABASE_OUTDATED' });
  await openPlace(both);
  const { db } = await openPlace(runnerOnly);
  await sql`insert into audit_more values ('a')`.execute(db);
});

test.each<[string, (roles: Roles) => string, RegExp]>([
  [
    'an update on an audit table by way of PUBLIC',
    () => 'grant update on chatelaine.audit_samples to public',
    /it may update on `audit_samples`/,
  ],
  [
    'one column of an audit table',
    ({ runner }) => `grant update (a) on chatelaine.audit_samples to "${runner.replaceAll('"', '""')}"`,
    /it may update on `audit_samples`/,
  ],
  [
    'the role of the owner',
    ({ owner, runner }) => `grant "${owner}" to "${runner.replaceAll('"', '""')}" with inherit false`,
    /can become, the owner/,
  ],
  ['the right to create', () => 'grant create on schema chatelaine to public', /may create in the schema/],
  ['every right there is', ({ runner }) => `alter role "${runner.replaceAll('"', '""')}" superuser`, /superuser/],
])('a role that serves with %s is refused', async (_, grant, said) => {
  const { server, owner, both } = roles;
  await openPlace(both);
  await server.query(`create table chatelaine.audit_samples (a text)`);
  await server.query(`alter table chatelaine.audit_samples owner to "${owner}"`);
  await openPlace(both);
  await server.query(grant(roles));
  await expect(openPlace(both)).rejects.toMatchObject({
    code: 'DATABASE_RIGHTS_EXCESSIVE',
    message: expect.stringMatching(said) as string,
  });
});

test('one role for both works, with a warning', async () => {
  const { place } = await emptyPlace('postgres');
  const database = await openPlace(place);
  expect(database.warnings).toEqual([expect.stringContaining('`database.migration`')]);
});

test('a role for migrations that may not make the schema is told so by name of the right', async () => {
  const { server, owner, both } = roles;
  await server.query(`revoke create on database ${server.database} from "${owner}"`);
  await expect(openPlace(both)).rejects.toMatchObject({
    code: 'DATABASE_RIGHTS_MISSING',
    message: expect.stringContaining('permission denied for database') as string,
  });
  await server.query(`create schema chatelaine authorization "${owner}"`);
  expect((await openPlace(both)).migrated.length).toBeGreaterThan(0);
});
