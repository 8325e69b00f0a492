import type { DatabaseOrTransaction } from './database.ts';

/**
 * Keys that lie in a file of each host and must be the same on all that share one PostgreSQL. Made
 * separately, nothing fails at first: digests of equal values differ, one public key no longer verifies the
 * log, and what one host seals no other can open. So the first host leaves the fingerprints here.
 */
export type HostKey = 'audit/signing.key' | 'audit/digest.key' | 'vault';

/** The fingerprint of the key that the hosts have; undefined while there was none. */
export async function findHostKey(db: DatabaseOrTransaction, name: HostKey): Promise<string | undefined> {
  const row = await db.selectFrom('host_keys').select('fingerprint').where('name', '=', name).executeTakeFirst();
  return row?.fingerprint;
}

/** Says which key this host has, and gives that of the first who said so: of two at once, one was. */
export async function claimHostKey(
  db: DatabaseOrTransaction,
  name: HostKey,
  fingerprint: string,
  now: number,
): Promise<string> {
  await db
    .insertInto('host_keys')
    .values({ name, fingerprint, recorded_at: now })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute();
  const first = await findHostKey(db, name);
  return first ?? fingerprint;
}

/** Puts a key in the place of the one before, for a host that has both. What came in between stays. */
export async function replaceHostKey(
  db: DatabaseOrTransaction,
  name: HostKey,
  change: { readonly from: string; readonly to: string; readonly now: number },
): Promise<void> {
  await db
    .updateTable('host_keys')
    .set({ fingerprint: change.to, recorded_at: change.now })
    .where('name', '=', name)
    .where('fingerprint', '=', change.from)
    .execute();
}

/** Forgets them all, so that the next host to start says which they are; gives their names. */
export async function forgetHostKeys(db: DatabaseOrTransaction): Promise<readonly string[]> {
  const rows = await db.deleteFrom('host_keys').returning('name').execute();
  return rows.map(({ name }) => name).toSorted();
}
