import {
  actorOf,
  traceIdOf,
  type AuditEvent,
  type AuditOrigin,
  type AuditPosition,
  type AuditTrail,
  type ClientFace,
  type Principal,
} from '#contract';
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
const TYPE = {
  tool: 'tool.call',
  prompt: 'prompt.get',
  resource: 'resource.read',
  completion: 'completion.complete',
} as const;

/** How a call ended: what its outcome record says beyond who and what. */
export type Ending = Pick<AuditEvent, 'outcome' | 'error' | 'decision' | 'durationMs'>;

const INTENT: Ending = { outcome: 'intent', decision: 'permit' };

const NOBODY: readonly never[] = Object.freeze([]);

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
  #argumentsDigest: string | undefined;
  #intent: Promise<AuditPosition> | undefined;
  /** On whose behalf, as tokens beside the credential say; none for most calls. */
  onBehalfOf: readonly { readonly iss: string; readonly sub: string }[] = NOBODY;

  constructor(trail: AuditTrail, recorded: Recorded, asked: Asked) {
    this.#trail = trail;
    this.#recorded = recorded;
    this.#asked = asked;
  }

  /** Resolves when the intent is durable; rejects as `AuditTrail.append` does. */
  intend(): Promise<unknown> {
    return (this.#intent ??= this.#trail.append(this.#event(INTENT, undefined)));
  }

  /** Resolves when the outcome is durable, and with it the intent, where one was begun; rejects likewise. */
  settle(ending: Ending): Promise<unknown> {
    if (this.#intent === undefined) return this.#trail.append(this.#event(ending, undefined));
    return this.#intent.then(({ id }) => this.#trail.append(this.#event(ending, { intent: id })));
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

  /** One literal with every member, and no spreading: this is made for every call. */
  #event({ outcome, error, decision, durationMs }: Ending, details: AuditEvent['details']): AuditEvent {
    const { door, requestId, principal, peer, traceparent } = this.#recorded;
    const { kind, namespace, name, arguments: args } = this.#asked;
    if (args !== undefined) this.#argumentsDigest ??= this.#trail.digest(args);
    return {
      class: 'tool-call',
      type: TYPE[kind],
      door: door === 'invoke' ? 'cli' : door,
      requestId,
      actor: actorOf(principal),
      delegation: this.onBehalfOf.length === 0 ? principal.act : [...(principal.act ?? NOBODY), ...this.onBehalfOf],
      action: VERB[kind],
      object: { kind, namespace, name, id: undefined },
      decision,
      argumentsDigest: this.#argumentsDigest,
      outcome,
      error,
      durationMs,
      address: peer.address,
      userAgent: peer.userAgent || undefined,
      certificateSerial: peer.certificateSerial,
      traceId: traceIdOf(traceparent),
      details,
    };
  }
}

/** Where a peer is, what it calls itself and what it showed; nothing of what is not known. */
export const addressOf = ({
  address,
  userAgent,
  certificateSerial,
}: Peer): Pick<AuditOrigin, 'address' | 'userAgent' | 'certificateSerial'> => ({
  ...(address !== undefined && { address }),
  ...(userAgent !== undefined && userAgent !== '' && { userAgent }),
  ...(certificateSerial !== undefined && { certificateSerial }),
});
