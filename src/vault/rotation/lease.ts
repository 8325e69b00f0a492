import { randomToken, type Clock } from '#kernel';
import type { Database, DatabaseOrTransaction } from '#db';
import { vaultError } from '../errors.ts';
import { dropLease, takeLease } from '../store/leases-store.ts';

const LEASE_MS = 60_000;

/** Proof of holding a lease, to be renewed with every step of the work. */
export interface Lease {
  /** Throws `VAULT_BUSY` when somebody else has taken over. */
  renew(db: DatabaseOrTransaction): Promise<void>;
}

/**
 * Does work that only one process may do at a time. A second one is refused; work that was abandoned
 * is free again a minute after its last step, so nobody can block the maintenance of keys for good.
 * The lease saves doing things twice: that nothing is lost rests on each step being a transaction
 * that changes only what it has seen.
 */
export async function withLease<Value>(
  parts: { readonly database: Database; readonly clock: Clock },
  name: string,
  work: (lease: Lease) => Promise<Value>,
): Promise<Value> {
  const holder = randomToken(16);
  const renew = async (db: DatabaseOrTransaction): Promise<void> => {
    const now = parts.clock.now();
    if (await takeLease(db, { name, holder, now, until: now + LEASE_MS })) return;
    throw vaultError('VAULT_BUSY', `another process is at \`${name}\``);
  };
  await renew(parts.database.db);
  try {
    return await work({ renew });
  } finally {
    await dropLease(parts.database.db, name, holder);
  }
}
