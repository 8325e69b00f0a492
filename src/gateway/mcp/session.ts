/**
 * A session of the 2025 revisions: what `initialize` agreed on, and the ways back to the client.
 * Bound to the principal that opened it; maps are made when first needed, since most sessions idle.
 */
import type { InputRequest, McpLogLevel, Principal } from '#contract';
import { randomToken, type JsonObject } from '#kernel';
import { encodeNotification, type RequestId } from './json-rpc.ts';
import { gatewayError } from '../errors.ts';
import type { EventStream } from './event-stream.ts';

/** What a session asks a client for, and who waits for the answer. */
interface Waiting {
  readonly resolve: (result: JsonObject) => void;
  readonly reject: (reason: Error) => void;
}

export class Session {
  readonly id: string;
  readonly version: string;
  readonly principal: Principal;
  /** Where it was opened: doors of other namespaces do not know it. */
  readonly namespace: string;
  readonly capabilities: JsonObject;
  logLevel: McpLogLevel | undefined;
  lastUsed: number;
  #streams: Set<EventStream> | undefined;
  #running: Map<RequestId, AbortController> | undefined;
  #waiting: Map<RequestId, Waiting> | undefined;
  #subscriptions: Map<string, AbortController> | undefined;
  #asked = 0;
  /** Where the session has one channel instead of streams (standard output). */
  readonly #outlet: ((message: string) => boolean) | undefined;

  constructor(options: {
    version: string;
    principal: Principal;
    namespace: string;
    capabilities: JsonObject;
    now: number;
    /** What its id begins with; 256 random bits follow. */
    prefix?: string;
    outlet?: (message: string) => boolean;
  }) {
    this.id = (options.prefix ?? '') + randomToken();
    this.version = options.version;
    this.principal = options.principal;
    this.namespace = options.namespace;
    this.capabilities = options.capabilities;
    this.lastUsed = options.now;
    this.#outlet = options.outlet;
  }

  /** Requests in flight and questions to the client: whoever has some is in use. */
  get pending(): number {
    return (this.#running?.size ?? 0) + (this.#waiting?.size ?? 0);
  }

  belongsTo(principal: Principal, namespace: string): boolean {
    return this.principal.iss === principal.iss && this.principal.sub === principal.sub && this.namespace === namespace;
  }

  // ── streams the client holds open (GET) ─────────────────────────────────────────────────────────

  get streams(): number {
    return this.#streams?.size ?? 0;
  }

  attach(stream: EventStream): void {
    (this.#streams ??= new Set()).add(stream);
    stream.onClose(() => this.#streams?.delete(stream));
  }

  /** Sends a notification that belongs to no request, on one of the open streams (never on two). */
  notify(method: string, params: JsonObject): void {
    const message = encodeNotification(method, params);
    if (this.#outlet !== undefined) this.#outlet(message);
    else this.#speaking?.send(message);
  }

  /** Whether what belongs to no request goes out on this stream. */
  speaksOn(stream: EventStream): boolean {
    return this.#speaking === stream;
  }

  get #speaking(): EventStream | undefined {
    return this.#streams?.values().next().value;
  }

  // ── requests in flight, for `notifications/cancelled` ───────────────────────────────────────────

  start(id: RequestId, controller: AbortController): void {
    (this.#running ??= new Map()).set(id, controller);
  }

  /** An id that came twice belongs to the request that came last. */
  finish(id: RequestId, controller: AbortController): void {
    if (this.#running?.get(id) === controller) this.#running.delete(id);
  }

  cancel(id: RequestId, reason: string | undefined): void {
    this.#running?.get(id)?.abort(new Error(reason ?? 'the client cancelled the request'));
  }

  // ── requests to the client ──────────────────────────────────────────────────────────────────────

  /**
   * Sends the questions by `send` and waits for all answers, or for the call's end. One that is refused
   * takes the others back: nobody waits for them any more.
   */
  async ask(
    inputs: Readonly<Record<string, InputRequest>>,
    send: (message: string) => boolean,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, JsonObject>>> {
    const refused = new AbortController();
    const over = AbortSignal.any([signal, refused.signal]);
    const asked = Object.entries(inputs).map(
      async ([key, input]) => [key, await this.#askOne(input, send, over)] as const,
    );
    try {
      return Object.fromEntries(await Promise.all(asked));
    } catch (error) {
      refused.abort(error);
      throw error;
    }
  }

  #askOne(input: InputRequest, send: (message: string) => boolean, signal: AbortSignal): Promise<JsonObject> {
    const id = `chatelaine-${++this.#asked}`;
    const waiting = (this.#waiting ??= new Map<RequestId, Waiting>());
    return new Promise<JsonObject>((resolve, reject) => {
      const abort = (): void => {
        waiting.delete(id);
        send(encodeNotification('notifications/cancelled', { requestId: id }));
        reject(signal.reason as Error);
      };
      if (signal.aborted) return reject(signal.reason as Error);
      signal.addEventListener('abort', abort, { once: true });
      const settled = (): void => {
        waiting.delete(id);
        signal.removeEventListener('abort', abort);
      };
      waiting.set(id, {
        resolve: (result) => (settled(), resolve(result)),
        reject: (reason) => (settled(), reject(reason)),
      });
      if (!send(JSON.stringify({ jsonrpc: '2.0', id, method: input.method, params: input.params ?? {} }))) {
        waiting.get(id)?.reject(gatewayError('CLIENT_REFUSED', 'the client reads no stream, so it cannot be asked'));
      }
    });
  }

  /** The client's answer to something asked; answers to nothing are dropped. */
  answer(id: RequestId, result: JsonObject | undefined, error: JsonObject | undefined): void {
    const waiting = this.#waiting?.get(id);
    if (result !== undefined) waiting?.resolve(result);
    else
      waiting?.reject(
        gatewayError(
          'CLIENT_REFUSED',
          `the client refused: ${JSON.stringify(error?.['message'] ?? 'no reason given')}`,
        ),
      );
  }

  // ── resource subscriptions ──────────────────────────────────────────────────────────────────────

  /** The signal that ends the subscription; undefined when there is one already. */
  subscribe(uri: string): AbortSignal | undefined {
    const subscriptions = (this.#subscriptions ??= new Map<string, AbortController>());
    if (subscriptions.has(uri)) return undefined;
    const controller = new AbortController();
    subscriptions.set(uri, controller);
    return controller.signal;
  }

  unsubscribe(uri: string): void {
    this.#subscriptions?.get(uri)?.abort();
    this.#subscriptions?.delete(uri);
  }

  /** Ends everything that hangs on the session. */
  end(): void {
    const reason = new Error('the session ended');
    for (const controller of this.#running?.values() ?? []) controller.abort(reason);
    for (const controller of this.#subscriptions?.values() ?? []) controller.abort(reason);
    for (const waiting of this.#waiting?.values() ?? []) waiting.reject(reason);
    for (const stream of this.#streams ?? []) stream.end();
  }
}
