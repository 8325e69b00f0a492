import { dirname, resolve } from 'node:path';
import { Kysely } from 'kysely';
import type { Clock } from '#kernel';
import type { ChangeFeed } from '../change-feed.ts';
import { checkRestored, prepareStateFile, requireStateFile } from '../data-directory.ts';
import type { Database } from '../database.ts';
import { migrate, migrationState, type MigrationState } from '../migrate.ts';
import { migrations } from '../migrations/index.ts';
import type { Schema } from '../schema.ts';
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

/** Opens the state file, made where missing, and brings its schema up to date. */
export async function openSqlite(place: SqliteFile, clock: Clock): Promise<Database> {
  const { db, connection } = await connect(place);
  try {
    const migrated = await migrate(db, migrations, clock, sqliteMigrations);
    return {
      db,
      migrated,
      warnings: [],
      transaction: (work) => runTransaction(db, work),
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

/** Where the file stands, without changing it. */
export async function inspectSqlite(place: SqliteFile): Promise<MigrationState> {
  const { db } = await connect(place);
  try {
    return await migrationState(db, migrations, sqliteMigrations);
  } finally {
    await db.destroy();
  }
}

async function connect(place: SqliteFile): Promise<{ db: Kysely<Schema>; connection: SqliteConnection }> {
  // Absolute: to SQLite `:memory:` and `file:…` are no file names.
  const file = resolve(place.file);
  const keyring = resolve(place.keyring ?? keyringFile(dirname(file)));
  checkRestored(dirname(file));
  if (place.mustExist === true) requireStateFile(file);
  prepareStateFile(file);
  prepareStateFile(keyring);
  const connection = new SqliteConnection(file, keyring);
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
