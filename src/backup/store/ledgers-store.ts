import type { DatabaseOrTransaction } from '#db';

/** The ledgers that this state has been written beside, by their ids. Of several hosts each may have one. */
export async function knownLedgers(db: DatabaseOrTransaction): Promise<ReadonlySet<string>> {
  const rows = await db.selectFrom('revocation_ledgers').select('ledger').execute();
  return new Set(rows.map(({ ledger }) => ledger));
}

/** Adds one; a second time changes nothing. */
export async function rememberLedger(db: DatabaseOrTransaction, ledger: string, now: number): Promise<void> {
  await db
    .insertInto('revocation_ledgers')
    .values({ ledger, known_since: now })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** As if there had never been one: for a state that is restored without its ledger. */
export async function forgetLedgers(db: DatabaseOrTransaction): Promise<void> {
  await db.deleteFrom('revocation_ledgers').execute();
}
