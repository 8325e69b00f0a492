import type { Client } from 'pg';
import type { PostgresSettings } from '#contract';
import { databaseError } from '../errors.ts';
import { NOT_COPIED, type DatabaseSnapshot } from '../snapshot.ts';
import { clientConfig, serving } from './client-config.ts';
import { translateFailure } from './failure.ts';

const ROWS = 500;

/**
 * All rows as of one moment: a read-only transaction in REPEATABLE READ sees what was committed when it
 * began, table after table, and nobody waits for it. As the role that serves: it may read them all.
 */
export async function snapshotPostgres(settings: PostgresSettings): Promise<DatabaseSnapshot> {
  const { default: pg } = await import('pg');
  const session = { ...serving(settings, 'chatelaine backup'), statementMs: undefined };
  const client = new pg.Client(clientConfig(pg, settings, session));
  client.on('error', () => undefined);
  try {
    await client.connect();
    // As long as the receiving disk takes for some hundred rows.
    await client.query(`set idle_in_transaction_session_timeout = '10min'`);
    await client.query('begin transaction isolation level repeatable read, read only');
    const tables = await tablesOf(client);
    if (!tables.includes('schema_migrations')) {
      throw databaseError('DATABASE_MISSING', `there is no state in the schema \`${settings.schema}\``);
    }
    const { rows } = await client.query<{ id: string }>('select id from schema_migrations order by id');
    return {
      type: 'postgres',
      migrations: rows.map(({ id }) => id),
      async *parts() {
        for (const table of tables.filter((name) => !NOT_COPIED.has(name))) {
          yield { name: `${table}.ndjson`, data: rowsOf(client, table) };
        }
      },
      query: async <Row>(sql: string, parameters: readonly unknown[] = []) =>
        (await client.query(sql, [...parameters]).catch(failed)).rows as readonly Row[],
      close: () => client.end(),
    };
  } catch (error) {
    await client.end().catch(() => undefined);
    throw translateFailure(error);
  }
}

function failed(error: unknown): never {
  throw translateFailure(error);
}

async function tablesOf(client: Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(`
    select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = current_setting('search_path') and c.relkind in ('r', 'p') order by c.relname`);
  return rows.map(({ name }) => name);
}

async function* rowsOf(client: Client, table: string): AsyncGenerator<Buffer> {
  const quoted = `"${table.replaceAll('"', '""')}"`;
  try {
    await client.query(`declare copied no scroll cursor for select row_to_json(t)::text as row from ${quoted} t`);
    for (;;) {
      const { rows } = await client.query<{ row: string }>(`fetch ${ROWS} from copied`);
      if (rows.length === 0) break;
      yield Buffer.from(rows.map(({ row }) => `${row}\n`).join(''));
    }
    await client.query('close copied');
  } catch (error) {
    throw translateFailure(error);
  }
}
