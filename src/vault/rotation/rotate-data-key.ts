import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '#kernel';
import type { Database } from '#db';
import type { RecordChange } from '../changes.ts';
import type { DataKeys } from '../envelope/data-keys.ts';
import type { Envelope } from '../envelope/envelope.ts';
import type { Scope } from '../envelope/place.ts';
import { listDataKeys } from '../store/data-keys-store.ts';
import { withLease, type Lease } from './lease.ts';
import type { SealedColumn } from './sealed-column.ts';

const BATCH = 100;

export interface RotationParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly keys: DataKeys;
  readonly envelope: Envelope;
  readonly columns: readonly SealedColumn[];
}

/**
 * Gives the scope a new key and seals everything again that older keys sealed; gives the number of
 * texts. Readers and writers go on meanwhile.
 *
 * The new key is in front before the first text moves, and retired keys stay, so every state that a
 * kill can leave is readable. A rotation that was killed is finished by `resealWithActiveKey`, or by
 * the next rotation.
 *
 * Throws `VAULT_BUSY` while another one is at it, `SUBJECT_ERASED`, and as the wrapper does.
 */
export function rotateDataKey(parts: RotationParts, scope: Scope, record: RecordChange): Promise<number> {
  return withLease(parts, leaseName(scope), async (lease) => {
    await parts.keys.replaceActive(scope, (trx, ids) =>
      record(trx, { what: 'key.rotated', scope: `${scope.kind} ${scope.id}`, ...ids }),
    );
    return await reseal(parts, scope, lease);
  });
}

/** Seals again what retired keys of the scope sealed, without a new key. Throws as `rotateDataKey` does. */
export function resealWithActiveKey(parts: RotationParts, scope: Scope): Promise<number> {
  return withLease(parts, leaseName(scope), (lease) => reseal(parts, scope, lease));
}

async function reseal(parts: RotationParts, scope: Scope, lease: Lease): Promise<number> {
  let moved = 0;
  const all = await listDataKeys(parts.database.db, scope);
  for (const old of all.filter((key) => key.retiredAt !== null && key.destroyedAt === null)) {
    for (const column of parts.columns) {
      for (;;) {
        const batch = await resealBatch(parts, scope, old.id, column, lease);
        moved += batch.moved;
        if (batch.seen === 0) break;
        // Let calls that arrived meanwhile go first.
        await nextTurn();
      }
    }
  }
  return moved;
}

async function resealBatch(
  { envelope }: RotationParts,
  scope: Scope,
  oldKeyId: string,
  column: SealedColumn,
  lease: Lease,
): Promise<{ readonly seen: number; readonly moved: number }> {
  return await envelope.writing(scope, async (trx, sealing) => {
    await lease.renew(trx);
    const rows = await column.sealedWith(trx, oldKeyId, BATCH);
    let moved = 0;
    for (const row of rows) {
      const sealed = await sealing.seal(row.place, await sealing.open(row.place, row.text));
      // Where it fails a writer was faster on PostgreSQL, and has sealed with the active key itself.
      if (await column.replace(trx, row, sealed.text, sealed.keyId)) moved++;
    }
    return { seen: rows.length, moved };
  });
}

const leaseName = (scope: Scope): string => `reseal ${scope.kind} ${scope.id}`;
