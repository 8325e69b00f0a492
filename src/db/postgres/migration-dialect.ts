import { sql, type Kysely } from 'kysely';
import type { MigrationDialect } from '../migrate.ts';
import type { Schema } from '../schema/index.ts';

/** One number for all of us; the schema makes it one lock for each installation. */
const LOCK = 0x63686174;

/** PostgreSQL runs DDL in transactions, so the rest is as on SQLite. */
export const postgresMigrations: MigrationDialect = {
  hasLedger: async (db) => await hasTable(db, 'schema_migrations'),
  // Ends with the transaction, whatever ends that: a killed process leaves no lock behind.
  takeTurn: async (trx) => {
    await sql`select pg_advisory_xact_lock(${LOCK}, hashtext(current_setting('search_path')))`.execute(trx);
  },
  translate: inBytes,
};

/**
 * Whether our schema has that table. By a query of the catalogue: `to_regclass` answers from a cache that
 * does not hear of what others committed while this transaction waited for its turn.
 */
export async function hasTable(db: Kysely<Schema>, table: string): Promise<boolean> {
  const { rows } = await sql`
    select 1 from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = current_setting('search_path') and c.relname = ${table}`.execute(db);
  return rows.length > 0;
}

/** Whether there is a schema of that name. */
export async function hasSchema(db: Kysely<Schema>, schema: string): Promise<boolean> {
  const { rows } = await sql`select 1 from pg_namespace where nspname = ${schema}`.execute(db);
  return rows.length > 0;
}

/**
 * Text columns ordered by their bytes, as SQLite orders them; and no index changes its order when a
 * library of the system does.
 */
function inBytes(statement: string): string {
  if (!/^\s*(create|alter) table/.test(statement)) return statement;
  return statement
    .split("'")
    .map((part, index) => (index % 2 === 0 ? part.replaceAll(/(?<=\w )text(?=[\s,)]|$)/g, 'text collate "C"') : part))
    .join("'");
}
