import { CountedRefusals, type CountedAs } from '#audit';
import { actorOf, type AuditEvent, type AuditTrail, type CredentialRefusal, type Principal } from '#contract';
import { BoundedCache, type ChatelaineError, type Clock } from '#kernel';
import { addressOf } from './call-record.ts';
import type { Peer } from './peer.ts';

/** The same caller from the same place is on record once in this time; each of its calls is anyhow. */
const KNOWN_MS = 15 * 60_000;
const KNOWN_KEPT = 10_000;

/** A visit to a door, as far as it goes on record before its caller is known. */
export interface Arrival {
  readonly door: AuditEvent['door'];
  readonly requestId: string;
  readonly peer: Peer;
}

/**
 * Puts on record who comes in and who does not: every caller that is new, and every refusal, one by one
 * or, in a flood, counted. Strangers are limited by their address, callers that are known by their
 * credential, each by themselves: else a flood from outside would hide what somebody inside tries.
 */
export class DoorRecords {
  readonly #trail: AuditTrail;
  readonly #clock: Clock;
  readonly #known = new BoundedCache<string, number>(KNOWN_KEPT);
  readonly #strangers: CountedRefusals;
  readonly #callers: CountedRefusals;

  constructor(trail: AuditTrail, clock: Clock) {
    this.#trail = trail;
    this.#clock = clock;
    this.#strangers = new CountedRefusals(trail, clock);
    this.#callers = new CountedRefusals(trail, clock);
  }

  /** Resolves when the authentication is on record; undefined when it is already. Rejects as the trail does. */
  accepted(principal: Principal, arrival: Arrival): Promise<unknown> | undefined {
    const now = this.#clock.now();
    const place = `${credentialOf(principal)} ${arrival.peer.certificateSerial ?? ''} ${arrival.peer.address ?? ''}`;
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
      details: detailsOf(principal),
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
    const event = {
      class: 'authorization',
      type: 'door',
      action: 'enter',
      outcome: 'denied',
      error: error.code,
    } as const;
    if (principal === undefined) return this.#turnedAway(arrival, event);
    const { door, requestId, peer } = arrival;
    return this.denied(principal, {
      ...{ door, requestId },
      ...addressOf(peer),
      actor: actorOf(principal),
      decision: 'forbid',
      ...event,
    });
  }

  /** Puts on record what a caller that is known may not do. Likewise. */
  denied(principal: Principal, event: AuditEvent): Promise<void> {
    const credential = credentialOf(principal);
    return this.#callers.record(event, credential, {
      of: `${event.door} ${credential}`,
      event: {
        class: 'authorization',
        type: 'authorization.flood',
        door: event.door,
        actor: event.actor,
        action: 'authorize',
      },
    });
  }

  #turnedAway(
    { door, requestId, peer }: Arrival,
    event: Pick<AuditEvent, 'class' | 'type' | 'action' | 'outcome' | 'error' | 'details'>,
  ): Promise<void> {
    const refusal = {
      ...{ door, requestId },
      ...addressOf(peer),
      actor: NOBODY,
      decision: 'forbid' as const,
      ...event,
    };
    return this.#strangers.record(refusal, peer.address ?? '', STRANGERS);
  }

  /** Writes what was only counted so far; rejects as the trail does, and then goes on counting. */
  async flush(): Promise<void> {
    const [strangers, callers] = await Promise.allSettled([this.#strangers.flush(), this.#callers.flush()]);
    for (const flushed of [strangers, callers]) if (flushed.status === 'rejected') throw flushed.reason;
  }
}

/** A session is one credential, as a key is: the second one that somebody steals is on record like the first. */
function credentialOf({ via, sub }: Principal): string {
  if (via.method === 'api-key') return via.keyId;
  if (via.method === 'token') return `token ${via.issuer} ${sub} ${via.jti ?? ''}`;
  return `${via.method} ${via.method === 'session' ? via.sessionId : sub}`;
}

/** How they came in; of a token, who vouched for it and through which client it was had. */
function detailsOf({ via, clientId }: Principal): NonNullable<AuditEvent['details']> {
  if (via.method !== 'token') return { method: via.method };
  const { method, issuer, service, jti } = via;
  return {
    ...{ method, issuer },
    ...(service !== undefined && { service }),
    ...(jti !== undefined && { jti }),
    ...(clientId !== undefined && { clientId }),
  };
}

/** Who presents nothing that counts is nobody in particular. */
const NOBODY = { kind: 'anonymous', iss: 'chatelaine', sub: 'anonymous', name: 'anonymous' } as const;

/** Of strangers there are as many as an attacker has addresses; their count is one. */
const STRANGERS: CountedAs = {
  of: 'strangers',
  event: {
    class: 'authentication',
    type: 'authentication.flood',
    door: 'system',
    actor: NOBODY,
    action: 'authenticate',
  },
};
