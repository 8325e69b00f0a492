/**
 * A request over HTTP being answered: as one JSON object when nothing is said in between, as a stream
 * of events from the first notification on. The signal exists only when somebody reads it: most calls
 * end before anybody could cancel them.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Replies } from '../http/replies.ts';
import { encodeAnswer, type Answer } from './answer.ts';
import { acceptsEventStream, EventStream } from './event-stream.ts';
import type { RequestFacts } from './exchange.ts';
import { encodeError, encodeResult } from './json-rpc.ts';
import { RequestExchange } from './request-exchange.ts';

export interface HttpSurroundings {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Flat list of headers for the answer, whatever its form. */
  readonly headers: readonly string[];
  readonly streamOpened: (stream: EventStream) => void;
}

export class HttpExchange extends RequestExchange {
  readonly #surroundings: HttpSurroundings;
  #controller: AbortController | undefined;
  #stream: EventStream | undefined;
  #finished = false;
  #headers: readonly string[];

  constructor(facts: RequestFacts, surroundings: HttpSurroundings) {
    super(facts);
    this.#surroundings = surroundings;
    this.#headers = surroundings.headers;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = (this.#controller = new AbortController());
      // Who ended the connection does not matter: a stream that the server cut (a revoked key) ends the
      // work as one that the client closed.
      const gone = (): void => {
        if (!this.#finished) controller.abort(new Error('the client went away'));
      };
      const { response } = this.#surroundings;
      if (response.destroyed) gone();
      else response.once('close', gone);
      if (!this.#finished) this.session?.start(this.id, controller);
    }
    return this.#controller.signal;
  }

  carry(headers: readonly string[]): void {
    if (headers.length > 0) this.#headers = [...this.#headers, ...headers];
  }

  send(message: string): boolean {
    const stream = this.#openStream();
    return stream !== undefined && stream.send(message);
  }

  /** Gives the answer, once. Nobody is told what a cancelled request would have said. */
  finish(answer: Answer, replies: Replies): void {
    this.#finished = true;
    if (this.#controller !== undefined) this.session?.finish(this.id, this.#controller);
    if (this.#surroundings.response.destroyed) return;
    if (this.#stream !== undefined) {
      this.#stream.end(this.#controller?.signal.aborted ? undefined : encodeAnswer(this.id, answer));
    } else if ('encoded' in answer) {
      const { parts } = answer.encoded;
      replies.parts(
        this.#surroundings.response,
        200,
        [`{"jsonrpc":"2.0","id":${JSON.stringify(this.id)},"result":`, ...parts, '}'],
        this.#headers,
      );
    } else if ('error' in answer) {
      replies.json(this.#surroundings.response, answer.error.status, encodeError(this.id, answer.error), [
        ...this.#headers,
        ...answer.error.headers,
      ]);
    } else {
      replies.json(this.#surroundings.response, 200, encodeResult(this.id, answer.result), this.#headers);
    }
  }

  /** The stream of the answer; undefined when this client reads none, and when it is too late for one. */
  #openStream(): EventStream | undefined {
    const { request, response } = this.#surroundings;
    // A finished answer may still wait for its turn to be written: a tool that talks on must not take
    // its place.
    if (this.#finished || response.destroyed) return undefined;
    if (this.#stream === undefined && acceptsEventStream(request)) {
      this.#stream = new EventStream(response, this.#headers);
      this.#surroundings.streamOpened(this.#stream);
    }
    return this.#stream;
  }
}
