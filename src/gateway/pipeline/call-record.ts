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
import type { Decision } from '#policy';
import type { ToolQuestion } from '../decisions/question.ts';
import type { Door } from './call-request.ts';
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
  /** The digest of the definition that is called, where tools are pinned. */
  pin: string | undefined;
  /** The MCP server behind us that the tool, prompt or resource is of. */
  server: string | undefined;
  /** What was done to the answer: counts and names, nothing of what stood in it. */
  noted: AuditEvent['details'];
  /** What policies said, and of whom and what. */
  judged: { readonly decision: Decision; readonly question: ToolQuestion } | undefined;

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
    if (this.#intent === undefined) return this.#trail.append(this.#event(ending, this.noted));
    return this.#intent.then(({ id }) => this.#trail.append(this.#event(ending, { ...this.noted, intent: id })));
  }

  /** The client as a call may speak to it: nothing reaches it before the intent is on record. */
  client(face: ClientFace): ClientFace {
    // Whoever speaks later than the intent's failure is a call that is about to fail by it.
    const said = (say: () => void): void => void this.intend().then(say, () => {});
    return {
      capabilities: face.capabilities,
      state: face.state,
      logLevel: face.logLevel,
      progress: (...args) => said(() => face.progress(...args)),
      log: (...args) => said(() => face.log(...args)),
      request: async (inputs, state) => {
        await this.intend();
        return face.request(inputs, state);
      },
    };
  }

  /** One literal with every member, and no spreading: this is made for every call. */
  #event({ outcome, error, decision, durationMs }: Ending, noted: AuditEvent['details']): AuditEvent {
    const { door, requestId, principal, peer, traceparent } = this.#recorded;
    const { kind, namespace, name, arguments: args } = this.#asked;
    if (args !== undefined) this.#argumentsDigest ??= this.#trail.digest(args);
    const facts = factsOf(this.judged);
    const details = this.server === undefined ? noted : { ...noted, server: this.server };
    const isPersonal = principal.kind === 'user';
    return {
      class: 'tool-call',
      type: TYPE[kind],
      door: door === 'invoke' ? 'cli' : door,
      requestId,
      actor: actorOf(principal),
      delegation: this.onBehalfOf.length === 0 ? principal.act : [...(principal.act ?? NOBODY), ...this.onBehalfOf],
      action: VERB[kind],
      object: { kind, namespace, name, id: this.pin },
      decision,
      policy: policyOf(this.judged),
      argumentsDigest: this.#argumentsDigest,
      outcome,
      error,
      durationMs,
      address: peer.address,
      userAgent: peer.userAgent || undefined,
      certificateSerial: peer.certificateSerial,
      traceId: traceIdOf(traceparent),
      details: facts === undefined || isPersonal ? details : { ...details, facts },
      personal: facts === undefined || !isPersonal ? undefined : { facts },
    };
  }
}

/** The policies that decided, and digests of caller and tool as they saw them. */
const policyOf = (judged: CallRecord['judged']): AuditEvent['policy'] =>
  judged && {
    version: judged.decision.version,
    ids: judged.decision.determining,
    principal: judged.question.principal.key,
    resource: judged.question.resource.key,
  };

/**
 * What the policies looked at, as JSON: arguments may be among it, so it is a person's where one calls. Beside it
 * stands what cannot be seen in it: arguments that Cedar has no value for, and that none was looked at. Whoever
 * decides again by other policies must know.
 */
function factsOf(judged: CallRecord['judged']): string | undefined {
  if (judged === undefined) return undefined;
  const { decision, question } = judged;
  const { facts, because, allowed, errors } = decision;
  if (allowed) return factsOfAllowed(decision);
  const remarks = {
    ...(because === 'argument' && { unrepresentable: errors[0]?.message.split(', ') }),
    ...(question.arguments === undefined && { withoutArguments: true }),
  };
  return textOf({ ...facts, ...remarks });
}

const textOf = (facts: object): string | undefined => {
  const text = JSON.stringify(facts);
  return text === '{}' ? undefined : text;
};

const textsOfAllowed = new WeakMap<Decision, { readonly text: string | undefined }>();

/** Once a decision: those that are remembered stand in the record of many calls. */
function factsOfAllowed(decision: Decision): string | undefined {
  let known = textsOfAllowed.get(decision);
  if (known === undefined) textsOfAllowed.set(decision, (known = { text: textOf(decision.facts) }));
  return known.text;
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
