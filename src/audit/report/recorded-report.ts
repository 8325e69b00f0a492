import type { AuditEvent, AuditOrigin, AuditTrail } from '#contract';
import { failureOf } from '../recorded-change.ts';

/** A report that is to leave. */
export interface LeavingReport {
  /** `report.person`, `report.access`. */
  readonly type: string;
  readonly object: NonNullable<AuditEvent['object']>;
  /** What was asked for. */
  readonly details?: AuditEvent['details'];
}

/**
 * A report on record, in the pieces that it leaves in: whoever reads everything of somebody, or of many, is
 * known. Its intent is durable before the first byte, its outcome before the last, so that nobody has the
 * whole of a report that the record does not speak of. One that fails is on record as such; one that
 * whoever asked did not wait for, as `unknown`: nobody can tell how much of it they have.
 *
 * Throws what `pieces` throws, and `AUDIT_UNAVAILABLE` or `AUDIT_OVERLOADED`.
 */
export async function* recordedReport<Piece>(
  trail: Pick<AuditTrail, 'append'>,
  origin: AuditOrigin,
  report: LeavingReport,
  pieces: AsyncIterable<Piece>,
): AsyncGenerator<Piece, void, undefined> {
  const event = { class: 'audit' as const, ...origin, ...report, action: 'export' };
  const { id: intent } = await trail.append({ ...event, outcome: 'intent' });
  const details = { ...report.details, intent };
  let ended: Pick<AuditEvent, 'outcome' | 'error'> = { outcome: 'unknown' };
  let held: Piece | undefined;
  try {
    for await (const piece of pieces) {
      if (held !== undefined) yield held;
      held = piece;
    }
    ended = { outcome: 'success' };
  } catch (error) {
    ended = failureOf(error);
    throw error;
  } finally {
    await trail.append({ ...event, ...ended, details });
  }
  if (held !== undefined) yield held;
}
