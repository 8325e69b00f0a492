import { sql } from 'kysely';
import { sha256 } from '#kernel';
import type { DatabaseOrTransaction, DatabaseSession } from '#db';

/**
 * Advisory locks of sessions: held until released or until the session is gone, however it went. They
 * belong to the whole database, so the name holds the installation.
 */
const lockOf = (...name: readonly string[]): bigint =>
  sha256(JSON.stringify(['chatelaine audit', ...name])).readBigInt64BE();

export const chainLock = (installation: string, writer: string): bigint => lockOf(installation, 'chain', writer);
export const checkpointLock = (installation: string): bigint => lockOf(installation, 'checkpoint');
export const receiverLock = (installation: string, receiver: string): bigint =>
  lockOf(installation, 'receiver', receiver);

/** Takes the lock for the session; false when another holds it. */
export async function tryLock(session: DatabaseSession, lock: bigint): Promise<boolean> {
  const [row] = await session.query<{ taken: boolean }>('select pg_try_advisory_lock($1::bigint) as taken', [
    lock.toString(),
  ]);
  return row?.taken === true;
}

/** Every lock that somebody holds in this database. */
export async function lockedOf(db: DatabaseOrTransaction): Promise<ReadonlySet<bigint>> {
  // One key of 64 bits shows as two halves, and objsubid 1 (PostgreSQL manual, pg_locks).
  const { rows } = await sql<{ key: string }>`
    select ((classid::bigint << 32) | objid::bigint)::text as key from pg_locks
    where locktype = 'advisory' and objsubid = 1 and granted
      and database = (select oid from pg_database where datname = current_database())`.execute(db);
  return new Set(rows.map(({ key }) => BigInt(key)));
}

/**
 * Ends the server's side of a connection that is gone on ours, if it still holds the lock: on a cut
 * network the server would keep it for hours. Its last statement is over when the lock is free.
 */
export async function endHolder(session: DatabaseSession, lock: bigint, pid: number): Promise<void> {
  await session.query(
    `select pg_terminate_backend(pid) from pg_locks
      where locktype = 'advisory' and objsubid = 1 and granted and pid = $2
        and ((classid::bigint << 32) | objid::bigint) = $1::bigint
        and database = (select oid from pg_database where datname = current_database())`,
    [lock.toString(), pid],
  );
}
