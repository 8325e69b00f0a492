import {
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type DatabaseIntrospector,
  type Dialect,
  type Driver,
  type Kysely,
} from 'kysely';
import type { SqliteConnection } from './connection.ts';

/**
 * Kysely over node:sqlite. Kysely's own SqliteDialect speaks to better-sqlite3 and begins
 * transactions deferred, which fail at their first write when another process was faster; ours take
 * the write lock at once or wait for it.
 */
export function sqliteDialect(connection: SqliteConnection): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createIntrospector: (db: Kysely<unknown>): DatabaseIntrospector => new SqliteIntrospector(db),
    createDriver: (): Driver => ({
      init: async () => {},
      acquireConnection: async () => connection,
      beginTransaction: () => connection.begin(),
      commitTransaction: () => connection.end('commit'),
      rollbackTransaction: () => connection.end('rollback'),
      releaseConnection: async () => {},
      destroy: async () => connection.close(),
    }),
  };
}
