import { resolve } from 'node:path';
import { Kysely } from 'kysely';
import type { Clock } from '#kernel';
import { prepareStateFile, requireStateFile } from './data-directory.ts';
import { migrate } from './migrate.ts';
import { migrations } from './migrations/index.ts';
import type { Schema } from './schema.ts';
import { SqliteConnection, type StatementCounts } from './sqlite/connection.ts';
import { sqliteDialect } from './sqlite/dialect.ts';

/** A store function takes this first: the database, or the transaction its service has open. */
export type DatabaseOrTransaction = Kysely<Schema>;

/** Chatelaine's own state, open and migrated. */
export interface Database {
  readonly db: Kysely<Schema>;
  /**
   * A number that differs from the last one given when another process has changed the data, within
   * the moment; its own changes are the process's to remember. Cheap enough for every request.
   * Throws `DATABASE_UNAVAILABLE` when it cannot tell: what was cached is then no longer known.
   */
  dataVersion(): number;
  /** Statements run and prepared since opening. */
  statementCounts(): StatementCounts;
  close(): Promise<void>;
}

export interface OpenDatabaseOptions {
  readonly file: string;
  readonly clock: Clock;
  /** Refuse with `DATABASE_MISSING` instead of making a database where there is none. */
  readonly mustExist?: boolean;
}

/**
 * Opens the state file, made where missing, and brings its schema up to date. Several processes may
 * have it open at once.
 *
 * Throws the errors of `migrate` and `prepareStateFile`, `DATABASE_DAMAGED`, and `DATABASE_BUSY`
 * when another process holds the lock for more than five seconds.
 */
export async function openDatabase(options: OpenDatabaseOptions): Promise<Database> {
  // Absolute: to SQLite `:memory:` and `file:…` are no file names.
  const file = resolve(options.file);
  if (options.mustExist === true) requireStateFile(file);
  prepareStateFile(file);
  const connection = new SqliteConnection(file);
  try {
    await connection.configure();
    const db = new Kysely<Schema>({ dialect: sqliteDialect(connection) });
    await migrate(db, migrations, options.clock);
    return {
      db,
      dataVersion: () => connection.dataVersion(),
      statementCounts: () => connection.counts,
      close: () => db.destroy(),
    };
  } catch (error) {
    connection.close();
    throw error;
  }
}
