/**
 * One request being answered, whatever carries it (HTTP of either era, standard input). Methods see
 * this and nothing of transports; a transport implements it and sees nothing of methods.
 */
import type { ClientFace, Principal } from '#contract';
import type { JsonObject } from '#kernel';
import type { Group, NamespaceView } from '#toolbox';
import type { RequestId } from './json-rpc.ts';
import type { Revision } from './revision.ts';
import type { Session } from './session.ts';

export interface Exchange {
  readonly requestId: string;
  readonly id: RequestId;
  readonly method: string;
  readonly params: JsonObject;
  /** `_meta` of the params. */
  readonly meta: JsonObject;
  readonly revision: Revision;
  readonly principal: Principal;
  readonly view: NamespaceView;
  readonly group: Group;
  readonly session: Session | undefined;
  readonly client: ClientFace;
  /** Aborted when the client cancels or goes away. Read late: making it costs. */
  readonly signal: AbortSignal;
  /** Sends a notification that belongs to this request; false when this answer cannot carry one. */
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
