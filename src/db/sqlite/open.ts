import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Kysely } from 'kysely';
import type { Clock } from '#kernel';
import type { ChangeFeed } from '../change-feed.ts';
import { checkRestored, prepareStateFile, requireStateFile } from '../data-directory.ts';
import type { Database } from '../database.ts';
import { migrate, migrationState, type MigrationState } from '../migrate.ts';
import { migrations } from '../migrations/index.ts';
import type { Schema } from '../schema/index.ts';
import { runTransaction } from '../transaction.ts';
import { SqliteConnection } from './connection.ts';
import { sqliteDialect } from './dialect.ts';
import { keyringFile } from './keyring.ts';
import { sqliteMigrations } from './migration-dialect.ts';

export interface SqliteFile {
  readonly file: string;
  /** The file of the wrapped keys of data subjects; `keyring.db` beside the state file unless said. */
  readonly keyring?: string | undefined;
  /** Refuse with `DATABASE_MISSING` instead of making a database where there is none. */
  readonly mustExist?: boolean;
}

/** How a database is opened. */
export interface Opening {
  /** Nothing is made, migrated, corrected or written: for who looks. */
  readonly readOnly?: boolean | undefined;
}

/** Opens the state file, made where missing, and brings its schema up to date. */
export async function openSqlite(place: SqliteFile, clock: Clock, opening: Opening = {}): Promise<Database> {
  const { db, connection } = await connect(place, opening);
  try {
    const migrated = opening.readOnly === true ? [] : await migrate(db, migrations, clock, sqliteMigrations);
    return {
      db,
      migrated,
      warnings: [],
      transaction: (work) => runTransaction(db, work),
      oneWriter: true,
      changes: dataVersionFeed(connection),
      purgeDeleted: () => connection.truncateLog(),
      statementCounts: () => connection.counts,
      close: () => db.destroy(),
    };
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** Where the file stands, without changing it; one that is not there lacks everything. */
export async function inspectSqlite(place: SqliteFile): Promise<MigrationState> {
  if (place.mustExist !== true && !existsSync(place.file)) {
    return { applied: [], pending: migrations.map(({ id }) => id) };
  }
  const { db } = await connect(place, { readOnly: true });
  try {
    return await migrationState(db, migrations, sqliteMigrations);
  } finally {
    await db.destroy();
  }
}

async function connect(
  place: SqliteFile,
  { readOnly }: Opening,
): Promise<{ db: Kysely<Schema>; connection: SqliteConnection }> {
  // Absolute: to SQLite `:memory:` and `file:…` are no file names.
  const file = resolve(place.file);
  const keyring = resolve(place.keyring ?? keyringFile(dirname(file)));
  checkRestored(dirname(file));
  if (place.mustExist === true || readOnly === true) requireStateFile(file);
  if (readOnly !== true) for (const one of [file, keyring]) prepareStateFile(one);
  const connection = new SqliteConnection(file, keyring, { readOnly });
  try {
    await connection.configure();
  } catch (error) {
    connection.close();
    throw error;
  }
  return { db: new Kysely<Schema>({ dialect: sqliteDialect(connection) }), connection };
}

/** SQLite tells at the moment it is asked: there is nothing to watch, and nothing to close. */
function dataVersionFeed(connection: SqliteConnection): ChangeFeed {
  return {
    version() {
      try {
        return BigInt(connection.dataVersion());
      } catch {
        return 'unknown';
      }
    },
    close: () => {},
  };
}
