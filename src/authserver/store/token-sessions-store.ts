import type { DatabaseOrTransaction, TokenSessionsTable } from '#db';

/** One sign-in of one user through one client towards one owner. Its id is the `tsid` of its tokens. */
export interface TokenSession {
  readonly id: string;
  readonly userId: string;
  readonly clientId: string;
  readonly clientName: string;
  /** `namespace/name` of whom the tokens are for. */
  readonly owner: string;
  readonly resource: string;
  readonly scopes: readonly string[];
  /** Whose tokens the person allowed this owner through this client. */
  readonly upstreams: readonly string[];
  readonly createdAt: number;
  readonly lastUsedAt: number;
  readonly expiresAt: number;
  readonly endedAt: number | null;
  readonly endedBecause: string | null;
}

export async function insertTokenSession(db: DatabaseOrTransaction, session: TokenSession): Promise<void> {
  await db
    .insertInto('token_sessions')
    .values({
      id: session.id,
      user_id: session.userId,
      client_id: session.clientId,
      client_name: session.clientName,
      owner: session.owner,
      resource: session.resource,
      scopes: session.scopes.join(' '),
      upstreams: session.upstreams.join(' '),
      created_at: session.createdAt,
      last_used_at: session.lastUsedAt,
      expires_at: session.expiresAt,
      ended_at: session.endedAt,
      ended_because: session.endedBecause,
    })
    .execute();
}

export async function findTokenSession(db: DatabaseOrTransaction, id: string): Promise<TokenSession | undefined> {
  const row = await db.selectFrom('token_sessions').selectAll().where('id', '=', id).executeTakeFirst();
  return row && toTokenSession(row);
}

/** Those of a user that go on, the newest first. */
export async function listTokenSessions(
  db: DatabaseOrTransaction,
  userId: string,
  now: number,
): Promise<readonly TokenSession[]> {
  const rows = await db
    .selectFrom('token_sessions')
    .selectAll()
    .where('user_id', '=', userId)
    .where('ended_at', 'is', null)
    .where('expires_at', '>', now)
    .orderBy('created_at', 'desc')
    .limit(500)
    .execute();
  return rows.map(toTokenSession);
}

/** Notes a use, and until when it goes on without another. */
export async function touchTokenSession(
  db: DatabaseOrTransaction,
  id: string,
  { now, expiresAt }: { readonly now: number; readonly expiresAt: number },
): Promise<void> {
  await db
    .updateTable('token_sessions')
    .set({ last_used_at: now, expires_at: expiresAt })
    .where('id', '=', id)
    .execute();
}

/** Whose token sessions are meant. */
export type Ending =
  | { readonly id: string; readonly userId?: string }
  | { readonly userId: string; readonly clientId?: string; readonly owner?: string }
  | { readonly clientId: string; readonly owner?: string }
  | { readonly owner: string };

/** A session that was ended: what stands on it has to follow. */
export type EndedSession = Pick<TokenSession, 'id' | 'userId' | 'owner'>;

/** Ends those that go on, and gives which. */
export async function endTokenSessions(
  db: DatabaseOrTransaction,
  which: Ending,
  { now, because }: { readonly now: number; readonly because: string },
): Promise<readonly EndedSession[]> {
  let rows = db
    .updateTable('token_sessions')
    .set({ ended_at: now, ended_because: because })
    .where('ended_at', 'is', null);
  if ('id' in which) rows = rows.where('id', '=', which.id);
  if ('userId' in which && which.userId !== undefined) rows = rows.where('user_id', '=', which.userId);
  if ('clientId' in which && which.clientId !== undefined) rows = rows.where('client_id', '=', which.clientId);
  if ('owner' in which && which.owner !== undefined) rows = rows.where('owner', '=', which.owner);
  const ended = await rows.returning(['id', 'user_id', 'owner']).execute();
  return ended.map(({ id, user_id: userId, owner }) => ({ id, userId, owner }));
}

export async function deleteTokenSessionsOfUser(db: DatabaseOrTransaction, userId: string): Promise<void> {
  await db.deleteFrom('token_sessions').where('user_id', '=', userId).execute();
}

/** As its row has it. */
export const toTokenSession = (row: TokenSessionsTable): TokenSession => ({
  id: row.id,
  userId: row.user_id,
  clientId: row.client_id,
  clientName: row.client_name,
  owner: row.owner,
  resource: row.resource,
  scopes: wordsOf(row.scopes),
  upstreams: wordsOf(row.upstreams),
  createdAt: row.created_at,
  lastUsedAt: row.last_used_at,
  expiresAt: row.expires_at,
  endedAt: row.ended_at,
  endedBecause: row.ended_because,
});

const wordsOf = (text: string): readonly string[] => (text === '' ? [] : text.split(' '));
