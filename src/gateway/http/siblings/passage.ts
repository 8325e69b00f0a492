import type { IncomingMessage, ServerResponse } from 'node:http';
import { PassThrough, type Readable } from 'node:stream';
import type { PassedAnswer } from '#egress';
import { STALLED_MS } from '../replies.ts';

/** Of one connection and not of a request (RFC 9110 §7.6.1); what else comes goes on as it came. */
const OF_THE_CONNECTION: ReadonlySet<string> = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
  ...['expect', 'http2-settings'],
]);

/** The headers of a request as they came, without those of its connection and `besides`. Flat: name, value. */
export function headersOf(raw: readonly string[], besides?: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let at = 0; at < raw.length; at += 2) {
    const name = (raw[at] as string).toLowerCase();
    if (!OF_THE_CONNECTION.has(name) && besides?.has(name) !== true) {
      kept.push(raw[at] as string, raw[at + 1] as string);
    }
  }
  return kept;
}

/**
 * The body of a request, to be read by a connection that may break: what becomes of it must not become of the
 * client's connection, on which an answer is still owed.
 */
export function bodyOf(request: IncomingMessage): Readable {
  const body = new PassThrough();
  request.pipe(body);
  // It goes without the rest where it is not read: the connection to the client is closed after the answer.
  body.once('close', () => request.resume());
  return body.on('error', () => {});
}

/** Gives the answer as it comes, no faster than it is read; resolves when it is over, with whether it came to its end. */
export function giveAnswer({ status, headers, body }: PassedAnswer, on: Passage): Promise<boolean> {
  const { request, response } = on;
  const unread = !request.complete && request.method === 'POST';
  response.writeHead(status, [...headersOf(headers), ...(unread ? ['Connection', 'close'] : [])]);
  response.flushHeaders();
  return new Promise((resolve) => {
    body.once('end', () => {
      // What is left lies here, for a reader who may have stopped.
      response.socket?.setTimeout(STALLED_MS);
      response.end();
      resolve(true);
    });
    body.once('error', () => {
      // A clean end is only made by `end`: a client must be able to tell that something is missing.
      if (!on.over) response.destroy();
      resolve(false);
    });
    body.once('close', () => resolve(false));
    body.pipe(response, { end: false });
  });
}

/** One request on its way through this process. */
export class Passage {
  readonly to: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly #controller = new AbortController();
  #over = false;

  constructor(to: string, request: IncomingMessage, response: ServerResponse) {
    this.to = to;
    this.request = request;
    this.response = response;
    response.once('close', () => {
      if (!response.writableFinished) this.#controller.abort(new Error('the client went away'));
    });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether this process has ended it cleanly. */
  get over(): boolean {
    return this.#over;
  }

  /** Ends a stream that has begun, as its holder would. */
  end(): void {
    if (!this.response.headersSent) return;
    this.#over = true;
    this.response.end();
    this.#controller.abort(new Error('this process ends'));
  }

  /** Ends it in the middle: nothing comes any more. */
  cut(why: string): void {
    this.#controller.abort(new Error(why));
  }
}
