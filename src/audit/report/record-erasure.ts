import type { AuditOrigin } from '#contract';
import type { AuditLog } from '../audit-log.ts';
import type { Receipt } from '../receipt/receipt.ts';
import { recordedChange } from '../recorded-change.ts';

export const ERASURE_TYPE = 'user.erased';

export interface RecordedErasure {
  /** Milliseconds; when the keys were destroyed. */
  readonly erasedAt: number;
  /** Proves to the person, and to whoever supervises, that it was done and when. */
  readonly receipt: Receipt;
}

/**
 * Erases a person and has it on record: the intent before, the outcome before it is acknowledged. The
 * records stay, and so does the chain; what they said of the person can be read by nobody. `subject`
 * is whose key goes (`subjectOf`); `erase` destroys it and gives when. Throws what `erase` throws, and
 * as `AuditLog.append` and `receipt` do.
 */
export async function recordErasure(
  log: AuditLog,
  origin: AuditOrigin,
  subject: string,
  erase: () => Promise<number>,
): Promise<RecordedErasure> {
  const object = { kind: 'user', namespace: '', name: subject, id: subject };
  let erasedAt = 0;
  await recordedChange(log, origin, { type: ERASURE_TYPE, action: 'erase', object }, async () => {
    erasedAt = await erase();
    return { value: undefined, details: { erasedAt: new Date(erasedAt).toISOString() } };
  });
  const filter = { type: ERASURE_TYPE, objectId: subject, outcome: 'success' } as const;
  const [record] = (await log.query(filter, { limit: 1 })).records;
  return { erasedAt, receipt: await log.receipt(record?.id ?? '') };
}
