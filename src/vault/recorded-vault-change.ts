import { recordedChange, type IntendedChange } from '#audit';
import type { AuditEvent, AuditOrigin, AuditTrail } from '#contract';
import type { RecordChange, VaultChange } from './changes.ts';

/**
 * A change of the vault in the frame of the record: the vault says in its transaction what it does,
 * and what it said of the one that was committed goes into the outcome, which follows the commit. A
 * transaction may run again, so the last word counts; a change that found nothing to do says nothing, and the outcome says that.
 *
 * Throws what `work` throws, and as `recordedChange` does.
 */
export function recordedVaultChange<Value>(
  trail: AuditTrail,
  origin: AuditOrigin,
  intended: IntendedChange,
  work: (record: RecordChange) => Promise<Value>,
): Promise<Value> {
  return recordedChange(trail, origin, intended, async () => {
    let change: VaultChange | undefined;
    const value = await work(async (_trx, made) => void (change = made));
    const objectId = change !== undefined && 'secretId' in change ? change.secretId : undefined;
    return {
      value,
      ...(objectId !== undefined && { objectId }),
      details: change === undefined ? { changed: false } : detailsOf(change),
    };
  });
}

/** Names and numbers. Not the subject of an erasure: the record would keep what was to be forgotten. */
function detailsOf(change: VaultChange): NonNullable<AuditEvent['details']> {
  switch (change.what) {
    case 'key.rotated':
      return { scope: change.scope, keyId: change.keyId, retired: change.retired };
    case 'subject.erased':
      return { keys: change.keys };
    default:
      return {
        change: change.what,
        generation: change.generation,
        ...(change.version !== undefined && { version: change.version }),
      };
  }
}
