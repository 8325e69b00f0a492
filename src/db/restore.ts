import type { Transaction } from 'kysely';
import type { Clock } from '#kernel';
import { openDatabase, type DatabasePlace } from './database.ts';
import type { Schema } from './schema/index.ts';
import type { SnapshotPart } from './snapshot.ts';

/**
 * Makes a database of a snapshot. With SQLite the copied file already lies in its place; with PostgreSQL
 * its rows go into an empty database. `afterwards` changes what must not stay as it was; nobody sees
 * the state before it has.
 *
 * Throws as `openDatabase` does, `DATABASE_NEWER`, and of a server `DATABASE_NOT_EMPTY`.
 */
export async function restoreDatabase(
  place: DatabasePlace,
  clock: Clock,
  snapshot: { readonly migrations: readonly string[]; readonly parts: readonly SnapshotPart[] },
  afterwards: (trx: Transaction<Schema>) => Promise<void>,
): Promise<void> {
  if ('postgres' in place) {
    const { restorePostgres } = await import('./postgres/restore.ts');
    await restorePostgres(place.postgres, clock, snapshot, afterwards);
  }
  // Brings it up to date and checks it, as a server will.
  const database = await openDatabase({ ...place, clock });
  try {
    if (!('postgres' in place)) await database.transaction(afterwards);
    await database.purgeDeleted();
  } finally {
    await database.close();
  }
}
