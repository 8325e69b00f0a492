import type { PostgresSettings } from '#contract';
import { serving } from './client-config.ts';
import { PostgresPool } from './pool.ts';

/**
 * One connection that is nobody else's, as the role that serves: for what belongs to a session, such as
 * a lock that must end with its process. Failures are catalogued as those of the pool.
 */
export interface DatabaseSession {
  query<Row>(sql: string, parameters?: readonly unknown[]): Promise<readonly Row[]>;
  close(): Promise<void>;
}

/** What a commit on this connection acknowledges is on stable storage, whatever the role's defaults are. */
const DURABLE = `select set_config('synchronous_commit', 'on', false)
  where current_setting('synchronous_commit') in ('off', 'local')`;

/** Throws `DATABASE_UNAVAILABLE`, `DATABASE_LOGIN_REFUSED` and `DATABASE_UNTRUSTED`. */
export async function openSession(settings: PostgresSettings, name: string): Promise<DatabaseSession> {
  const { default: pg } = await import('pg');
  const pool = new PostgresPool(pg, settings, serving(settings, name), 1);
  try {
    const lease = await pool.connect();
    const session: DatabaseSession = {
      query: async <Row>(sql: string, parameters: readonly unknown[] = []) =>
        (await lease.query<Row>(sql, parameters)).rows,
      close: async () => {
        lease.release(true);
        await pool.end();
      },
    };
    await session.query(DURABLE);
    return session;
  } catch (error) {
    await pool.end().catch(() => undefined);
    throw error;
  }
}
