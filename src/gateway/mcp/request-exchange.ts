import type { CallingClient, Principal } from '#contract';
import type { JsonObject, Secret } from '#kernel';
import type { Group, NamespaceView } from '#toolbox';
import type { DoorGuard } from '../pipeline/door-guard.ts';
import type { Peer } from '../pipeline/peer.ts';
import { sessionClient, statelessClient } from './client-face.ts';
import type { Exchange, RequestFacts } from './exchange.ts';
import type { Rounds } from './input-required.ts';
import { encodeNotification, type RequestId } from './json-rpc.ts';
import type { Revision } from './revision.ts';
import type { Session } from './session.ts';

/**
 * What an exchange is on every transport: its facts, and the client behind it, which its era decides.
 * A transport adds how a message travels and what cancels.
 */
export abstract class RequestExchange implements Exchange {
  readonly requestId: string;
  readonly id: RequestId;
  readonly method: string;
  readonly params: JsonObject;
  readonly meta: JsonObject;
  readonly revision: Revision;
  readonly principal: Principal;
  readonly subjectToken: Secret | undefined;
  readonly peer: Peer;
  readonly view: NamespaceView;
  readonly group: Group;
  readonly guard: DoorGuard | undefined;
  readonly session: Session | undefined;
  readonly rounds: Rounds | undefined;
  #client: CallingClient | undefined;

  constructor(facts: RequestFacts) {
    this.requestId = facts.requestId;
    this.id = facts.id;
    this.method = facts.method;
    this.params = facts.params;
    this.meta = facts.meta;
    this.revision = facts.revision;
    this.principal = facts.principal;
    this.subjectToken = facts.subjectToken;
    this.peer = facts.peer;
    this.view = facts.view;
    this.group = facts.group;
    this.guard = facts.guard;
    this.session = facts.session;
    this.rounds = facts.rounds;
  }

  get client(): CallingClient {
    return (this.#client ??= this.revision.era === 'stateless' ? statelessClient(this) : sessionClient(this));
  }

  notify(method: string, params: JsonObject): boolean {
    return this.send(encodeNotification(method, params));
  }

  abstract get signal(): AbortSignal;
  abstract send(message: string): boolean;
}
