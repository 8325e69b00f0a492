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
  // The keyring is there since the connection is, in its own file: a table of its name here would hide it.
  translate: (statement) => (/^create (table|index) vault_keyring/.test(statement) ? 'select 1' : statement),
};
