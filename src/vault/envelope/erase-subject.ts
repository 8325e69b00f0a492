import { newId, type Clock } from '#kernel';
import type { RevocationLedger } from '#contract';
import type { Database, DatabaseOrTransaction } from '#db';
import type { RecordChange } from '../changes.ts';
import { vaultError } from '../errors.ts';
import { destroyDataKeys, findFrontKey, insertTombstone } from '../store/data-keys-store.ts';
import type { DataKeys } from './data-keys.ts';
import type { Scope } from './place.ts';

const LONGEST_SUBJECT = 256;

/**
 * Destroys every key of the subject (crypto-shredding) and gives when. The rows stay, with their ids
 * and the moment, so that what the keys sealed answers `SUBJECT_ERASED`. The subject never gets a
 * key again, also when it had none yet: the database has its place taken. Erasing twice keeps the
 * first moment. Holds in every process when it returns.
 *
 * `alongside` is what goes with the keys, in their transaction; when it throws, nothing is erased, and the
 * ledger has not heard of it.
 */
export async function eraseSubject(
  parts: {
    readonly database: Database;
    readonly clock: Clock;
    readonly keys: DataKeys;
    readonly ledger: RevocationLedger;
  },
  subject: string,
  record: RecordChange,
  alongside: (trx: DatabaseOrTransaction) => Promise<void> = async () => {},
): Promise<number> {
  const scope = subjectScope(subject);
  const now = parts.clock.now();
  const ids = await parts.database.transaction(async (trx) => {
    await alongside(trx);
    const destroyed = await destroyDataKeys(trx, scope, now);
    const front = await findFrontKey(trx, scope);
    if (front === undefined && !(await insertTombstone(trx, { id: newId(now), scope, destroyedAt: now }))) {
      throw vaultError('VAULT_BUSY', 'somebody made a key for the subject at the same moment');
    }
    if (front === undefined || destroyed.length > 0) {
      await record(trx, { what: 'subject.erased', subject, keys: destroyed.length });
    }
    await parts.ledger.append({ what: 'subject.erased', id: subject });
    return destroyed;
  });
  parts.keys.forget(ids);
  const front = await findFrontKey(parts.database.db, scope);
  return front?.destroyedAt ?? now;
}

/** Throws `SUBJECT_REFUSED` for an id that is empty or overlong. */
export function subjectScope(subject: string): Scope {
  if (subject.length > 0 && subject.length <= LONGEST_SUBJECT) return { kind: 'subject', id: subject };
  throw vaultError('SUBJECT_REFUSED', `a subject has ${subject.length} characters`);
}
