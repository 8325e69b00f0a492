import type { AuditEvent, AuditOrigin, AuditTrail } from '#contract';
import { ChatelaineError } from '#kernel';

/** What somebody is about to change: the part of the record that is known beforehand. */
export interface IntendedChange {
  readonly class?: 'administration' | 'authentication' | 'credential';
  /** `user.created`, `key.revoked`. */
  readonly type: string;
  readonly action: string;
  readonly object: NonNullable<AuditEvent['object']>;
  readonly details?: AuditEvent['details'];
  /** Of a change that is about the arguments of a call. */
  readonly argumentsDigest?: AuditEvent['argumentsDigest'];
}

/** What a change gives, and what is known of it only afterwards. */
export interface Changed<Value> {
  readonly value: Value;
  readonly objectId?: string;
  readonly details?: AuditEvent['details'];
}

/**
 * The frame around every administrative change: its intent is durable before it happens, its outcome
 * before it is acknowledged. A record that cannot be written refuses the change; a change that was
 * refused or failed is on record as such. A process that dies in between leaves an intent without an
 * outcome, which says that nobody knows.
 *
 * Not in the transaction of the change: a transaction may be run again or fail to commit, and a
 * record of something that did not happen cannot be taken back.
 *
 * Throws what `work` throws, and `AUDIT_UNAVAILABLE` or `AUDIT_OVERLOADED`.
 */
export async function recordedChange<Value>(
  trail: AuditTrail,
  origin: AuditOrigin,
  change: IntendedChange,
  work: () => Promise<Changed<Value>>,
): Promise<Value> {
  const event = { class: 'administration' as const, ...origin, ...change };
  const { id: intent } = await trail.append({ ...event, outcome: 'intent' });
  let changed: Changed<Value>;
  try {
    changed = await work();
  } catch (error) {
    await trail.append({ ...event, ...failureOf(error), details: { ...change.details, intent } });
    throw error;
  }
  const { value, objectId, details } = changed;
  await trail.append({
    ...event,
    ...(objectId !== undefined && { object: { ...change.object, id: objectId } }),
    outcome: 'success',
    details: { ...change.details, ...details, intent },
  });
  return value;
}

/** A refusal is the caller's, a failure ours. */
export function failureOf(error: unknown): Pick<AuditEvent, 'outcome' | 'error'> {
  if (!(error instanceof ChatelaineError)) return { outcome: 'failure', error: 'INTERNAL' };
  return { outcome: error.status < 500 ? 'denied' : 'failure', error: error.code };
}
