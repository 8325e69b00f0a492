import type { DatabaseOrTransaction } from '#db';
import { forgetUnused } from './one-use.ts';

export interface Invitation {
  readonly digest: string;
  readonly id: string;
  /** The id of the user or agent who invited, or `operator`. */
  readonly invitedBy: string;
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** Adds an invitation, and forgets those that are over. In a transaction. */
export async function insertInvitation(db: DatabaseOrTransaction, invitation: Invitation): Promise<void> {
  await forgetUnused(db, 'invitations', invitation.createdAt);
  await db
    .insertInto('invitations')
    .values({
      ...{ digest: invitation.digest, id: invitation.id, invited_by: invitation.invitedBy },
      ...{ created_at: invitation.createdAt, expires_at: invitation.expiresAt },
    })
    .execute();
}

/** The invitation, if it has not expired; `useUp` uses it. */
export async function findInvitation(
  db: DatabaseOrTransaction,
  digest: string,
  now: number,
): Promise<Invitation | undefined> {
  const row = await db
    .selectFrom('invitations')
    .selectAll()
    .where('digest', '=', digest)
    .where('expires_at', '>', now)
    .executeTakeFirst();
  return (
    row && {
      ...{ digest: row.digest, id: row.id, invitedBy: row.invited_by },
      ...{ createdAt: row.created_at, expiresAt: row.expires_at },
    }
  );
}
