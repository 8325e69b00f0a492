import type { Kysely, Transaction } from 'kysely';
import type { Clock } from '#kernel';
import type { DatabaseSettings, PostgresSettings } from '#contract';
import type { ChangeFeed } from './change-feed.ts';
import { stateFile } from './data-directory.ts';
import type { MigrationState } from './migrate.ts';
import type { DatabaseSession } from './postgres/session.ts';
import type { Schema } from './schema/index.ts';
import { inspectSqlite, openSqlite, type Opening, type SqliteFile } from './sqlite/open.ts';

/** A store function takes this first: the database, or the transaction its service has open. */
export type DatabaseOrTransaction = Kysely<Schema>;

/** How many statements ran and how many had to be prepared: counts that a benchmark can gate on. */
export interface StatementCounts {
  readonly executed: number;
  readonly prepared: number;
}

/** Chatelaine's own state, open and migrated. */
export interface Database {
  readonly db: Kysely<Schema>;
  /**
   * Runs `work` as if no other transaction ran meanwhile: whatever it checks still holds when it
   * writes. It may be run again, so it does nothing but talk to `trx`. Throws `DATABASE_BUSY` when
   * others were always faster.
   */
  transaction<Value>(work: (trx: Transaction<Schema>) => Promise<Value>): Promise<Value>;
  /** Transactions run one after the other, in every process: they gain by doing more, where others gain by being many. */
  readonly oneWriter: boolean;
  /** What others have changed. On PostgreSQL it begins to look when it is first asked. */
  readonly changes: ChangeFeed;
  /** The migrations that opening applied. */
  readonly migrated: readonly string[];
  /** What works and an operator should know all the same, a sentence each. */
  readonly warnings: readonly string[];
  /**
   * Takes what was deleted or overwritten out of the files as well: keys that were destroyed must not be
   * found in a log. False when that is left to do: on SQLite a reader stood in the way, and the next
   * purge does it; PostgreSQL does it by itself, with its next vacuum and as its own log moves on.
   */
  purgeDeleted(): Promise<boolean>;
  /** Statements run and prepared since opening. */
  statementCounts(): StatementCounts;
  close(): Promise<void>;
}

/** Where a database is: a file, or a PostgreSQL server. */
export type DatabasePlace = SqliteFile | { readonly postgres: PostgresSettings };

/** The place that `database:` means, for a process with that data directory. */
export function databasePlace(settings: DatabaseSettings, dataDirectory: string): DatabasePlace {
  if (settings.type === 'postgres') return { postgres: settings };
  const { keyring } = settings;
  return { file: stateFile(dataDirectory), ...(keyring !== undefined && { keyring }) };
}

export type OpenDatabaseOptions = DatabasePlace & Opening & { readonly clock: Clock };

/**
 * Opens the database and brings its schema up to date; with `readOnly` it must be there and up to date, and
 * stays as it is. Several processes may have it open at once.
 *
 * Throws the errors of `migrate` and, of a file, those of `prepareStateFile`, `DATABASE_DAMAGED`, and
 * `DATABASE_BUSY` when another process holds the lock for more than five seconds; of a server,
 * `DATABASE_UNAVAILABLE`, `DATABASE_LOGIN_REFUSED`, `DATABASE_UNTRUSTED`, `DATABASE_RIGHTS_MISSING`,
 * `DATABASE_RIGHTS_EXCESSIVE` and `DATABASE_OUTDATED`.
 */
export async function openDatabase(options: OpenDatabaseOptions): Promise<Database> {
  if (!('postgres' in options)) return await openSqlite(options, options.clock, options);
  const { openPostgres } = await import('./postgres/open.ts');
  return await openPostgres(options.postgres, options.clock, options);
}

/** Where the schema of a database stands; changes nothing. Throws as `openDatabase` does. */
export async function inspectMigrations(place: DatabasePlace): Promise<MigrationState> {
  if (!('postgres' in place)) return await inspectSqlite(place);
  const { inspectPostgres } = await import('./postgres/open.ts');
  return await inspectPostgres(place.postgres);
}

/** A connection of one's own to a server. Throws `DATABASE_UNAVAILABLE`, `DATABASE_LOGIN_REFUSED`, `DATABASE_UNTRUSTED`. */
export async function openDatabaseSession(
  settings: PostgresSettings,
  name: string,
  role: 'serving' | 'owner' = 'serving',
): Promise<DatabaseSession> {
  const { openSession } = await import('./postgres/session.ts');
  return await openSession(settings, name, role);
}
