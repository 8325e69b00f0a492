import type { DatabaseOrTransaction, GrantsTable } from '#db';
import type { SealedColumn } from '#vault';
import { tokensPlace, type Grant, type GrantKey } from '../grants/grant.ts';

/** A grant with the sealed text of its tokens. */
export interface StoredGrant extends Grant {
  readonly sealed: string;
}

/** The sealed text, and the columns that must say the same. */
export interface NewTokens {
  readonly text: string;
  readonly keyId: string;
  readonly scopes: readonly string[];
  readonly expiresAt: number | null;
}

export async function findGrant(db: DatabaseOrTransaction, key: GrantKey): Promise<StoredGrant | undefined> {
  const row = await db
    .selectFrom('grants')
    .selectAll()
    .where('user_id', '=', key.userId)
    .where('owner', '=', key.owner)
    .where('upstream', '=', key.upstream)
    .executeTakeFirst();
  return row && toGrant(row);
}

/** The grants of a user, or those of them for an owner or at an upstream. */
export async function listGrants(
  db: DatabaseOrTransaction,
  { userId, owner, upstream }: Pick<GrantKey, 'userId'> & Partial<GrantKey>,
): Promise<readonly StoredGrant[]> {
  const rows = await db
    .selectFrom('grants')
    .selectAll()
    .where('user_id', '=', userId)
    .$if(owner !== undefined, (query) => query.where('owner', '=', owner as string))
    .$if(upstream !== undefined, (query) => query.where('upstream', '=', upstream as string))
    .orderBy('id')
    .execute();
  return rows.map(toGrant);
}

/** People and owners of whose grants none is needed; see `Grants.unneeded`. */
export async function listUnneeded(
  db: DatabaseOrTransaction,
  { now, pendingMs, limit }: { readonly now: number; readonly pendingMs: number; readonly limit: number },
): Promise<readonly Pick<GrantKey, 'userId' | 'owner'>[]> {
  const rows = await db
    .selectFrom('grants')
    .select(['grants.user_id', 'grants.owner'])
    .distinct()
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('token_sessions')
            .select('token_sessions.id')
            .whereRef('token_sessions.user_id', '=', 'grants.user_id')
            .whereRef('token_sessions.owner', '=', 'grants.owner')
            .where('token_sessions.expires_at', '>', now)
            // A restore ends sessions and not what people had linked: they sign in again and go on.
            .where(({ or, eb }) =>
              or([eb('token_sessions.ended_at', 'is', null), eb('token_sessions.ended_because', '=', 'restore')]),
            ),
        ),
      ),
    )
    .where(({ or, eb, exists, selectFrom }) =>
      or([
        eb('grants.changed_at', '<', now - pendingMs),
        exists(
          selectFrom('token_sessions')
            .select('token_sessions.id')
            .whereRef('token_sessions.user_id', '=', 'grants.user_id')
            .whereRef('token_sessions.owner', '=', 'grants.owner')
            .whereRef('token_sessions.ended_at', '>=', 'grants.changed_at'),
        ),
      ]),
    )
    .limit(limit)
    .execute();
  return rows.map((row) => ({ userId: row.user_id, owner: row.owner }));
}

export async function insertGrant(
  db: DatabaseOrTransaction,
  grant: GrantKey & { readonly id: string },
  tokens: NewTokens,
  now: number,
): Promise<void> {
  await db
    .insertInto('grants')
    .values({
      id: grant.id,
      user_id: grant.userId,
      owner: grant.owner,
      upstream: grant.upstream,
      version: 1,
      created_at: now,
      ...columnsOf(tokens, now),
    })
    .execute();
}

/** Puts what a sign-in gave in the place of what there was. Whoever refreshes meanwhile has lost. */
export async function replaceTokens(
  db: DatabaseOrTransaction,
  { id, version }: Pick<Grant, 'id' | 'version'>,
  tokens: NewTokens,
  now: number,
): Promise<void> {
  await db
    .updateTable('grants')
    .set({ version: version + 1, ...columnsOf(tokens, now) })
    .where('id', '=', id)
    .execute();
}

/**
 * Takes the refreshing of a version; true for one caller in all processes, until it gives it back or its time
 * is over. The gate of everything that a provider may take a second time for theft (RFC 9700 §4.14.2).
 */
export async function takeRefreshing(
  db: DatabaseOrTransaction,
  lease: {
    readonly id: string;
    readonly version: number;
    readonly holder: string;
    readonly now: number;
    readonly until: number;
  },
): Promise<boolean> {
  const taken = await db
    .updateTable('grants')
    .set({ refresher: lease.holder, refreshing_until: lease.until })
    .where('id', '=', lease.id)
    .where('version', '=', lease.version)
    .where('status', '=', 'active')
    .where((where) => where.or([where('refreshing_until', 'is', null), where('refreshing_until', '<=', lease.now)]))
    .executeTakeFirst();
  return taken.numUpdatedRows === 1n;
}

/** Gives it back, where it is still the holder's. */
export async function dropRefreshing(db: DatabaseOrTransaction, id: string, holder: string): Promise<void> {
  await db
    .updateTable('grants')
    .set({ refresher: null, refreshing_until: null })
    .where('id', '=', id)
    .where('refresher', '=', holder)
    .execute();
}

/** Stores what a refresh gave; false where the grant is gone, or somebody was faster. */
export async function storeRefreshed(
  db: DatabaseOrTransaction,
  { id, version, holder }: { readonly id: string; readonly version: number; readonly holder: string },
  tokens: NewTokens,
  now: number,
): Promise<boolean> {
  const stored = await db
    .updateTable('grants')
    .set({ version: version + 1, ...columnsOf(tokens, now) })
    .where('id', '=', id)
    .where('version', '=', version)
    .where('refresher', '=', holder)
    .executeTakeFirst();
  return stored.numUpdatedRows === 1n;
}

/** Says that the person has to link anew, if the grant is still of that version, and nobody else's to refresh. */
export async function markReauth(
  db: DatabaseOrTransaction,
  { id, version, holder }: { readonly id: string; readonly version: number; readonly holder: string | undefined },
  now: number,
): Promise<boolean> {
  const marked = await db
    .updateTable('grants')
    .set({ status: 'reauth_required', refresher: null, refreshing_until: null, version: version + 1, changed_at: now })
    .where('id', '=', id)
    .where('version', '=', version)
    .$if(holder !== undefined, (query) => query.where('refresher', '=', holder as string))
    .executeTakeFirst();
  return marked.numUpdatedRows === 1n;
}

/** Deletes the grant; false where it is gone already. */
export async function deleteGrant(db: DatabaseOrTransaction, id: string): Promise<boolean> {
  const deleted = await db.deleteFrom('grants').where('id', '=', id).executeTakeFirst();
  return deleted.numDeletedRows === 1n;
}

/** Deletes all grants of a person; gives how many. */
export async function deleteGrantsOf(db: DatabaseOrTransaction, userId: string): Promise<number> {
  const deleted = await db.deleteFrom('grants').where('user_id', '=', userId).executeTakeFirst();
  return Number(deleted.numDeletedRows);
}

/** The tokens, for the rotation of the keys that seal them. */
export const grantTokensColumn: SealedColumn = {
  async sealedWith(db, keyId, limit) {
    const rows = await db
      .selectFrom('grants')
      .selectAll()
      .where('key_id', '=', keyId)
      .orderBy('id')
      .limit(limit)
      .execute();
    return rows.map((row) => ({ place: tokensPlace(toGrant(row)), text: row.tokens }));
  },
  async replace(db, row, text, keyId) {
    const updated = await db
      .updateTable('grants')
      .set({ tokens: text, key_id: keyId })
      .where('id', '=', row.place.row)
      .where('tokens', '=', row.text)
      .executeTakeFirst();
    return updated.numUpdatedRows === 1n;
  },
};

const columnsOf = ({ text, keyId, scopes, expiresAt }: NewTokens, now: number) => ({
  status: 'active' as const,
  scopes: scopes.join(' '),
  tokens: text,
  key_id: keyId,
  expires_at: expiresAt,
  refresher: null,
  refreshing_until: null,
  changed_at: now,
});

const toGrant = (row: GrantsTable): StoredGrant => ({
  id: row.id,
  userId: row.user_id,
  owner: row.owner,
  upstream: row.upstream,
  status: row.status,
  scopes: row.scopes === '' ? [] : row.scopes.split(' '),
  expiresAt: row.expires_at,
  version: row.version,
  createdAt: row.created_at,
  changedAt: row.changed_at,
  sealed: row.tokens,
});
