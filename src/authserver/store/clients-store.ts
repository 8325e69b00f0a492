import type { DatabaseOrTransaction, OauthClientsTable } from '#db';
import type { ClientMetadata } from '../clients/client-metadata.ts';

/** A client that registered itself, as its row has it. */
export interface StoredClient {
  readonly clientId: string;
  readonly metadata: ClientMetadata;
  readonly secretHash: string | undefined;
  readonly tokenHash: string | undefined;
  readonly createdAt: number;
  readonly changedAt: number;
  readonly lastUsedAt: number | undefined;
}

export async function findClient(db: DatabaseOrTransaction, clientId: string): Promise<StoredClient | undefined> {
  const row = await db.selectFrom('oauth_clients').selectAll().where('client_id', '=', clientId).executeTakeFirst();
  return row && toStored(row);
}

export async function insertClient(db: DatabaseOrTransaction, client: StoredClient): Promise<void> {
  await db
    .insertInto('oauth_clients')
    .values({
      client_id: client.clientId,
      metadata: JSON.stringify(client.metadata),
      secret_hash: client.secretHash ?? null,
      registration_token_hash: client.tokenHash ?? null,
      created_at: client.createdAt,
      changed_at: client.changedAt,
      last_used_at: null,
    })
    .execute();
}

/** Puts new metadata, secret and token in the place of the old ones; false when another change was first. */
export async function updateClient(
  db: DatabaseOrTransaction,
  client: StoredClient,
  oldTokenHash: string,
): Promise<boolean> {
  const updated = await db
    .updateTable('oauth_clients')
    .set({
      metadata: JSON.stringify(client.metadata),
      secret_hash: client.secretHash ?? null,
      registration_token_hash: client.tokenHash ?? null,
      changed_at: client.changedAt,
    })
    .where('client_id', '=', client.clientId)
    .where('registration_token_hash', '=', oldTokenHash)
    .executeTakeFirst();
  return updated.numUpdatedRows === 1n;
}

export async function deleteClient(db: DatabaseOrTransaction, clientId: string, tokenHash: string): Promise<boolean> {
  const deleted = await db
    .deleteFrom('oauth_clients')
    .where('client_id', '=', clientId)
    .where('registration_token_hash', '=', tokenHash)
    .executeTakeFirst();
  return deleted.numDeletedRows === 1n;
}

/** Notes that it got a token, at most once every so often: every token would be a write. */
export async function noteClientUse(
  db: DatabaseOrTransaction,
  clientId: string,
  now: number,
  everyMs: number,
): Promise<void> {
  await db
    .updateTable('oauth_clients')
    .set({ last_used_at: now })
    .where('client_id', '=', clientId)
    .where((where) => where.or([where('last_used_at', 'is', null), where('last_used_at', '<', now - everyMs)]))
    .execute();
}

/** Deletes a registration whoever holds its token; false where there is none. */
export async function removeClient(db: DatabaseOrTransaction, clientId: string): Promise<boolean> {
  const deleted = await db.deleteFrom('oauth_clients').where('client_id', '=', clientId).executeTakeFirst();
  return deleted.numDeletedRows === 1n;
}

/** Those behind an identifier, in the order of identifiers. */
export async function pageOfClients(
  db: DatabaseOrTransaction,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<readonly StoredClient[]> {
  const rows = await db
    .selectFrom('oauth_clients')
    .selectAll()
    .where('client_id', '>', after)
    .orderBy('client_id')
    .limit(limit)
    .execute();
  return rows.map(toStored);
}

export async function countClients(db: DatabaseOrTransaction): Promise<number> {
  const { count } = await db
    .selectFrom('oauth_clients')
    .select((select) => select.fn.countAll<number | string>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Deletes those that were never used and are older than that; gives how many. */
export async function deleteUnusedBefore(db: DatabaseOrTransaction, before: number): Promise<number> {
  const deleted = await db
    .deleteFrom('oauth_clients')
    .where('last_used_at', 'is', null)
    .where('created_at', '<', before)
    .executeTakeFirst();
  return Number(deleted.numDeletedRows);
}

/** Deletes the oldest that were never used, of those that are older than that; gives how many. */
export async function deleteOldestUnused(db: DatabaseOrTransaction, count: number, before: number): Promise<number> {
  const deleted = await db
    .deleteFrom('oauth_clients')
    .where('client_id', 'in', (select) =>
      select
        .selectFrom('oauth_clients')
        .select('client_id')
        .where('last_used_at', 'is', null)
        .where('created_at', '<', before)
        .orderBy('created_at')
        .orderBy('client_id')
        .limit(count),
    )
    .executeTakeFirst();
  return Number(deleted.numDeletedRows);
}

function toStored(row: OauthClientsTable): StoredClient {
  const kept = JSON.parse(row.metadata) as Partial<ClientMetadata> & Pick<ClientMetadata, 'redirectUris'>;
  return {
    clientId: row.client_id,
    // JSON has no undefined: what was left out is left out.
    metadata: { ...NOTHING, ...kept } as ClientMetadata,
    secretHash: row.secret_hash ?? undefined,
    tokenHash: row.registration_token_hash ?? undefined,
    createdAt: row.created_at,
    changedAt: row.changed_at,
    lastUsedAt: row.last_used_at ?? undefined,
  };
}

const NOTHING = {
  ...{ name: undefined, jwks: undefined, jwksUri: undefined, scopes: undefined, clientUri: undefined },
  postLogoutRedirectUris: [],
};
