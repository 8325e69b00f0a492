import type { AuditEvent, AuditOrigin, AuditTrail, ClientFace, Principal } from '#contract';
import type { JsonObject } from '#kernel';
import type { Door } from './call.ts';
import type { Peer } from './peer.ts';

/** What of a request goes on record, whatever it asks for. */
export interface Recorded {
  readonly door: Door;
  readonly requestId: string;
  readonly principal: Principal;
  readonly peer: Peer;
  /** W3C trace context of the caller, where it sent one. */
  readonly traceparent?: string | undefined;
}

/** What it asks for. */
export interface Asked {
  readonly kind: 'tool' | 'prompt' | 'resource' | 'completion';
  readonly namespace: string;
  /** As the caller wrote it. */
  readonly name: string;
  readonly arguments?: JsonObject | undefined;
}

const VERB = { tool: 'call', prompt: 'get', resource: 'read', completion: 'complete' } as const;

/** How a call ended: what its outcome record says beyond who and what. */
export type Ending = Pick<AuditEvent, 'outcome' | 'error' | 'decision' | 'durationMs'>;

/**
 * The record of one call. Its intent is durable before anything happens that cannot be undone: before
 * a tool runs that writes, and before the first word to the client ahead of the answer. Its outcome is
 * durable before the answer. A call that only reads needs no intent: until its outcome is on record
 * nobody has seen what it read.
 */
export class CallRecord {
  readonly #trail: AuditTrail;
  readonly #recorded: Recorded;
  readonly #asked: Asked;
  #event: Omit<AuditEvent, 'outcome'> | undefined;
  #intent: Promise<{ readonly id: string }> | undefined;

  constructor(trail: AuditTrail, recorded: Recorded, asked: Asked) {
    this.#trail = trail;
    this.#recorded = recorded;
    this.#asked = asked;
  }

  /** Resolves when the intent is durable; rejects as `AuditTrail.append` does. */
  intend(): Promise<unknown> {
    this.#intent ??= this.#trail.append({ ...this.#what(), decision: 'permit', outcome: 'intent' });
    return this.#intent;
  }

  /** Resolves when the outcome is durable, and with it the intent, where one was begun; rejects likewise. */
  async settle(ending: Ending): Promise<void> {
    const event = this.#what();
    if (this.#intent === undefined) return void (await this.#trail.append({ ...event, ...ending }));
    const { id } = await this.#intent;
    await this.#trail.append({ ...event, ...ending, details: { intent: id } });
  }

  /** The client as a call may speak to it: nothing reaches it before the intent is on record. */
  client(face: ClientFace): ClientFace {
    // Whoever speaks later than the intent's failure is a call that is about to fail by it.
    const said = (say: () => void): void => void this.intend().then(say, () => {});
    return {
      capabilities: face.capabilities,
      state: face.state,
      progress: (...args) => said(() => face.progress(...args)),
      log: (...args) => said(() => face.log(...args)),
      request: async (inputs, state) => {
        await this.intend();
        return face.request(inputs, state);
      },
    };
  }

  /** Made once: intent and outcome say the same of who and what. */
  #what(): Omit<AuditEvent, 'outcome'> {
    if (this.#event !== undefined) return this.#event;
    const { kind, namespace, name, arguments: args } = this.#asked;
    return (this.#event = {
      class: 'tool-call',
      type: `${kind}.${VERB[kind]}`,
      ...originOf(this.#recorded),
      action: VERB[kind],
      object: { kind, namespace, name },
      ...(args !== undefined && { argumentsDigest: this.#trail.digest(args) }),
    });
  }
}

/** Who asked and how they came in. */
export function originOf({ door, requestId, principal, peer, traceparent }: Recorded): AuditOrigin {
  const traceId = traceparent === undefined ? undefined : TRACE_ID.exec(traceparent)?.[1];
  return {
    door: door === 'invoke' ? 'cli' : door,
    requestId,
    actor: actorOf(principal),
    ...(principal.act !== undefined && { delegation: principal.act }),
    ...addressOf(peer),
    ...(traceId !== undefined && { traceId }),
  };
}

/** Where a peer is and what it calls itself; nothing of what is not known. */
export const addressOf = ({ address, userAgent }: Peer): Pick<AuditOrigin, 'address' | 'userAgent'> => ({
  ...(address !== undefined && { address }),
  ...(userAgent !== undefined && userAgent !== '' && { userAgent }),
});

/** A principal as records name it. */
export function actorOf({ kind, iss, sub, name, via, tsid }: Principal): AuditEvent['actor'] {
  return {
    ...{ kind, iss, sub, name },
    ...(via.method === 'api-key' && { keyId: via.keyId }),
    ...(tsid !== undefined && { tsid }),
  };
}

/** W3C Trace Context §3.2: version, trace id, parent id, flags; a trace id of zeros is none. */
const TRACE_ID = /^[\da-f]{2}-(?!0{32})([\da-f]{32})-[\da-f]{16}-[\da-f]{2}/;
