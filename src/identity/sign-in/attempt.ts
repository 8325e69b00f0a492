import { CountedRefusals, REFUSAL_LIMITS, type CountedAs, type RefusalLimits } from '#audit';
import { ChatelaineError, type Clock } from '#kernel';
import type { AuditEvent, AuditTrail } from '#contract';
import { addressBlock } from '../throttle/address-block.ts';
import type { Account } from './people.ts';
import { actorOf, originOf, personObject, type Visitor } from './visitor.ts';

/** What becomes known while an attempt is judged; all of it goes on record, whatever the end. */
export interface AttemptNotes {
  person?: Account | undefined;
  details: Record<string, string | number | boolean>;
}

/** As many passwords as `ADDRESS_BUDGET` lets be judged are recorded each, whoever asks. */
const LIMITS: RefusalLimits = { ...REFUSAL_LIMITS, fromOne: 60 };

/** Who has a session is counted as who they are; visitors, of whom there is no end, as one. */
const countedAs = (person: Account | undefined): CountedAs => ({
  of: person?.id ?? 'visitors',
  event: {
    class: 'authentication',
    type: 'sign-in.flood',
    ...{ door: 'console', actor: actorOf(person) },
    action: 'sign-in',
  },
});

/**
 * The frame around everything by which somebody shows who they are: it is on record, durably, before it
 * is answered. What cannot be recorded is refused; a session begun meanwhile is then one whose token
 * nobody has. Anybody can fail here as often as they like, so refusals are counted in a flood.
 */
export class Attempts {
  readonly #trail: AuditTrail;
  readonly #refusals: CountedRefusals;

  constructor({ trail, clock }: { readonly trail: AuditTrail; readonly clock: Clock }) {
    this.#trail = trail;
    this.#refusals = new CountedRefusals(trail, clock, LIMITS);
  }

  /** Throws what `work` throws, and `AUDIT_UNAVAILABLE` or `AUDIT_OVERLOADED`. */
  async recorded<Value>(
    visitor: Visitor,
    { type, action, person }: Pick<AuditEvent, 'type' | 'action'> & { readonly person?: Account },
    work: (notes: AttemptNotes) => Promise<Value>,
  ): Promise<Value> {
    const notes: AttemptNotes = { person, details: {} };
    const ended = (end: Pick<AuditEvent, 'outcome' | 'error'>): AuditEvent => ({
      ...{ class: 'authentication', type, action },
      ...originOf(visitor, notes.person),
      ...(notes.person !== undefined && { object: personObject(notes.person) }),
      ...end,
      details: notes.details,
    });
    let value: Value;
    try {
      value = await work(notes);
    } catch (error) {
      const { code, status } = error instanceof ChatelaineError ? error : { code: 'INTERNAL', status: 500 };
      const event = ended({ outcome: status < 500 ? 'denied' : 'failure', error: code });
      await this.#refusals.record(event, person?.id ?? addressBlock(visitor.address), countedAs(person));
      throw error;
    }
    await this.#trail.append(ended({ outcome: 'success' }));
    return value;
  }

  /** Puts on record what was only counted so far; rejects as the trail does. */
  async flush(): Promise<void> {
    await this.#refusals.flush();
  }
}
