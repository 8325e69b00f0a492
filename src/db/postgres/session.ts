import type { PostgresSettings } from '#contract';
import { LOCK_MS, serving } from './client-config.ts';
import { PostgresPool } from './pool.ts';

/**
 * One connection that is nobody else's: for what belongs to a session, such as a lock that must end
 * with its process, and for what the role that serves may not do. Failures are catalogued as those of the pool.
 */
export interface DatabaseSession {
  query<Row>(sql: string, parameters?: readonly unknown[]): Promise<readonly Row[]>;
  close(): Promise<void>;
}

/** What a commit on this connection acknowledges is on stable storage, whatever the role's defaults are. */
const DURABLE = `select set_config('synchronous_commit', 'on', false)
  where current_setting('synchronous_commit') in ('off', 'local')`;

/** Throws `DATABASE_UNAVAILABLE`, `DATABASE_LOGIN_REFUSED` and `DATABASE_UNTRUSTED`. */
export async function openSession(
  settings: PostgresSettings,
  name: string,
  role: 'serving' | 'owner',
): Promise<DatabaseSession> {
  const { default: pg } = await import('pg');
  const session = {
    ...serving(settings, name),
    ...(role === 'serving' && { lockMs: LOCK_MS }),
    ...who(settings, role),
  };
  const pool = new PostgresPool(pg, settings, session, 1);
  try {
    const lease = await pool.connect();
    let closed = false;
    const opened: DatabaseSession = {
      query: async <Row>(sql: string, parameters: readonly unknown[] = []) =>
        (await lease.query<Row>(sql, parameters)).rows,
      close: async () => {
        if (closed) return;
        closed = true;
        // The server notices the end of a connection a moment later; whoever waits for a lock need not wait for that.
        await lease.query('select pg_advisory_unlock_all()', []).catch(() => undefined);
        lease.release(true);
        await pool.end();
      },
    };
    await opened.query(DURABLE);
    return opened;
  } catch (error) {
    await pool.end().catch(() => undefined);
    throw error;
  }
}

/** Where no owner is named, the role that serves is the owner, or somebody else is and this will be refused. */
function who(settings: PostgresSettings, role: 'serving' | 'owner') {
  const { user, password } = (role === 'owner' ? settings.migration : undefined) ?? settings;
  return { user, password };
}
