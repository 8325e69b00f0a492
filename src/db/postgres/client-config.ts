import type { default as PgDriver, PoolConfig } from 'pg';
import type { PostgresSettings } from '#contract';
import { reveal, type Secret } from '#kernel';
import { tlsOptions } from './tls.ts';

/** The driver, which is loaded when a server is first opened. */
export type Driver = typeof PgDriver;

const CONNECT_MS = 2000;

/** Who connects, and how long the server may take over a statement of theirs. */
export interface Session {
  readonly user: string;
  readonly password: Secret | undefined;
  /** Shown in pg_stat_activity. */
  readonly name: string;
  readonly statementMs: number | undefined;
  /** How long a statement may wait for a lock that somebody holds; as long as it may take without it. */
  readonly lockMs?: number | undefined;
}

// As long as SQLite waits for a lock.
const ANSWER_MS = 5000;

/** Callers wait for what waits for a lock, and are told within two seconds that it was not given. */
export const LOCK_MS = 1_200;

/** A session as the role that serves. */
export const serving = (settings: PostgresSettings, name: string): Session => ({
  user: settings.user,
  password: settings.password,
  name,
  statementMs: ANSWER_MS,
});

/**
 * What the driver is told. Every field is given, because it fills what is missing from the environment
 * of the process (PGPASSWORD, PGOPTIONS, PGSSLMODE, …), which is not ours to follow.
 */
export function clientConfig(pg: Driver, settings: PostgresSettings, session: Session): PoolConfig {
  const { password } = session;
  return {
    host: settings.host,
    port: settings.port,
    database: settings.database,
    user: session.user,
    // A function, so that it is revealed where it is sent, and an empty text instead of nothing, so that the
    // driver does not look for another.
    password: () => (password === undefined ? '' : reveal(password)),
    ssl: tlsOptions(settings),
    sslnegotiation: 'postgres',
    client_encoding: 'UTF8',
    application_name: session.name,
    options: sessionOptions({
      search_path: settings.schema,
      // What a stopped process holds, others wait for.
      idle_in_transaction_session_timeout: '30s',
      ...(session.statementMs !== undefined && { statement_timeout: `${session.statementMs}ms` }),
      ...(session.lockMs !== undefined && { lock_timeout: `${session.lockMs}ms` }),
    }),
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    types: {
      getTypeParser: (oid, format) =>
        oid === pg.types.builtins.INT8 ? toNumber : (pg.types.getTypeParser(oid, format) as (text: string) => unknown),
    },
  };
}

/** `bigint` comes as text; the schema promises whole numbers up to 2^53. */
function toNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number)) throw new RangeError(`${text} is beyond the whole numbers that the schema allows`);
  return number;
}

const sessionOptions = (settings: Readonly<Record<string, string>>): string =>
  Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ');
