/**
 * One request being answered, whatever carries it (HTTP of either era, standard input). Methods see
 * this and nothing of transports; a transport implements it and sees nothing of methods.
 */
import type { CallingClient, Principal } from '#contract';
import type { JsonObject, Secret } from '#kernel';
import type { Group, NamespaceView } from '#toolbox';
import type { DoorGuard } from '../pipeline/door-guard.ts';
import type { Peer } from '../pipeline/peer.ts';
import type { Rounds } from './input-required.ts';
import type { RequestId } from './json-rpc.ts';
import type { Revision } from './revision.ts';
import type { Session } from './session.ts';

/** What is known of a request when its answer begins. */
export interface RequestFacts {
  readonly requestId: string;
  readonly id: RequestId;
  readonly method: string;
  readonly params: JsonObject;
  /** `_meta` of the params. */
  readonly meta: JsonObject;
  readonly revision: Revision;
  readonly principal: Principal;
  /** The token of a sign-in that the caller came with. */
  readonly subjectToken?: Secret | undefined;
  readonly peer: Peer;
  readonly view: NamespaceView;
  readonly group: Group;
  /** What the door knows; undefined where nobody can bring tokens. */
  readonly guard: DoorGuard | undefined;
  /** The session of the request, where its era has sessions and it named one. */
  readonly session: Session | undefined;
  /** The rounds of the call, where its era asks in rounds and its method may ask. */
  readonly rounds: Rounds | undefined;
}

export interface Exchange extends RequestFacts {
  readonly client: CallingClient;
  /** Aborted when the client cancels or goes away. Read late: making it costs. */
  readonly signal: AbortSignal;
  /** What the answer carries as well, where the transport has headers and has not sent them. Flat: name, value. */
  carry?(headers: readonly string[]): void;
  /** Sends a message ahead of the answer; false when this answer cannot carry one, or is given. */
  send(message: string): boolean;
  /** Sends a notification that belongs to this request, as `send` does. */
  notify(method: string, params: JsonObject): boolean;
}

/** A result: an object to encode, or bytes that were encoded once for everybody. */
export type MethodResult = JsonObject | EncodedResult;

/** A result already encoded; `parts` are written in order. */
export class EncodedResult {
  readonly parts: readonly Buffer[];

  constructor(parts: readonly Buffer[]) {
    this.parts = parts;
  }
}

export interface Method {
  readonly eras: readonly ('stateless' | 'session')[];
  handle(exchange: Exchange): MethodResult | Promise<MethodResult>;
}
