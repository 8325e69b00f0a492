import { onTestFinished } from 'vitest';
import { systemClock } from '#kernel';
import { openDatabase, stateFile, type Database, type DatabasePlace } from '#db';
import type { TestDialect } from '../../../test/databases.ts';
import type { MigrationDialect } from '../migrate.ts';
import { postgresMigrations } from '../postgres/migration-dialect.ts';
import { sqliteMigrations } from '../sqlite/migration-dialect.ts';
import { temporaryDirectory } from '../../../test/temporary-directory.ts';

export { temporaryDirectory };

/** A directory of the test's own, gone with it. */
/** A real database in a file, closed with the test. */
export const openTestDatabase = (directory: string = temporaryDirectory()): Promise<Database> =>
  openPlace({ file: stateFile(directory) });

/** A real database in any place, closed with the test. */
export async function openPlace(place: DatabasePlace): Promise<Database> {
  const database = await openDatabase({ ...place, clock: systemClock });
  onTestFinished(() => database.close());
  return database;
}

export const migrationDialects: Readonly<Record<TestDialect, MigrationDialect>> = {
  sqlite: sqliteMigrations,
  postgres: postgresMigrations,
};
