import type { DatabaseOrTransaction, SessionsTable } from '#db';
import type { Session, SessionGain } from '../sessions/session.ts';
import { deleteApprovals } from './device-codes-store.ts';

/** Adds a session under the digest of its token. */
export async function insertSession(db: DatabaseOrTransaction, session: Session, digest: string): Promise<void> {
  await db
    .insertInto('sessions')
    .values({
      id: session.id,
      digest,
      user_id: session.userId,
      kind: session.kind,
      stage: session.stage,
      amr: session.amr.join(' '),
      auth_time: session.authTime,
      created_at: session.createdAt,
      last_seen_at: session.lastSeenAt,
      expires_at: session.expiresAt,
      ended_at: session.endedAt,
      address: session.address,
      device: session.device,
    })
    .execute();
}

/** The session of a token's digest, whatever its state. */
export async function findSession(db: DatabaseOrTransaction, digest: string): Promise<Session | undefined> {
  const row = await db.selectFrom('sessions').selectAll().where('digest', '=', digest).executeTakeFirst();
  return row && toSession(row);
}

/** The session of that id, whatever its state. */
export async function findSessionById(db: DatabaseOrTransaction, id: string): Promise<Session | undefined> {
  const row = await db.selectFrom('sessions').selectAll().where('id', '=', id).executeTakeFirst();
  return row && toSession(row);
}

/** Sessions of a person that have not ended, newest first. */
export async function listSessions(
  db: DatabaseOrTransaction,
  userId: string,
  now: number,
): Promise<readonly Session[]> {
  const rows = await db
    .selectFrom('sessions')
    .selectAll()
    .where('user_id', '=', userId)
    .where('ended_at', 'is', null)
    .where('expires_at', '>', now)
    .orderBy('last_seen_at', 'desc')
    .orderBy('id', 'desc')
    .execute();
  return rows.map(toSession);
}

/**
 * Gives a session something more, under a new digest; false when the old digest is no longer its own. Of
 * two at once with one token, one goes on.
 */
export async function replaceDigest(
  db: DatabaseOrTransaction,
  before: string,
  after: string,
  gain: SessionGain,
): Promise<boolean> {
  const updated = await db
    .updateTable('sessions')
    .set({
      digest: after,
      stage: gain.stage,
      amr: gain.amr.join(' '),
      auth_time: gain.authTime,
      expires_at: gain.expiresAt,
    })
    .where('digest', '=', before)
    .where('ended_at', 'is', null)
    .executeTakeFirst();
  return updated.numUpdatedRows === 1n;
}

/** Notes a use; an older moment than the one that stands there changes nothing. */
export async function setSessionSeen(db: DatabaseOrTransaction, id: string, seenAt: number): Promise<void> {
  await db
    .updateTable('sessions')
    .set({ last_seen_at: seenAt })
    .where('id', '=', id)
    .where('last_seen_at', '<', seenAt)
    .execute();
}

/** Ends one session of a person; false when there is none that goes on. */
export async function endSession(db: DatabaseOrTransaction, userId: string, id: string, now: number): Promise<boolean> {
  const updated = await db
    .updateTable('sessions')
    .set({ ended_at: now })
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .where('ended_at', 'is', null)
    .executeTakeFirst();
  return updated.numUpdatedRows === 1n;
}

/**
 * Ends every session of a person, but perhaps one, and what programs were promised in them; gives how many.
 * In a transaction.
 */
export async function endSessions(
  db: DatabaseOrTransaction,
  userId: string,
  now: number,
  except?: string,
): Promise<number> {
  await deleteApprovals(db, userId);
  const updated = await db
    .updateTable('sessions')
    .set({ ended_at: now })
    .where('user_id', '=', userId)
    .where('ended_at', 'is', null)
    .$if(except !== undefined, (query) => query.where('id', '<>', except as string))
    .executeTakeFirst();
  return Number(updated.numUpdatedRows);
}

/** Clears away sessions that ended or expired before then. */
export async function pruneSessions(db: DatabaseOrTransaction, before: number): Promise<void> {
  await db.deleteFrom('sessions').where('expires_at', '<', before).execute();
}

function toSession(row: SessionsTable): Session {
  return {
    id: row.id,
    userId: row.user_id,
    kind: row.kind,
    stage: row.stage,
    amr: row.amr === '' ? [] : row.amr.split(' '),
    authTime: row.auth_time,
    createdAt: row.created_at,
    lastSeenAt: row.last_seen_at,
    expiresAt: row.expires_at,
    endedAt: row.ended_at,
    address: row.address,
    device: row.device,
  };
}
