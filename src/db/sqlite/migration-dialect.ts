import { sql } from 'kysely';
import type { MigrationDialect } from '../migrate.ts';

/** The common subset is what SQLite takes as it is, and `begin immediate` has taken the turn. */
export const sqliteMigrations: MigrationDialect = {
  hasLedger: async (db) => {
    const { rows } = await sql`select 1 from sqlite_schema where type = 'table' and name = 'schema_migrations'`.execute(
      db,
    );
    return rows.length > 0;
  },
  takeTurn: async () => {},
  translate: (statement) => statement,
};
