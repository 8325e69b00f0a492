import type { DatabaseOrTransaction, IdempotencyKeysTable } from '#db';

/** Whose key of which name. */
export interface KeyOwner {
  readonly principal: string;
  readonly key: string;
}

/** Takes the key for a request that begins; false when it is taken. */
export async function takeKey(
  db: DatabaseOrTransaction,
  { principal, key }: KeyOwner,
  requestDigest: string,
  now: number,
): Promise<boolean> {
  const result = await db
    .insertInto('idempotency_keys')
    .values({
      principal,
      idempotency_key: key,
      request_digest: requestDigest,
      started_at: now,
      status: null,
      headers: null,
      body: null,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return result.numInsertedOrUpdatedRows === 1n;
}

export async function findTakenKey(
  db: DatabaseOrTransaction,
  { principal, key }: KeyOwner,
): Promise<IdempotencyKeysTable | undefined> {
  return await db
    .selectFrom('idempotency_keys')
    .selectAll()
    .where('principal', '=', principal)
    .where('idempotency_key', '=', key)
    .executeTakeFirst();
}

/** Keeps the answer of the request that took the key. */
export async function keepAnswer(
  db: DatabaseOrTransaction,
  { principal, key }: KeyOwner,
  answer: { readonly status: number; readonly headers: string; readonly body: string | null },
): Promise<void> {
  await db
    .updateTable('idempotency_keys')
    .set(answer)
    .where('principal', '=', principal)
    .where('idempotency_key', '=', key)
    .execute();
}

/** Forgets the key where it was taken before that moment. */
export async function forgetKey(
  db: DatabaseOrTransaction,
  { principal, key }: KeyOwner,
  before: number,
): Promise<void> {
  await db
    .deleteFrom('idempotency_keys')
    .where('principal', '=', principal)
    .where('idempotency_key', '=', key)
    .where('started_at', '<', before)
    .execute();
}

/** Forgets all keys that were taken before that moment. */
export async function forgetKeys(db: DatabaseOrTransaction, before: number): Promise<void> {
  await db.deleteFrom('idempotency_keys').where('started_at', '<', before).execute();
}
