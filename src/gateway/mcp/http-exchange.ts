/**
 * A request over HTTP being answered: as one JSON object when nothing is said in between, as a stream
 * of events from the first notification on. The signal exists only when somebody reads it: most calls
 * end before anybody could cancel them.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ClientFace, Principal } from '#contract';
import type { JsonObject } from '#kernel';
import type { Group, NamespaceView } from '#toolbox';
import type { Replies } from '../http/replies.ts';
import type { Answer } from './answer.ts';
import { EventStream } from './event-stream.ts';
import type { Exchange } from './exchange.ts';
import { encodeError, encodeNotification, encodeResult, type RequestId } from './json-rpc.ts';
import { metaOf, type Revision } from './revision.ts';
import type { Session } from './session.ts';

export interface HttpExchangeOptions {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
  readonly id: RequestId;
  readonly method: string;
  readonly params: JsonObject;
  readonly revision: Revision;
  readonly principal: Principal;
  readonly view: NamespaceView;
  readonly group: Group;
  readonly session: Session | undefined;
  /** Flat list of headers for the answer, whatever its form. */
  readonly headers: readonly string[];
  readonly face: (exchange: HttpExchange) => ClientFace;
  readonly streamOpened: (stream: EventStream) => void;
}

export class HttpExchange implements Exchange {
  readonly requestId: string;
  readonly id: RequestId;
  readonly method: string;
  readonly params: JsonObject;
  readonly meta: JsonObject;
  readonly revision: Revision;
  readonly principal: Principal;
  readonly view: NamespaceView;
  readonly group: Group;
  readonly session: Session | undefined;
  readonly #options: HttpExchangeOptions;
  #controller: AbortController | undefined;
  #client: ClientFace | undefined;
  #stream: EventStream | undefined;

  constructor(options: HttpExchangeOptions) {
    this.#options = options;
    this.requestId = options.requestId;
    this.id = options.id;
    this.method = options.method;
    this.params = options.params;
    this.meta = metaOf(options.params);
    this.revision = options.revision;
    this.principal = options.principal;
    this.view = options.view;
    this.group = options.group;
    this.session = options.session;
  }

  get client(): ClientFace {
    return (this.#client ??= this.#options.face(this));
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = (this.#controller = new AbortController());
      const { response } = this.#options;
      const gone = (): void => {
        if (!response.writableEnded) controller.abort(new Error('the client went away'));
      };
      if (response.destroyed) gone();
      else response.once('close', gone);
      this.session?.start(this.id, controller);
    }
    return this.#controller.signal;
  }

  notify(method: string, params: JsonObject): boolean {
    return this.send(encodeNotification(method, params));
  }

  /** Sends a message ahead of the answer; false when this client cannot read a stream. */
  send(message: string): boolean {
    const stream = this.#openStream();
    return stream !== undefined && stream.send(message);
  }

  /** Gives the answer, once. Nobody is told what a cancelled request would have said. */
  finish(answer: Answer, replies: Replies): void {
    this.session?.finish(this.id);
    if (this.#options.response.destroyed) return;
    if (this.#stream !== undefined) {
      if (!this.#controller?.signal.aborted) this.#stream.send(encodeWhole(this.id, answer));
      this.#stream.end();
    } else if ('encoded' in answer) {
      const { parts } = answer.encoded;
      replies.parts(
        this.#options.response,
        200,
        [`{"jsonrpc":"2.0","id":${JSON.stringify(this.id)},"result":`, ...parts, '}'],
        this.#options.headers,
      );
    } else if ('error' in answer) {
      replies.json(this.#options.response, answer.error.status, encodeError(this.id, answer.error), [
        ...this.#options.headers,
        ...answer.error.headers,
      ]);
    } else {
      replies.json(this.#options.response, 200, encodeResult(this.id, answer.result), this.#options.headers);
    }
  }

  #openStream(): EventStream | undefined {
    if (this.#stream === undefined && this.#options.request.headers.accept?.includes('text/event-stream')) {
      if (this.#options.response.headersSent) return undefined;
      this.#stream = new EventStream(this.#options.response, this.#options.headers);
      this.#options.streamOpened(this.#stream);
    }
    return this.#stream;
  }
}

export function encodeWhole(id: RequestId, answer: Answer): string {
  if ('error' in answer) return encodeError(id, answer.error);
  if ('result' in answer) return encodeResult(id, answer.result);
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${Buffer.concat(answer.encoded.parts).toString()}}`;
}
