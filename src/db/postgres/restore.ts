import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { sql, type Kysely, type Transaction } from 'kysely';
import type { Clock } from '#kernel';
import type { PostgresSettings } from '#contract';
import { databaseError } from '../errors.ts';
import { applyMigration, migrate } from '../migrate.ts';
import { migrations } from '../migrations/index.ts';
import type { Schema } from '../schema/index.ts';
import { NOT_COPIED, type SnapshotPart } from '../snapshot.ts';
import { postgresMigrations } from './migration-dialect.ts';
import { asMigrator, makeSchema } from './open.ts';

const ROWS = 500;

/**
 * Puts the rows of a snapshot into a database that has none, in one transaction with what `afterwards`
 * does: killed at any moment, there is all of it or nothing. The schema is brought to the migrations of
 * the snapshot first, so that rows go into the tables they came from, and then to those of today.
 *
 * Throws `DATABASE_NEWER` for a snapshot with migrations that this version does not know, and
 * `DATABASE_NOT_EMPTY`. What the keyring holds may be there already.
 */
export async function restorePostgres(
  settings: PostgresSettings,
  clock: Clock,
  snapshot: { readonly migrations: readonly string[]; readonly parts: readonly SnapshotPart[] },
  afterwards: (trx: Transaction<Schema>) => Promise<void>,
): Promise<void> {
  const wanted = migrations.slice(0, snapshot.migrations.length);
  if (wanted.some(({ id }, at) => id !== snapshot.migrations[at]) || wanted.length !== snapshot.migrations.length) {
    throw databaseError('DATABASE_NEWER', 'the backup has migrations that this version does not');
  }
  await asMigrator(settings, async (db) => {
    await makeSchema(db, settings.schema);
    await migrate(db, wanted, clock, postgresMigrations);
    await db.transaction().execute(async (trx) => {
      const order = await insertionOrder(trx);
      await forgetStarters(trx, order);
      await checkEmpty(trx, order);
      const parts = new Map(snapshot.parts.map((part) => [part.name, part]));
      for (const table of order) {
        const part = parts.get(`${table}.ndjson`);
        if (part !== undefined) await fill(trx, table, part);
      }
      // In here, so that nobody sees the rows before `afterwards`, which knows the tables of today alone.
      for (const one of migrations.slice(wanted.length)) await applyMigration(trx, one, clock, postgresMigrations);
      await afterwards(trx);
    });
  });
}

/** Tables behind those that their rows refer to. */
async function insertionOrder(db: Kysely<Schema>): Promise<readonly string[]> {
  const { rows } = await sql<{ name: string; needs: string[] }>`
    select c.relname as name,
      coalesce(array_agg(distinct f.relname::text) filter (where f.oid <> c.oid), '{}') as needs
    from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      left join pg_constraint k on k.conrelid = c.oid and k.contype = 'f'
      left join pg_class f on f.oid = k.confrelid
    where n.nspname = current_setting('search_path') and c.relkind in ('r', 'p')
    group by c.oid, c.relname order by c.relname`.execute(db);
  const left = new Map(rows.map(({ name, needs }) => [name, needs]));
  const order: string[] = [];
  while (left.size > 0) {
    const ready = [...left].filter(([, needs]) => needs.every((need) => !left.has(need))).map(([name]) => name);
    if (ready.length === 0) throw new Error(`tables refer to each other in a circle: ${[...left.keys()].join(', ')}`);
    for (const name of ready) left.delete(name);
    order.push(...ready);
  }
  return order.filter((name) => !NOT_COPIED.has(name));
}

/** What migrations write, as they wrote it: the snapshot has its own, or has taken it away. */
async function forgetStarters(db: Kysely<Schema>, tables: readonly string[]): Promise<void> {
  if (tables.includes('tool_registry')) await db.deleteFrom('tool_registry').where('version', '=', 1).execute();
  if (!tables.includes('policies')) return;
  const starters = db.selectFrom('policies').select('id').where('id', 'like', 'starter-%').where('version', '=', 1);
  await db.deleteFrom('policy_versions').where('policy_id', 'in', starters).execute();
  await db.deleteFrom('policies').where('id', 'like', 'starter-%').where('version', '=', 1).execute();
}

async function checkEmpty(db: Kysely<Schema>, tables: readonly string[]): Promise<void> {
  for (const table of tables) {
    const { rows } = await sql`select 1 from ${sql.table(table)} limit 1`.execute(db);
    if (rows.length > 0) throw databaseError('DATABASE_NOT_EMPTY', `the table \`${table}\` has rows`);
  }
}

async function fill(db: Kysely<Schema>, table: string, part: SnapshotPart): Promise<void> {
  let rows: string[] = [];
  const insert = async (): Promise<void> => {
    const into = sql.table(table);
    const json = `[${rows.join(',')}]`;
    await sql`insert into ${into} select * from json_populate_recordset(null::${into}, ${json}::json)`.execute(db);
    rows = [];
  };
  for await (const line of createInterface({ input: Readable.from(part.data), crlfDelay: Infinity })) {
    rows.push(line);
    if (rows.length === ROWS) await insert();
  }
  if (rows.length > 0) await insert();
}
