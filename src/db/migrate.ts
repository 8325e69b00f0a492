import { sql, type Kysely } from 'kysely';
import { sha256Hex, type Clock } from '#kernel';
import { databaseError } from './errors.ts';
import type { Schema } from './schema/index.ts';

/** One step of the schema. Data, not code, so that its checksum says everything that it does. */
export interface Migration {
  /** `0007-vault-leases`: the number orders, the words explain. */
  readonly id: string;
  readonly statements: readonly string[];
}

/** What the dialects do not agree on. */
export interface MigrationDialect {
  hasLedger(db: Kysely<Schema>): Promise<boolean>;
  /** Waits, inside a transaction, until no other process is inside one that took its turn. */
  takeTurn(trx: Kysely<Schema>): Promise<void>;
  /** A statement of the common subset as this dialect should have it. */
  translate(statement: string): string;
}

/** What a database has had and what it lacks, each oldest first, by id. */
export interface MigrationState {
  readonly applied: readonly string[];
  readonly pending: readonly string[];
}

interface AppliedMigration {
  readonly id: string;
  readonly checksum: string;
}

/**
 * Brings the database to the last of `migrations` and gives the ids that it applied.
 *
 * Each migration and its ledger row are one transaction, so a process killed between or within them
 * leaves a database that the next start finishes. Two processes that start at once take turns: the
 * transaction reads the ledger once it has its turn, so whoever comes second finds the work done.
 *
 * Throws `DATABASE_NEWER` and `MIGRATION_CHANGED`, before anything is written.
 */
export async function migrate(
  db: Kysely<Schema>,
  migrations: readonly Migration[],
  clock: Clock,
  dialect: MigrationDialect,
): Promise<readonly string[]> {
  const done: string[] = [];
  while (nextMigration(await readLedger(db, dialect), migrations) !== undefined) {
    await inTurn(db, dialect, async (trx) => {
      const ledger = await readLedger(trx, dialect);
      const next = nextMigration(ledger, migrations);
      if (next === undefined) return;
      if (ledger === undefined) await sql.raw(dialect.translate(LEDGER)).execute(trx);
      await applyMigration(trx, next, clock, dialect);
      done.push(next.id);
    });
  }
  return done;
}

/** One migration and its row in the ledger, in the caller's transaction. */
export async function applyMigration(
  trx: Kysely<Schema>,
  migration: Migration,
  clock: Clock,
  dialect: MigrationDialect,
): Promise<void> {
  for (const statement of migration.statements) await sql.raw(dialect.translate(statement)).execute(trx);
  await trx
    .insertInto('schema_migrations')
    .values({ id: migration.id, checksum: checksum(migration), applied_at: clock.now() })
    .execute();
}

/** Where the database stands; throws as `migrate` does, and changes nothing. */
export async function migrationState(
  db: Kysely<Schema>,
  migrations: readonly Migration[],
  dialect: MigrationDialect,
): Promise<MigrationState> {
  const ledger = await readLedger(db, dialect);
  nextMigration(ledger, migrations);
  const applied = (ledger ?? []).map((row) => row.id);
  return { applied, pending: migrations.slice(applied.length).map((migration) => migration.id) };
}

/**
 * A transaction that no other process's overlaps. Each statement sees what is committed when it begins:
 * what the ones before us did while we waited must not be hidden by an older snapshot.
 */
export async function inTurn(
  db: Kysely<Schema>,
  dialect: MigrationDialect,
  work: (trx: Kysely<Schema>) => Promise<void>,
): Promise<void> {
  await db
    .transaction()
    .setIsolationLevel('read committed')
    .execute(async (trx) => {
      await dialect.takeTurn(trx);
      await work(trx);
    });
}

const LEDGER = `create table schema_migrations (
  id text not null primary key,
  checksum text not null,
  applied_at bigint not null
)`;

/** What the database has had, oldest first; undefined where it has had nothing, not even a ledger. */
async function readLedger(
  db: Kysely<Schema>,
  dialect: MigrationDialect,
): Promise<readonly AppliedMigration[] | undefined> {
  if (!(await dialect.hasLedger(db))) return undefined;
  return await db.selectFrom('schema_migrations').select(['id', 'checksum']).orderBy('id').execute();
}

/** The first migration that is missing; refuses a history that is not the beginning of ours. */
function nextMigration(
  ledger: readonly AppliedMigration[] = [],
  migrations: readonly Migration[],
): Migration | undefined {
  const known = new Set(migrations.map((migration) => migration.id));
  for (const [index, applied] of ledger.entries()) {
    if (!known.has(applied.id)) {
      throw databaseError('DATABASE_NEWER', `the database has had the migration \`${applied.id}\`, unknown here`);
    }
    const ours = migrations[index] as Migration;
    if (ours.id !== applied.id || checksum(ours) !== applied.checksum) {
      throw databaseError('MIGRATION_CHANGED', `the database has had another \`${applied.id}\` than this version's`);
    }
  }
  return migrations[ledger.length];
}

/** Over the statements without their layout, so that a formatter does not stop anybody's server. */
function checksum(migration: Migration): string {
  return sha256Hex(migration.statements.map((statement) => statement.trim().replaceAll(/\s+/g, ' ')).join(';\n'));
}
