/**
 * What PostgreSQL needs beside the tables: the log of changes with the triggers that write it, and the
 * rights of the role that serves. Derived from the tables that there are, so that a migration need not
 * think of it, and put up again whenever the derivation says something new.
 */
import { sql, type Kysely } from 'kysely';
import { sha256Hex } from '#kernel';
import type { PostgresSettings } from '#contract';
import { inTurn } from '../migrate.ts';
import { rightsOn } from '../rights.ts';
import type { Schema } from '../schema/index.ts';
import { watchedTables, type WatchedTable } from '../watched-tables.ts';
import { changeChannel } from './changes.ts';
import { hasTable, postgresMigrations } from './migration-dialect.ts';

const FOUNDATION = [
  `create table if not exists schema_postgres (role text primary key, digest text not null)`,
  // Rows and no counter: one row that every change updates would set all changes against each other.
  `create table if not exists change_log (
    id bigint generated always as identity primary key,
    at timestamptz not null default clock_timestamp()
  )`,
];

/**
 * Puts up what is missing. `role` is who serves, and undefined when that is the owner, who needs no
 * rights from anybody. Does nothing but look when everything stands.
 */
export async function furnish(db: Kysely<Schema>, settings: PostgresSettings, role: string | undefined): Promise<void> {
  await inTurn(db, postgresMigrations, async (trx) => {
    for (const statement of FOUNDATION) await sql.raw(statement).execute(trx);
    const { statements, digest } = await furniture(trx, settings, role);
    if ((await standing(trx, role)) === digest) return;
    for (const statement of statements) await sql.raw(statement).execute(trx);
    await sql`insert into schema_postgres (role, digest) values (${role ?? ''}, ${digest})
      on conflict (role) do update set digest = excluded.digest`.execute(trx);
  });
}

/** Whether there is nothing that `furnish` would put up for this role. */
export async function isFurnished(db: Kysely<Schema>, settings: PostgresSettings, role: string): Promise<boolean> {
  if (!(await hasTable(db, 'schema_postgres'))) return false;
  return (await standing(db, role)) === (await furniture(db, settings, role)).digest;
}

async function standing(db: Kysely<Schema>, role: string | undefined): Promise<string | undefined> {
  const { rows } = await sql<{
    digest: string;
  }>`select digest from schema_postgres where role = ${role ?? ''}`.execute(db);
  return rows[0]?.digest;
}

async function furniture(
  db: Kysely<Schema>,
  { schema }: PostgresSettings,
  role: string | undefined,
): Promise<{ readonly statements: readonly string[]; readonly digest: string }> {
  const tables = await readTables(db);
  const watched = watchedTables.filter(({ table }) => tables.has(table));
  const statements = [
    noteChange(schema),
    ...watched.flatMap((one) => triggers(one, tables.get(one.table) ?? [])),
    ...(role === undefined ? [] : grants(schema, [...tables.keys()], role)),
  ];
  return { statements, digest: sha256Hex(statements.join(';\n')) };
}

/** The tables of the schema with their columns. From the catalogue that everybody may read. */
async function readTables(db: Kysely<Schema>): Promise<ReadonlyMap<string, readonly string[]>> {
  const { rows } = await sql<{ name: string; columns: string[] }>`
    select c.relname as name, array_agg(a.attname::text order by a.attnum) as columns
    from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where n.nspname = current_setting('search_path') and c.relkind in ('r', 'p')
    group by c.relname order by c.relname`.execute(db);
  return new Map(rows.map((row) => [row.name, row.columns]));
}

// The path is fixed, so that no table of the caller's stands in for ours.
const noteChange = (schema: string): string => `create or replace function note_change() returns trigger
language plpgsql set search_path = ${schema}, pg_temp as $$
begin
  insert into change_log default values;
  perform pg_notify('${changeChannel(schema)}', '');
  return null;
end $$`;

/** Statement by statement: a hundred rows are one piece of news. */
function triggers({ table, except = [], growsUntold }: WatchedTable, columns: readonly string[]): string[] {
  const told = columns.filter((column) => !except.includes(column)).map(quoted);
  const after = (name: string, events: string): string =>
    `create or replace trigger ${name} after ${events} on ${quoted(table)} for each statement execute function note_change()`;
  return [
    after('note_rows', growsUntold === true ? 'delete or truncate' : 'insert or delete or truncate'),
    after('note_values', except.length === 0 ? 'update' : `update of ${told.join(', ')}`),
  ];
}

/** Taken first and then given, so that what a rule no longer gives is gone as well. */
function grants(schema: string, tables: readonly string[], role: string): string[] {
  return [
    `revoke create on schema ${schema} from public, ${quoted(role)}`,
    `grant usage on schema ${schema} to ${quoted(role)}`,
    ...tables.flatMap((table) => [
      `revoke all on ${quoted(table)} from public, ${quoted(role)}`,
      `grant ${rightsOn(table).join(', ')} on ${quoted(table)} to ${quoted(role)}`,
    ]),
  ];
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
