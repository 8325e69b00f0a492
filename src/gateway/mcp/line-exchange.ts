import { encodeAnswer, type Answer } from './answer.ts';
import type { RequestFacts } from './exchange.ts';
import { encodeNotification } from './json-rpc.ts';
import { RequestExchange } from './request-exchange.ts';

/** A request that came in a line and is answered in one, among the lines of all others. */
export class LineExchange extends RequestExchange {
  readonly #send: (line: string) => boolean;
  readonly #controller = new AbortController();
  #finished = false;

  constructor(facts: RequestFacts, send: (line: string) => boolean) {
    super(facts);
    this.#send = send;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  send(message: string): boolean {
    return !this.#finished && !this.#controller.signal.aborted && this.#send(message);
  }

  cancel(reason: string): void {
    this.#controller.abort(new Error(reason));
  }

  /** Gives the answer, once. Nobody is told anything of what was cancelled (2026-07-28, stdio, Cancellation). */
  finish(answer: Answer): void {
    this.#finished = true;
    if (this.#controller.signal.aborted) return;
    this.#send(encodeAnswer(this.id, answer));
    // The end of a subscription is told twice: by its result (Subscriptions, Graceful Closure) and by word
    // that the stream is over (Cancellation).
    if (this.method === 'subscriptions/listen' && 'result' in answer)
      this.#send(encodeNotification('notifications/cancelled', { requestId: this.id }));
  }
}
