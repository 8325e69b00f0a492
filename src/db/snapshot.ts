import type { DatabasePlace } from './database.ts';
import type { DatabaseSession } from './postgres/session.ts';

/** A file of a snapshot, read when it is asked for. */
export interface SnapshotPart {
  /** `chatelaine.db`, or `TABLE.ndjson`: one row a line, as PostgreSQL writes JSON. */
  readonly name: string;
  readonly data: AsyncIterable<Uint8Array>;
}

/** The state of one moment, while others go on changing it. Without the keyring of data subjects. */
export interface DatabaseSnapshot {
  readonly type: 'sqlite' | 'postgres';
  /** The migrations it has had, oldest first. */
  readonly migrations: readonly string[];
  parts(): AsyncIterable<SnapshotPart>;
  /** Asks a server about the same moment; absent where the snapshot is a file. */
  readonly query?: DatabaseSession['query'];
  close(): Promise<void>;
}

/**
 * What no snapshot holds: keys that an erasure must be able to destroy, what is derived, who served then, and which
 * keys the hosts had: a restored state begins with those of whoever restored it.
 */
export const NOT_COPIED: ReadonlySet<string> = new Set([
  'vault_keyring',
  'host_keys',
  'replicas',
  'change_log',
  'schema_postgres',
  'schema_migrations',
]);

/**
 * Takes a snapshot. `scratch` is an empty folder of the caller's, closed to others; with SQLite the copy
 * lies there until it is closed. Throws `DATABASE_MISSING`, and as opening does.
 */
export async function snapshotDatabase(place: DatabasePlace, scratch: string): Promise<DatabaseSnapshot> {
  if ('postgres' in place) {
    const { snapshotPostgres } = await import('./postgres/snapshot.ts');
    return await snapshotPostgres(place.postgres);
  }
  const { snapshotSqlite } = await import('./sqlite/snapshot.ts');
  return await snapshotSqlite(place.file, scratch);
}
