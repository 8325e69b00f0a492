/**
 * PostgreSQL as Chatelaine's database: one role changes the schema, another serves.
 *
 *   bring up to date (the owner, where there is one) → check the rights of who serves → pool
 *
 * `client-config.ts`, `tls.ts` say how to connect, `pool.ts` what a connection does beyond the driver's,
 * `failure.ts` what its errors mean; `furnish.ts` gives rights and triggers, `excess.ts` looks whether
 * there are more; `changes.ts` watches what other processes change.
 */
import { Kysely, sql } from 'kysely';
import type { PostgresSettings } from '#contract';
import type { Clock } from '#kernel';
import type { Database } from '../database.ts';
import { databaseError } from '../errors.ts';
import { inTurn, migrate, migrationState, type MigrationState } from '../migrate.ts';
import { migrations } from '../migrations/index.ts';
import type { Schema } from '../schema/index.ts';
import type { Opening } from '../sqlite/open.ts';
import { runTransaction } from '../transaction.ts';
import { PostgresChanges } from './changes.ts';
import { LOCK_MS, serving, type Session } from './client-config.ts';
import { excessOf } from './excess.ts';
import { furnish, isFurnished } from './furnish.ts';
import { hasSchema, postgresMigrations } from './migration-dialect.ts';
import { PostgresPool } from './pool.ts';

/** Opens the database: migrates it where it may, and refuses it where it must not be served. */
export async function openPostgres(
  settings: PostgresSettings,
  clock: Clock,
  { readOnly = false }: Opening = {},
): Promise<Database> {
  const { default: pg } = await import('pg');
  const { migrated, separate } = await (readOnly ? asItStands(settings) : bringUpToDate(settings, clock));
  const pool = new PostgresPool(
    pg,
    settings,
    { ...serving(settings, 'chatelaine'), lockMs: LOCK_MS },
    settings.poolSize,
  );
  const db = new Kysely<Schema>({ dialect: pool.dialect() });
  try {
    const excess = await excessOf(db, settings.schema);
    if (separate && excess.length > 0) throw tooMuch(settings, excess);
    const changes = new PostgresChanges(pg, settings);
    return {
      db,
      migrated,
      warnings: excess.length === 0 ? [] : [oneRole(settings)],
      transaction: (work) => runTransaction(db, work),
      oneWriter: false,
      changes,
      purgeDeleted: async () => false,
      statementCounts: () => ({ executed: pool.executed, prepared: 0 }),
      close: async () => {
        changes.close();
        await db.destroy();
      },
    };
  } catch (error) {
    await db.destroy();
    throw error;
  }
}

/** Where the database stands, without changing it. */
export async function inspectPostgres(settings: PostgresSettings): Promise<MigrationState> {
  return await asMigrator(settings, (db) => migrationState(db, migrations, postgresMigrations));
}

interface UpToDate {
  readonly migrated: readonly string[];
  /** Whether another role than the one that serves owns the tables. */
  readonly separate: boolean;
}

/**
 * Migrates as the role that may. Where no such role was named and the one that serves may not, somebody
 * else migrates, and here it is only looked whether they have: `DATABASE_OUTDATED` when not.
 */
async function bringUpToDate(settings: PostgresSettings, clock: Clock): Promise<UpToDate> {
  return await asMigrator(settings, async (db) => {
    const { user, migration, schema } = settings;
    if (migration === undefined && !(await mayChangeSchema(db, schema))) {
      const { pending } = await migrationState(db, migrations, postgresMigrations);
      if (pending.length > 0) throw outdated(user, `the migrations ${pending.join(', ')}`);
      if (!(await isFurnished(db, settings, user))) throw outdated(user, 'triggers or rights');
      return { migrated: [], separate: true };
    }
    await makeSchema(db, schema);
    const migrated = await migrate(db, migrations, clock, postgresMigrations);
    await furnish(db, settings, migration === undefined ? undefined : user);
    return { migrated, separate: migration !== undefined };
  });
}

/** The same where nothing may be changed: what is pending is for `inspectPostgres` to say. */
async function asItStands(settings: PostgresSettings): Promise<UpToDate> {
  return await asMigrator(settings, async (db) => {
    const { migration, schema } = settings;
    return { migrated: [], separate: migration !== undefined || !(await mayChangeSchema(db, schema)) };
  });
}

/** Runs `work` on one connection of the role that may change the schema. */
export async function asMigrator<Value>(
  settings: PostgresSettings,
  work: (db: Kysely<Schema>) => Promise<Value>,
): Promise<Value> {
  const { default: pg } = await import('pg');
  const { user, password } = settings.migration ?? settings;
  // No end to a statement: on large tables a migration takes what it takes.
  const session: Session = { user, password, name: 'chatelaine migrate', statementMs: undefined };
  const pool = new PostgresPool(pg, settings, session, 1);
  const db = new Kysely<Schema>({ dialect: pool.dialect() });
  try {
    return await work(db);
  } finally {
    await db.destroy();
  }
}

async function mayChangeSchema(db: Kysely<Schema>, schema: string): Promise<boolean> {
  const asked = (await hasSchema(db, schema))
    ? sql<{ may: boolean }>`select has_schema_privilege(${schema}, 'create') as may`
    : sql<{ may: boolean }>`select has_database_privilege(current_database(), 'create') as may`;
  return (await asked.execute(db)).rows[0]?.may === true;
}

/** Only where it is missing: to whoever made it beforehand the right to make any need not be given. */
export async function makeSchema(db: Kysely<Schema>, schema: string): Promise<void> {
  if (await hasSchema(db, schema)) return;
  await inTurn(db, postgresMigrations, async (trx) => {
    if (!(await hasSchema(trx, schema))) await sql.raw(`create schema ${schema}`).execute(trx);
  });
}

const outdated = (user: string, what: string) =>
  databaseError('DATABASE_OUTDATED', `the database lacks ${what}, and \`${user}\` may not add them`);

const tooMuch = ({ user }: PostgresSettings, excess: readonly string[]) =>
  databaseError('DATABASE_RIGHTS_EXCESSIVE', `\`${user}\` serves and has more rights than that: ${excess.join('; ')}`);

const oneRole = ({ user }: PostgresSettings): string =>
  `the database role \`${user}\` serves and could change the schema and the audit; name another under \`database.migration\` for that`;
