import { actorOf, type AuditEvent, type AuditTrail, type CredentialRefusal, type Principal } from '#contract';
import { BoundedCache, type ChatelaineError, type Clock } from '#kernel';
import { addressOf } from './call-record.ts';
import type { Peer } from './peer.ts';

/** The same caller from the same place is on record once in this time; each of its calls is anyhow. */
const KNOWN_MS = 15 * 60_000;
const KNOWN_KEPT = 10_000;

/** So many refusals of one minute are recorded one by one, of one address and of all. */
const MINUTE_MS = 60_000;
const EACH_FROM_ONE = 30;
const EACH_FROM_ALL = 600;
const ADDRESSES_KEPT = 10_000;

interface Minute {
  readonly since: number;
  recorded: number;
  counted: number;
  readonly byAddress: BoundedCache<string, number>;
}

const newMinute = (since: number): Minute => ({
  since,
  recorded: 0,
  counted: 0,
  byAddress: new BoundedCache(ADDRESSES_KEPT),
});

/** A visit to a door, as far as it goes on record before its caller is known. */
export interface Arrival {
  readonly door: AuditEvent['door'];
  readonly requestId: string;
  readonly peer: Peer;
}

/**
 * Puts on record who comes in and who does not: every refusal, and every caller that is new. Whoever sends
 * a flood of wrong keys must fill neither the disk nor the log with it: past a number in a minute
 * refusals are counted, and one record says how many there were.
 */
export class DoorRecords {
  readonly #trail: AuditTrail;
  readonly #clock: Clock;
  readonly #known = new BoundedCache<string, number>(KNOWN_KEPT);
  #minute = newMinute(Number.NEGATIVE_INFINITY);
  #timer: NodeJS.Timeout | undefined;

  constructor(trail: AuditTrail, clock: Clock) {
    this.#trail = trail;
    this.#clock = clock;
  }

  /** Resolves when the authentication is on record; undefined when it is already. Rejects as the trail does. */
  accepted(principal: Principal, arrival: Arrival): Promise<unknown> | undefined {
    const now = this.#clock.now();
    const { via } = principal;
    const credential = via.method === 'api-key' ? via.keyId : `${via.method} ${principal.sub}`;
    const place = `${credential} ${arrival.peer.certificateSerial ?? ''} ${arrival.peer.address ?? ''}`;
    const since = this.#known.get(place);
    if (since !== undefined && Math.abs(now - since) < KNOWN_MS) return undefined;
    const appended = this.#trail.append({
      class: 'authentication',
      type: 'authentication',
      ...{ door: arrival.door, requestId: arrival.requestId },
      ...addressOf(arrival.peer),
      actor: actorOf(principal),
      action: 'authenticate',
      decision: 'permit',
      outcome: 'success',
      details: { method: via.method },
    });
    // Known once it is durable: a failure must not make the next one pass unrecorded.
    return appended.then(() => this.#known.set(place, now));
  }

  /** Puts a credential that does not count on record, or counts it. Rejects as the trail does. */
  refused(refusal: CredentialRefusal | 'absent', arrival: Arrival): Promise<void> {
    const { reason, detail } = refusal === 'absent' ? { reason: 'absent' as const, detail: undefined } : refusal;
    return this.#turnedAway(arrival, {
      class: 'authentication',
      type: 'authentication',
      action: 'authenticate',
      outcome: reason === 'unavailable' ? 'failure' : 'denied',
      error: reason === 'unavailable' ? 'CREDENTIAL_UNVERIFIABLE' : 'UNAUTHENTICATED',
      details: { reason, ...(detail !== undefined && { credential: detail }) },
    });
  }

  /** Puts on record that a request got no further than the door, whoever sent it. Likewise. */
  stopped(error: ChatelaineError, arrival: Arrival, principal?: Principal): Promise<void> {
    return this.#turnedAway(arrival, {
      ...{ class: 'authorization', type: 'door', action: 'enter', outcome: 'denied', error: error.code },
      ...(principal !== undefined && { actor: actorOf(principal) }),
    });
  }

  /** Resolves when the refusal is on record, or counted for the record of its minute. Rejects as the trail does. */
  async #turnedAway(
    { door, requestId, peer }: Arrival,
    event: Pick<AuditEvent, 'class' | 'type' | 'action' | 'outcome' | 'error' | 'details'> & Partial<AuditEvent>,
  ): Promise<void> {
    const now = this.#clock.now();
    if (Math.abs(now - this.#minute.since) >= MINUTE_MS) {
      const past = this.#minute;
      this.#minute = newMinute(now);
      await this.#writeCounted(past);
    }
    const minute = this.#minute;
    const address = peer.address ?? '';
    const fromOne = (minute.byAddress.get(address) ?? 0) + 1;
    minute.byAddress.set(address, fromOne);
    if (fromOne > EACH_FROM_ONE || minute.recorded >= EACH_FROM_ALL) {
      minute.counted++;
      this.#timer ??= setTimeout(() => void this.flush().catch(() => {}), MINUTE_MS).unref();
      return;
    }
    minute.recorded++;
    await this.#trail.append({
      ...{ door, requestId },
      ...addressOf(peer),
      actor: NOBODY,
      decision: 'forbid',
      ...event,
    });
  }

  /** Writes what was only counted so far; rejects as the trail does, and then goes on counting. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#writeCounted(this.#minute);
  }

  async #writeCounted(minute: Minute): Promise<void> {
    const { counted, since } = minute;
    if (counted === 0) return;
    minute.counted = 0;
    try {
      await this.#trail.append({
        class: 'authentication',
        type: 'authentication.flood',
        door: 'system',
        actor: NOBODY,
        action: 'authenticate',
        decision: 'forbid',
        outcome: 'denied',
        details: { refusals: counted, since: new Date(since).toISOString() },
      });
    } catch (error) {
      this.#minute.counted += counted;
      throw error;
    }
  }
}

/** Who presents nothing that counts is nobody in particular. */
const NOBODY = { kind: 'anonymous', iss: 'chatelaine', sub: 'anonymous', name: 'anonymous' } as const;
