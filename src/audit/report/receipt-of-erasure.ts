import { ChatelaineError } from '#kernel';
import type { AuditLog } from '../audit-log.ts';
import type { Receipt } from '../receipt/receipt.ts';

/** What says that a person was erased. */
export interface ErasureOnRecord {
  /** The id of the record that says so. */
  readonly record: string;
  /** Proves to the person, and to whoever supervises, that it was done and when; undefined while it cannot be made. */
  readonly receipt: Receipt | undefined;
}

/**
 * The record of an erasure that was done, and its receipt: the id of the person stands in it, and nothing else
 * of them. The person is gone whether or not a receipt can be made now, so its failure is no failure
 * of the erasure: it can be asked for again. Undefined where the log has no such record, or cannot say.
 */
export async function receiptOfErasure(
  log: Pick<AuditLog, 'query' | 'receipt'>,
  userId: string,
): Promise<ErasureOnRecord | undefined> {
  const filter = { type: 'user.erase', objectId: userId, outcome: 'success' } as const;
  let record: string | undefined;
  try {
    record = (await log.query(filter, { limit: 1 })).records[0]?.id;
    return record === undefined ? undefined : { record, receipt: await log.receipt(record) };
  } catch (error) {
    if (!(error instanceof ChatelaineError)) throw error;
    return record === undefined ? undefined : { record, receipt: undefined };
  }
}
