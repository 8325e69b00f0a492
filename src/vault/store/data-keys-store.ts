import type { DataKeysTable, DatabaseOrTransaction } from '#db';
import type { Scope } from '../envelope/place.ts';
import type { WrappedKey } from '../wrappers/keyring.ts';

export interface StoredDataKey {
  readonly id: string;
  readonly scope: Scope;
  /** Undefined once destroyed. */
  readonly wrapped: WrappedKey | undefined;
  readonly messages: number;
  readonly createdAt: number;
  readonly retiredAt: number | null;
  readonly destroyedAt: number | null;
}

export interface WrapperUse {
  readonly wrapper: string;
  readonly version: string;
  readonly keys: number;
}

/** The key of that id, whatever its state. */
export async function findDataKey(db: DatabaseOrTransaction, id: string): Promise<StoredDataKey | undefined> {
  const row = await db.selectFrom('data_keys').selectAll().where('id', '=', id).executeTakeFirst();
  return row && toDataKey(row);
}

/** The key in front: the active one, or the destroyed one that keeps its place for good. */
export async function findFrontKey(db: DatabaseOrTransaction, scope: Scope): Promise<StoredDataKey | undefined> {
  const row = await ofScope(db, scope).where('retired_at', 'is', null).executeTakeFirst();
  return row && toDataKey(row);
}

/** All keys of a scope, oldest first. */
export async function listDataKeys(db: DatabaseOrTransaction, scope: Scope): Promise<readonly StoredDataKey[]> {
  return (await ofScope(db, scope).orderBy('id').execute()).map(toDataKey);
}

/** Puts a key in front; false when there is one already. */
export async function insertFrontKey(
  db: DatabaseOrTransaction,
  key: { readonly id: string; readonly scope: Scope; readonly wrapped: WrappedKey; readonly createdAt: number },
): Promise<boolean> {
  const result = await db
    .insertInto('data_keys')
    .values({
      id: key.id,
      scope_kind: key.scope.kind,
      scope_id: key.scope.id,
      wrapped_key: key.wrapped.wrapped,
      wrapper: key.wrapped.wrapper,
      wrapper_version: key.wrapped.version,
      messages: 0,
      created_at: key.createdAt,
      retired_at: null,
      destroyed_at: null,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return result.numInsertedOrUpdatedRows === 1n;
}

/** Puts a destroyed key in front of a scope that never had one; false when there is one already. */
export async function insertTombstone(
  db: DatabaseOrTransaction,
  key: { readonly id: string; readonly scope: Scope; readonly destroyedAt: number },
): Promise<boolean> {
  const result = await db
    .insertInto('data_keys')
    .values({
      id: key.id,
      scope_kind: key.scope.kind,
      scope_id: key.scope.id,
      wrapped_key: null,
      wrapper: '',
      wrapper_version: '',
      messages: 0,
      created_at: key.destroyedAt,
      retired_at: null,
      destroyed_at: key.destroyedAt,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return result.numInsertedOrUpdatedRows === 1n;
}

/** Counts one message of the active key; false when it is no longer active, or has had its `limit`. */
export async function countMessage(db: DatabaseOrTransaction, id: string, limit: number): Promise<boolean> {
  const result = await db
    .updateTable('data_keys')
    .set((set) => ({ messages: set('messages', '+', 1) }))
    .where('id', '=', id)
    .where('retired_at', 'is', null)
    .where('destroyed_at', 'is', null)
    .where('messages', '<', limit)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Retires the active key; false when it was retired or destroyed before. */
export async function retireDataKey(db: DatabaseOrTransaction, id: string, now: number): Promise<boolean> {
  const result = await db
    .updateTable('data_keys')
    .set({ retired_at: now })
    .where('id', '=', id)
    .where('retired_at', 'is', null)
    .where('destroyed_at', 'is', null)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Forgets the bytes of every key of the scope and gives the ids of those that had any. */
export async function destroyDataKeys(
  db: DatabaseOrTransaction,
  scope: Scope,
  now: number,
): Promise<readonly string[]> {
  const rows = await db
    .updateTable('data_keys')
    .set({ wrapped_key: null, destroyed_at: now })
    .where('scope_kind', '=', scope.kind)
    .where('scope_id', '=', scope.id)
    .where('destroyed_at', 'is', null)
    .returning('id')
    .execute();
  return rows.map((row) => row.id);
}

/** Puts another wrapping of the same key in the place of `old`; false when it is no longer there. */
export async function replaceWrapping(
  db: DatabaseOrTransaction,
  id: string,
  old: WrappedKey,
  wrapped: WrappedKey,
): Promise<boolean> {
  const result = await db
    .updateTable('data_keys')
    .set({ wrapped_key: wrapped.wrapped, wrapper: wrapped.wrapper, wrapper_version: wrapped.version })
    .where('id', '=', id)
    .where('wrapped_key', '=', old.wrapped)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Keys after `afterId` that are not wrapped by this wrapper in this version, by id, at most `limit`. */
export async function listForeignWrappings(
  db: DatabaseOrTransaction,
  current: { readonly wrapper: string; readonly version: string },
  afterId: string,
  limit: number,
): Promise<readonly StoredDataKey[]> {
  const rows = await db
    .selectFrom('data_keys')
    .selectAll()
    .where('wrapped_key', 'is not', null)
    .where('id', '>', afterId)
    .where((where) =>
      where.or([where('wrapper', '<>', current.wrapper), where('wrapper_version', '<>', current.version)]),
    )
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map(toDataKey);
}

/** How many keys each wrapping key still holds. */
export async function countWrapperUses(db: DatabaseOrTransaction): Promise<readonly WrapperUse[]> {
  const rows = await db
    .selectFrom('data_keys')
    .select(['wrapper', 'wrapper_version'])
    .select((select) => select.fn.countAll<number | bigint | string>().as('keys'))
    .where('wrapped_key', 'is not', null)
    .groupBy(['wrapper', 'wrapper_version'])
    .orderBy('wrapper')
    .orderBy('wrapper_version')
    .execute();
  return rows.map((row) => ({ wrapper: row.wrapper, version: row.wrapper_version, keys: Number(row.keys) }));
}

/** One key of that wrapper and version, to try it on. */
export async function findKeyOfWrapper(
  db: DatabaseOrTransaction,
  wrapper: string,
  version: string,
): Promise<StoredDataKey | undefined> {
  const row = await db
    .selectFrom('data_keys')
    .selectAll()
    .where('wrapper', '=', wrapper)
    .where('wrapper_version', '=', version)
    .where('wrapped_key', 'is not', null)
    .orderBy('id')
    .limit(1)
    .executeTakeFirst();
  return row && toDataKey(row);
}

const ofScope = (db: DatabaseOrTransaction, scope: Scope) =>
  db.selectFrom('data_keys').selectAll().where('scope_kind', '=', scope.kind).where('scope_id', '=', scope.id);

function toDataKey(row: DataKeysTable): StoredDataKey {
  return {
    id: row.id,
    scope: { kind: row.scope_kind, id: row.scope_id },
    wrapped:
      row.wrapped_key === null
        ? undefined
        : { wrapped: row.wrapped_key, wrapper: row.wrapper, version: row.wrapper_version },
    messages: row.messages,
    createdAt: row.created_at,
    retiredAt: row.retired_at,
    destroyedAt: row.destroyed_at,
  };
}
