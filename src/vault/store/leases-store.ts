import type { DatabaseOrTransaction } from '#db';

/** Takes the lease, or keeps it; false while somebody else holds it. */
export async function takeLease(
  db: DatabaseOrTransaction,
  lease: { readonly name: string; readonly holder: string; readonly now: number; readonly until: number },
): Promise<boolean> {
  const result = await db
    .insertInto('vault_leases')
    .values({ name: lease.name, holder: lease.holder, held_until: lease.until })
    .onConflict((conflict) =>
      conflict
        .column('name')
        .doUpdateSet({ holder: lease.holder, held_until: lease.until })
        .where((where) =>
          where.or([
            where('vault_leases.held_until', '<=', lease.now),
            where('vault_leases.holder', '=', lease.holder),
          ]),
        ),
    )
    .executeTakeFirst();
  return result.numInsertedOrUpdatedRows === 1n;
}

/** Gives the lease back, where it is still the holder's. */
export async function dropLease(db: DatabaseOrTransaction, name: string, holder: string): Promise<void> {
  await db.deleteFrom('vault_leases').where('name', '=', name).where('holder', '=', holder).execute();
}
