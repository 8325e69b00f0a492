import type { DatabaseOrTransaction } from '#db';

/** When each of these clients was blocked; those that are not are left out. All of them where none is named. */
export async function findBlocks(
  db: DatabaseOrTransaction,
  clientIds?: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  if (clientIds?.length === 0) return new Map();
  const rows = await db
    .selectFrom('oauth_client_blocks')
    .selectAll()
    .$if(clientIds !== undefined, (query) => query.where('client_id', 'in', clientIds as string[]))
    .execute();
  return new Map(rows.map(({ client_id: clientId, blocked_at: at }) => [clientId, at]));
}

export async function isBlocked(db: DatabaseOrTransaction, clientId: string): Promise<boolean> {
  return (await findBlocks(db, [clientId])).size > 0;
}

/** Blocks a client; false where it is blocked already. */
export async function blockClient(db: DatabaseOrTransaction, clientId: string, now: number): Promise<boolean> {
  const inserted = await db
    .insertInto('oauth_client_blocks')
    .values({ client_id: clientId, blocked_at: now })
    .onConflict((conflict) => conflict.column('client_id').doNothing())
    .executeTakeFirst();
  return inserted.numInsertedOrUpdatedRows === 1n;
}

/** Lets it in again; false where it is not blocked. */
export async function unblockClient(db: DatabaseOrTransaction, clientId: string): Promise<boolean> {
  const deleted = await db.deleteFrom('oauth_client_blocks').where('client_id', '=', clientId).executeTakeFirst();
  return deleted.numDeletedRows === 1n;
}
