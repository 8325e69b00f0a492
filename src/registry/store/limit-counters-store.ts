import type { DatabaseOrTransaction } from '#db';

export interface CounterRow {
  readonly key: string;
  readonly taken: number;
  /** JSON. */
  readonly holders: string;
  readonly ends_at: number;
}

/**
 * Changes rows of counts as if nobody else came meanwhile: `change` is given each as it is, undefined where there
 * is none. The first statement takes the rows, in the order of their keys, so that nobody waits for somebody who
 * waits for them; a transaction that had read before it waited would have to begin again.
 */
export async function changeCounters(
  db: DatabaseOrTransaction,
  keys: readonly string[],
  change: (key: string, row: CounterRow | undefined) => CounterRow,
): Promise<void> {
  const ordered = keys.toSorted();
  await db
    .transaction()
    .setIsolationLevel('read committed')
    .execute(async (trx) => {
      const held = await trx
        .insertInto('limit_counters')
        .values(ordered.map((key) => ({ key, taken: 0, holders: '', ends_at: 0 })))
        .onConflict((conflict) => conflict.column('key').doUpdateSet((eb) => ({ key: eb.ref('excluded.key') })))
        .returningAll()
        .execute();
      const rows = new Map(held.map((row) => [row.key, row]));
      const changed = ordered.map((key) => {
        const row = rows.get(key);
        return change(key, row === undefined || row.holders === '' ? undefined : row);
      });
      await trx
        .insertInto('limit_counters')
        .values(changed)
        .onConflict((conflict) =>
          conflict.column('key').doUpdateSet((eb) => ({
            taken: eb.ref('excluded.taken'),
            holders: eb.ref('excluded.holders'),
            ends_at: eb.ref('excluded.ends_at'),
          })),
        )
        .execute();
    });
}

/** Counts that are not over, whose key begins so, the fullest first. */
export async function listCounters(
  db: DatabaseOrTransaction,
  prefix: string,
  now: number,
  limit: number,
): Promise<readonly CounterRow[]> {
  return await db
    .selectFrom('limit_counters')
    .selectAll()
    .where('key', '>=', prefix)
    // Keys are ASCII.
    .where('key', '<', `${prefix}\u007f`)
    .where('ends_at', '>', now)
    .orderBy('taken', 'desc')
    .orderBy('key')
    .limit(limit)
    .execute();
}

/** Clears away what is over. */
export async function pruneCounters(db: DatabaseOrTransaction, now: number): Promise<void> {
  await db.deleteFrom('limit_counters').where('ends_at', '<=', now).execute();
}
