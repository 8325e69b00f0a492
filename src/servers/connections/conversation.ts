/**
 * What connections of both eras have in common: requests that run, what the server says meanwhile and whose it is,
 * news, and the end. The eras fill in how a request is dressed and called off, and what becomes of the rest.
 */
import type { JsonObject, Logger } from '#kernel';
import { connectionError } from './errors.ts';
import { encodeRequest, type ServerNotification, type ServerRequest, type ServerResponse } from './message.ts';
import type { Era } from './revision.ts';
import { callersParams, RunningRequests, type RunningRequest } from './running-requests.ts';
import { ServerError, type RequestOptions, type ServerConnection } from './server-connection.ts';
import type { Wire, WireLimits } from './wire.ts';

export interface ConversationOptions {
  /** The server's name. */
  readonly server: string;
  readonly wire: Wire;
  readonly limits: WireLimits;
  readonly log: Logger;
  /** Of the requests, 1 unless said: on a wire that others used before, an answer to one of theirs may still come. */
  readonly firstId?: number;
}

type News = (method: string, params: JsonObject) => void;

export abstract class Conversation implements ServerConnection {
  abstract readonly era: Era;
  abstract readonly version: string;
  abstract readonly capabilities: JsonObject;
  abstract readonly serverInfo: JsonObject | undefined;
  abstract readonly instructions: string | undefined;

  protected readonly server: string;
  protected readonly wire: Wire;
  protected readonly log: Logger;
  protected readonly running: RunningRequests;
  readonly #news = new Set<News>();
  readonly #ends = new Set<(reason: Error) => void>();
  #ended: Error | undefined;

  constructor({ server, wire, limits, log, firstId = 1 }: ConversationOptions) {
    this.server = server;
    this.wire = wire;
    this.log = log;
    this.running = new RunningRequests(server, limits.maxInFlight, firstId);
    wire.attach({
      received: (message) => this.#hear(message, undefined),
      ended: (reason) => this.end(reason),
    });
  }

  /** The params as this era sends them. */
  protected abstract dressed(params: JsonObject, running: RunningRequest): JsonObject;
  /** Tells the server that nobody waits any more. */
  protected abstract callOff(running: RunningRequest): void;
  /** A request of the server; `running` is the one on whose stream it came. */
  protected abstract asked(request: ServerRequest, running: RunningRequest | undefined): void;
  /** Whether a notification belongs to nobody's request wherever it comes. */
  protected abstract isNews(method: string): boolean;
  /** Somebody listens for news, or nobody any more. */
  protected abstract listening(wanted: boolean): void;

  async request(method: string, params: JsonObject, options: RequestOptions): Promise<JsonObject> {
    options.signal.throwIfAborted();
    if (this.#ended !== undefined) {
      const message = `the connection to \`${this.server}\` has ended: ${this.#ended.message}`;
      throw connectionError('SERVER_CONNECTION_ENDED', message, { cause: this.#ended });
    }
    const running = this.running.begin(method, params, options);
    const { signal } = running.controller;
    const abort = (): void => running.controller.abort(options.signal.reason);
    options.signal.addEventListener('abort', abort, { once: true });
    try {
      const dressed = this.dressed(params, running);
      const response = await this.wire.request(
        { id: running.id, method, params: dressed, text: encodeRequest(running.id, method, dressed) },
        {
          signal,
          headers: options.headers ?? {},
          received: (message) => this.#hear(message, running),
        },
      );
      return resultOf(response);
    } catch (error) {
      if (!signal.aborted || error instanceof ServerError) throw error;
      this.callOff(running);
      throw signal.reason;
    } finally {
      options.signal.removeEventListener('abort', abort);
      this.running.end(running);
    }
  }

  onNews(listener: News): () => void {
    // A function of its own: the same listener may be given twice.
    const own: News = (method, params) => listener(method, params);
    this.#news.add(own);
    if (this.#news.size === 1) this.listening(true);
    return () => {
      if (this.#news.delete(own) && this.#news.size === 0) this.listening(false);
    };
  }

  onEnd(listener: (reason: Error) => void): () => void {
    const own = (reason: Error): void => listener(reason);
    this.#ends.add(own);
    return () => this.#ends.delete(own);
  }

  async close(): Promise<void> {
    this.#ends.clear();
    this.end(connectionError('SERVER_CONNECTION_ENDED', `the connection to \`${this.server}\` was closed`));
    this.running.abort(
      connectionError('SERVER_LOST', `the connection to \`${this.server}\` was closed before the answer`),
    );
    await this.wire.close();
  }

  /** Nothing is sent after this. Those who wait are told by the wire. */
  protected end(reason: Error): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    if (this.#news.size > 0) this.listening(false);
    this.#news.clear();
    const told = [...this.#ends];
    this.#ends.clear();
    for (const listener of told) listener(reason);
  }

  protected get hasEnded(): boolean {
    return this.#ended !== undefined;
  }

  /** A listener of ours that fails takes nothing else with it: not the process, and not the other requests. */
  #hear(message: ServerRequest | ServerNotification, onStreamOf: RunningRequest | undefined): void {
    try {
      this.received(message, onStreamOf);
    } catch (error) {
      this.log.error({ server: this.server, err: error }, 'a message of an MCP server was not dealt with');
    }
  }

  protected received(message: ServerRequest | ServerNotification, onStreamOf: RunningRequest | undefined): void {
    if (message.kind === 'request') return this.asked(message, onStreamOf);
    if (this.isNews(message.method)) return this.tell(message);
    const named = this.running.namedBy(message);
    // What names one request and comes on the stream of another is nobody's.
    if (named === 'gone' || (named !== undefined && onStreamOf !== undefined && named !== onStreamOf)) {
      return this.log.debug({ server: this.server, method: message.method }, 'a notification about no running request');
    }
    const owner = onStreamOf ?? named ?? this.running.only();
    if (owner === undefined) return this.tell(message);
    owner.options.notified?.(message.method, callersParams(message, owner));
  }

  protected tell({ method, params }: ServerNotification): void {
    for (const listener of this.#news) listener(method, params);
  }
}

function resultOf({ result, error, status }: ServerResponse): JsonObject {
  if (error !== undefined) throw new ServerError(error.code, error.message, error.data, status);
  return result as JsonObject;
}
