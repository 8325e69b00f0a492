/**
 * Data keys: what is known of each in `data_keys`, and its wrapped bytes there too, but for those of
 * data subjects, which lie in `vault_keyring` and in no backup. Which is which is known here alone.
 */
import type { DatabaseOrTransaction } from '#db';
import type { Scope } from '../envelope/place.ts';
import type { WrappedKey } from '../wrappers/keyring.ts';

export interface StoredDataKey {
  readonly id: string;
  readonly scope: Scope;
  /** Undefined once destroyed, and where the keyring does not have it. */
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
  const row = await keys(db).where('data_keys.id', '=', id).executeTakeFirst();
  return row && toDataKey(row);
}

/** The key in front: the active one, or the destroyed one that keeps its place for good. */
export async function findFrontKey(db: DatabaseOrTransaction, scope: Scope): Promise<StoredDataKey | undefined> {
  const row = await ofScope(db, scope).where('retired_at', 'is', null).executeTakeFirst();
  return row && toDataKey(row);
}

/** All keys of a scope, oldest first. */
export async function listDataKeys(db: DatabaseOrTransaction, scope: Scope): Promise<readonly StoredDataKey[]> {
  return (await ofScope(db, scope).orderBy('data_keys.id').execute()).map(toDataKey);
}

/** Puts a key in front; false when there is one already. */
export async function insertFrontKey(
  db: DatabaseOrTransaction,
  key: { readonly id: string; readonly scope: Scope; readonly wrapped: WrappedKey; readonly createdAt: number },
): Promise<boolean> {
  const apart = key.scope.kind === 'subject';
  const result = await db
    .insertInto('data_keys')
    .values({
      id: key.id,
      scope_kind: key.scope.kind,
      scope_id: key.scope.id,
      wrapped_key: apart ? IN_KEYRING : key.wrapped.wrapped,
      wrapper: apart ? '' : key.wrapped.wrapper,
      wrapper_version: apart ? '' : key.wrapped.version,
      messages: 0,
      created_at: key.createdAt,
      retired_at: null,
      destroyed_at: null,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  if (result.numInsertedOrUpdatedRows !== 1n) return false;
  if (apart) await keepInKeyring(db, { ...key, destroyedAt: null });
  return true;
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
  if (result.numInsertedOrUpdatedRows !== 1n) return false;
  if (key.scope.kind === 'subject') await keepInKeyring(db, { ...key, wrapped: undefined });
  return true;
}

async function keepInKeyring(
  db: DatabaseOrTransaction,
  key: {
    readonly id: string;
    readonly scope: Scope;
    readonly wrapped: WrappedKey | undefined;
    readonly destroyedAt: number | null;
  },
): Promise<void> {
  await db
    .insertInto('vault_keyring')
    .values({
      key_id: key.id,
      subject: key.scope.id,
      wrapped_key: key.wrapped?.wrapped ?? null,
      wrapper: key.wrapped?.wrapper ?? '',
      wrapper_version: key.wrapped?.version ?? '',
      destroyed_at: key.destroyedAt,
    })
    .execute();
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
  if (scope.kind === 'subject') {
    await db
      .updateTable('vault_keyring')
      .set({ wrapped_key: null, destroyed_at: now })
      .where('subject', '=', scope.id)
      .where('destroyed_at', 'is', null)
      .execute();
  }
  return rows.map((row) => row.id);
}

/** Puts another wrapping of the same key in the place of the one it had; false when that is no longer there. */
export async function replaceWrapping(
  db: DatabaseOrTransaction,
  key: StoredDataKey,
  wrapped: WrappedKey,
): Promise<boolean> {
  const values = { wrapped_key: wrapped.wrapped, wrapper: wrapped.wrapper, wrapper_version: wrapped.version };
  const old = key.wrapped?.wrapped ?? '';
  const update =
    key.scope.kind === 'subject'
      ? db.updateTable('vault_keyring').set(values).where('key_id', '=', key.id).where('wrapped_key', '=', old)
      : db.updateTable('data_keys').set(values).where('id', '=', key.id).where('wrapped_key', '=', old);
  return (await update.executeTakeFirst()).numUpdatedRows === 1n;
}

/** Keys after `afterId` that are not wrapped by this wrapper in this version, by id, at most `limit`. */
export async function listForeignWrappings(
  db: DatabaseOrTransaction,
  current: { readonly wrapper: string; readonly version: string },
  afterId: string,
  limit: number,
): Promise<readonly StoredDataKey[]> {
  const rows = await keys(db)
    .where('data_keys.id', '>', afterId)
    .where((where) => {
      const elsewhere = (table: 'data_keys' | 'vault_keyring') =>
        where.and([
          where(`${table}.wrapped_key`, 'is not', null),
          where.or([
            where(`${table}.wrapper`, '<>', current.wrapper),
            where(`${table}.wrapper_version`, '<>', current.version),
          ]),
        ]);
      return where.or([
        where.and([where('data_keys.scope_kind', '<>', 'subject'), elsewhere('data_keys')]),
        elsewhere('vault_keyring'),
      ]);
    })
    .orderBy('data_keys.id')
    .limit(limit)
    .execute();
  return rows.map(toDataKey);
}

/** How many keys each wrapping key still holds. */
export async function countWrapperUses(db: DatabaseOrTransaction): Promise<readonly WrapperUse[]> {
  const inside = await db
    .selectFrom('data_keys')
    .select(['wrapper', 'wrapper_version'])
    .select((select) => select.fn.countAll<number | bigint | string>().as('keys'))
    .where('wrapped_key', 'is not', null)
    .where('scope_kind', '<>', 'subject')
    .groupBy(['wrapper', 'wrapper_version'])
    .execute();
  const apart = await db
    .selectFrom('vault_keyring')
    // Without those of which nothing here knows: they seal nothing, and no rewrap finds them.
    .innerJoin('data_keys', 'data_keys.id', 'vault_keyring.key_id')
    .select(['vault_keyring.wrapper', 'vault_keyring.wrapper_version'])
    .select((select) => select.fn.countAll<number | bigint | string>().as('keys'))
    .where('vault_keyring.wrapped_key', 'is not', null)
    .groupBy(['vault_keyring.wrapper', 'vault_keyring.wrapper_version'])
    .execute();
  const uses = new Map<string, WrapperUse>();
  for (const { wrapper, wrapper_version: version, keys } of [...inside, ...apart]) {
    const name = JSON.stringify([wrapper, version]);
    uses.set(name, { wrapper, version, keys: Number(keys) + (uses.get(name)?.keys ?? 0) });
  }
  return [...uses].toSorted(([left], [right]) => (left < right ? -1 : 1)).map(([, use]) => use);
}

/** One key of that wrapper and version, to try it on. */
export async function findKeyOfWrapper(
  db: DatabaseOrTransaction,
  wrapper: string,
  version: string,
): Promise<StoredDataKey | undefined> {
  const row = await keys(db)
    .where((where) => {
      const held = (table: 'data_keys' | 'vault_keyring') =>
        where.and([
          where(`${table}.wrapper`, '=', wrapper),
          where(`${table}.wrapper_version`, '=', version),
          where(`${table}.wrapped_key`, 'is not', null),
        ]);
      return where.or([
        where.and([where('data_keys.scope_kind', '<>', 'subject'), held('data_keys')]),
        held('vault_keyring'),
      ]);
    })
    .orderBy('data_keys.id')
    .limit(1)
    .executeTakeFirst();
  return row && toDataKey(row);
}

/** What `data_keys.wrapped_key` says of a key whose bytes lie in the keyring. */
const IN_KEYRING = 'keyring';

const keys = (db: DatabaseOrTransaction) =>
  db
    .selectFrom('data_keys')
    .leftJoin('vault_keyring', 'vault_keyring.key_id', 'data_keys.id')
    .selectAll('data_keys')
    .select([
      'vault_keyring.wrapped_key as kept_key',
      'vault_keyring.wrapper as kept_wrapper',
      'vault_keyring.wrapper_version as kept_version',
      'vault_keyring.destroyed_at as kept_destroyed_at',
    ]);

const ofScope = (db: DatabaseOrTransaction, scope: Scope) =>
  keys(db).where('scope_kind', '=', scope.kind).where('scope_id', '=', scope.id);

type KeyRow = Awaited<ReturnType<ReturnType<typeof keys>['executeTakeFirstOrThrow']>>;

function toDataKey(row: KeyRow): StoredDataKey {
  const apart = row.scope_kind === 'subject';
  const [wrapped, wrapper, version] = apart
    ? [row.kept_key, row.kept_wrapper ?? '', row.kept_version ?? '']
    : [row.wrapped_key, row.wrapper, row.wrapper_version];
  return {
    id: row.id,
    scope: { kind: row.scope_kind, id: row.scope_id },
    wrapped: wrapped === null ? undefined : { wrapped, wrapper, version },
    messages: row.messages,
    createdAt: row.created_at,
    retiredAt: row.retired_at,
    // Either says so: after a crash, or beside an older state, one of them may not know yet.
    destroyedAt: row.destroyed_at ?? (apart ? row.kept_destroyed_at : null),
  };
}
