/**
 * PostgreSQL in tests: `postgresDatabase()` gives an empty database on the run's one server, and a way
 * to look into it from outside. A test that needs a server of its own (to stop it) uses
 * `startPostgres()` of `postgres-server.ts`.
 */
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import pg from 'pg';
import { inject } from 'vitest';
import type { PostgresAddress } from './postgres-server.ts';

export type { PostgresAddress } from './postgres-server.ts';

/** The run's server; started when first asked for. */
export async function postgresServer(): Promise<PostgresAddress> {
  const answer = JSON.parse(await text(connect(inject('postgresDoor')))) as {
    server?: PostgresAddress;
    error?: string;
  };
  if (!answer.server) throw new Error(answer.error ?? 'the PostgreSQL of the test run gave no address');
  return answer.server;
}

export interface PostgresDatabase extends PostgresAddress {
  readonly database: string;
  /** Runs SQL as the superuser, on a connection that the code under test knows nothing of. */
  query<Row>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Ends the connection and drops the database. */
  drop(): Promise<void>;
}

/** An empty database of the test's own. */
export async function postgresDatabase(): Promise<PostgresDatabase> {
  const server = await postgresServer();
  const database = `test_${randomBytes(6).toString('hex')}`;
  await once(server, `CREATE DATABASE ${database}`);
  const client = await connected(server, database);
  return {
    ...server,
    database,
    query: async <Row>(sql: string, values: readonly unknown[] = []) =>
      (await client.query(sql, [...values])).rows as Row[],
    drop: async () => {
      await client.end();
      await once(server, `DROP DATABASE ${database} WITH (FORCE)`);
    },
  };
}

async function once(server: PostgresAddress, sql: string): Promise<void> {
  const client = await connected(server, 'postgres');
  await client.query(sql);
  await client.end();
}

async function connected(server: PostgresAddress, database: string): Promise<pg.Client> {
  const client = new pg.Client({
    host: server.host,
    port: server.port,
    user: server.user,
    password: server.password,
    ssl: false,
    database,
  });
  await client.connect();
  return client;
}
