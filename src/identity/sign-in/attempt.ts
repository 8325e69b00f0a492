import { CountedRefusals, REFUSAL_LIMITS, type CountedAs, type RefusalLimits } from '#audit';
import { ChatelaineError, type Clock } from '#kernel';
import { EVERYWHERE, type AuditEvent, type AuditTrail } from '#contract';
import { addressBlock } from '../throttle/address-block.ts';
import type { Session } from '../sessions/session.ts';
import type { Account } from './people.ts';
import { actorOf, originOf, personObject, type Visitor } from './visitor.ts';

/** What becomes known while an attempt is judged; all of it goes on record, whatever the end. */
export interface AttemptNotes {
  /** Who it is, once that is shown. */
  person?: Account | undefined;
  /** Whose name was given, while nothing is shown. */
  account?: Pick<Account, 'id'> | undefined;
  details: Record<string, string | number | boolean>;
  /**
   * Puts on record what is about to be changed. To be awaited when the attempt has proved right, before
   * anything is: a password, a factor or an approval that no record knows of would be there for good.
   */
  intend(): Promise<void>;
}

/** What is attempted: by a person in a session of theirs, or by nobody yet. */
interface Attempted extends Pick<AuditEvent, 'type' | 'action'> {
  readonly person?: Account;
  readonly session?: Pick<Session, 'id'>;
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
 * nobody has, and what stays changed is on record before as well (`intend`). Anybody can fail here as often as they like, so refusals are counted in a flood.
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
    { type, action, person, session }: Attempted,
    work: (notes: AttemptNotes) => Promise<Value>,
  ): Promise<Value> {
    let intended = false;
    const notes: AttemptNotes = {
      ...{ person, details: {} },
      intend: async () => {
        notes.details['intent'] = (await this.#trail.append(ended({ outcome: 'intent' }))).id;
        intended = true;
      },
    };
    const ended = (end: Pick<AuditEvent, 'outcome' | 'error'>): AuditEvent => ({
      ...{ class: 'authentication', type, action },
      ...this.#whose(visitor, notes, session?.id),
      ...end,
    });
    let value: Value;
    try {
      value = await work(notes);
    } catch (error) {
      const { code, status } = error instanceof ChatelaineError ? error : { code: 'INTERNAL', status: 500 };
      const event = ended({ outcome: status < 500 ? 'denied' : 'failure', error: code });
      // An intent without an outcome would say that nobody knows what became of it.
      if (intended) await this.#trail.append(event);
      else await this.#refusals.record(event, person?.id ?? addressBlock(visitor.address), countedAs(person));
      throw error;
    }
    await this.#trail.append(ended({ outcome: 'success' }));
    return value;
  }

  /** Puts on record what was refused without being tried; in a flood it is counted. Rejects as the trail does. */
  async refused(
    visitor: Visitor,
    { type, action, person, session, details = {} }: Attempted & { readonly details?: AttemptNotes['details'] },
    { code }: ChatelaineError,
  ): Promise<void> {
    const event: AuditEvent = {
      ...originOf(visitor, person, session?.id),
      ...{ class: 'authentication', type, action, outcome: 'denied', error: code, details },
    };
    await this.#refusals.record(event, person?.id ?? addressBlock(visitor.address), countedAs(person));
  }

  /**
   * Who acts and on whom. Whoever gives a name and has shown nothing is nobody: a record that names a person
   * waits for their key, and the time, or the failure of the key service, would tell that there is such a
   * person. What may be that person's own (name, address, browser) stands there as keyed digests.
   */
  #whose(visitor: Visitor, { person, account, details }: AttemptNotes, sessionId: string | undefined) {
    if (person !== undefined) return { ...originOf(visitor, person, sessionId), object: personObject(person), details };
    if (account === undefined) return { ...originOf(visitor, undefined), details };
    const { address, userAgent } = visitor;
    const digests = { addressDigest: this.#trail.digest(address), userAgentDigest: this.#trail.digest(userAgent) };
    return {
      ...originOf({ ...visitor, address: '', userAgent: '' }, undefined),
      object: { kind: 'account', namespace: EVERYWHERE, name: '', id: account.id },
      details: { ...details, ...digests },
    };
  }

  /** Puts on record what was only counted so far; rejects as the trail does. */
  async flush(): Promise<void> {
    await this.#refusals.flush();
  }
}
