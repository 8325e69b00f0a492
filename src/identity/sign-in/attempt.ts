import { ChatelaineError } from '#kernel';
import type { AuditEvent, AuditTrail } from '#contract';
import type { Account } from './people.ts';
import { originOf, personObject, type Visitor } from './visitor.ts';

/** What becomes known while an attempt is judged; all of it goes on record, whatever the end. */
export interface AttemptNotes {
  person?: Account | undefined;
  details: Record<string, string | number | boolean>;
}

/**
 * The frame around everything by which somebody shows who they are: it is on record, durably, before it
 * is answered. What cannot be recorded is refused; a session begun meanwhile is then one whose token
 * nobody has. Throws what `work` throws, and `AUDIT_UNAVAILABLE` or `AUDIT_OVERLOADED`.
 */
export async function recordedAttempt<Value>(
  trail: AuditTrail,
  visitor: Visitor,
  event: Pick<AuditEvent, 'type' | 'action'> & { readonly person?: Account },
  work: (notes: AttemptNotes) => Promise<Value>,
): Promise<Value> {
  const notes: AttemptNotes = { person: event.person, details: {} };
  const record = async (end: Pick<AuditEvent, 'outcome' | 'error'>): Promise<unknown> =>
    await trail.append({
      class: 'authentication',
      type: event.type,
      action: event.action,
      ...originOf(visitor, notes.person),
      ...(notes.person !== undefined && { object: personObject(notes.person) }),
      ...end,
      details: notes.details,
    });
  let value: Value;
  try {
    value = await work(notes);
  } catch (error) {
    if (!(error instanceof ChatelaineError)) await record({ outcome: 'failure', error: 'INTERNAL' });
    else await record({ outcome: error.status < 500 ? 'denied' : 'failure', error: error.code });
    throw error;
  }
  await record({ outcome: 'success' });
  return value;
}
