/**
 * Streamable HTTP of the session eras: messages are posted one by one; the answer to a request comes as JSON or on a
 * stream of its own, which may break off and go on; one more stream brings what belongs to no request (MCP
 * 2025-11-25, Streamable HTTP).
 */
import type { EgressStream } from '#egress';
import { ChatelaineError, type Logger } from '#kernel';
import { backoffMs, pause } from '../backoff.ts';
import { connectionError } from '../errors.ts';
import type { ServerNotification, ServerRequest, ServerResponse } from '../message.ts';
import type { Wire, WireExchange, WireLimits, WireListener, WireRequest } from '../wire.ts';
import { lost, mediaType, readAnswer, readStream, type AnswerReader } from './answer.ts';
import { discard, type HttpRequests } from './http-requests.ts';
import { POST_HEADERS } from './request-headers.ts';

const BACKOFF = { firstMs: 1000, longestMs: 60_000 };
/** Tries to go on with a stream that bring nothing new, before the answer counts as lost. */
const MAX_BARREN_TRIES = 5;
/** No answer of a request has this id: the stream that it is for has none. */
const NO_ANSWER = 0;

export class SessionHttp implements Wire {
  readonly shared = false;
  readonly #requests: HttpRequests;
  readonly #limits: WireLimits;
  readonly #log: Logger;
  readonly #closing = new AbortController();
  #listener: WireListener | undefined;
  #sessionId: string | undefined;
  #version: string | undefined;
  #over = false;

  constructor(requests: HttpRequests, limits: WireLimits, log: Logger) {
    this.#requests = requests;
    this.#limits = limits;
    this.#log = log;
  }

  /** What `initialize` agreed on: said with everything from now on; the stream of the server opens. */
  agreed(version: string): void {
    this.#version = version;
  }

  /** Opens the stream for what belongs to no request, where the server has one. */
  listen(): void {
    void this.#listen().catch((error: unknown) => {
      if (!this.#closing.signal.aborted) {
        this.#log.debug({ server: this.#requests.server, err: error }, 'the stream of an MCP server broke off');
      }
    });
  }

  attach(listener: WireListener): void {
    this.#listener = listener;
  }

  async request(message: WireRequest, exchange: WireExchange): Promise<ServerResponse> {
    const { server } = this.#requests;
    const cursor = new Cursor();
    const reader = this.#reader(message.id, exchange.received, cursor);
    const answer = await this.#post(message.text, exchange.signal, exchange.headers);
    if (message.method === 'initialize' && answer.status === 200) this.#sessionId = sessionIdOf(answer);
    let broken: unknown;
    try {
      const response = await readAnswer(answer, reader);
      if (response !== undefined) return response;
    } catch (error) {
      if (exchange.signal.aborted || !isLoss(error)) throw error;
      broken = error;
    }
    return (await this.#goOn(reader, cursor, exchange.signal)) ?? fail(lost(server, broken));
  }

  async send(message: string, signal?: AbortSignal): Promise<void> {
    const answer = await this.#post(message, this.#until(signal), {});
    discard(answer);
    if (answer.status < 200 || answer.status > 299) {
      const { server } = this.#requests;
      throw connectionError(
        'SERVER_ANSWER_UNREADABLE',
        `\`${server}\` took a message with HTTP status ${answer.status}`,
      );
    }
  }

  /** Ends the session with the server too, where it has one; servers may refuse that. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(
      connectionError('SERVER_CONNECTION_ENDED', `the connection to \`${this.#requests.server}\` was closed`),
    );
    if (this.#sessionId === undefined || this.#over) return;
    const signal = AbortSignal.timeout(CLOSE_MS);
    const farewell = this.#requests.send({ method: 'DELETE', headers: this.#headers(), signal });
    await farewell.then(discard, () => {});
  }

  async #post(body: string, signal: AbortSignal, headers: Readonly<Record<string, string>>): Promise<EgressStream> {
    const answer = await this.#requests.send({
      method: 'POST',
      headers: { ...headers, ...POST_HEADERS, ...this.#headers() },
      body,
      signal,
    });
    if (answer.status === 404 && this.#sessionId !== undefined) throw this.#sessionEnded(answer);
    return answer;
  }

  /** 404 to a session that was there: it is no more, and nothing of the request was done (ibid., Session Management). */
  #sessionEnded(answer: EgressStream): Error {
    discard(answer);
    const reason = connectionError('SERVER_CONNECTION_ENDED', `\`${this.#requests.server}\` has ended the session`);
    if (!this.#over) {
      this.#over = true;
      this.#closing.abort(reason);
      this.#listener?.ended(reason);
    }
    return reason;
  }

  /** A stream that ended before its response goes on where it was, as long as that brings something. */
  async #goOn(reader: AnswerReader, cursor: Cursor, signal: AbortSignal): Promise<ServerResponse | undefined> {
    for (let barren = 0; cursor.lastId !== undefined && barren < MAX_BARREN_TRIES; barren++) {
      const before = cursor.lastId;
      await pause(cursor.retryMs ?? backoffMs(BACKOFF, barren), signal);
      signal.throwIfAborted();
      try {
        const answer = await this.#get(signal, cursor.lastId);
        if (answer === undefined) return undefined;
        const response = await readStream(answer.body, reader);
        if (response !== undefined) return response;
      } catch (error) {
        if (signal.aborted || (error instanceof ChatelaineError && error.code === 'SERVER_CONNECTION_ENDED'))
          throw error;
      }
      if (cursor.lastId !== before) barren = -1;
    }
    return undefined;
  }

  async #listen(): Promise<void> {
    const { signal } = this.#closing;
    const cursor = new Cursor();
    let heard = false;
    const received = (message: ServerRequest | ServerNotification): void => {
      heard = true;
      this.#listener?.received(message);
    };
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        const answer = await this.#get(signal, cursor.lastId);
        // 405: the server has no such stream, which is its right.
        if (answer === undefined) return;
        await readStream(answer.body, this.#reader(NO_ANSWER, received, cursor));
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof ChatelaineError && error.code === 'SERVER_REFUSED') throw error;
      }
      if (heard) attempt = 0;
      heard = false;
      await pause(cursor.retryMs ?? backoffMs(BACKOFF, attempt), signal);
    }
  }

  /** A stream of the server, or undefined where it has none to give. Rejects where another try may bring one. */
  async #get(signal: AbortSignal, lastId: string | undefined): Promise<EgressStream | undefined> {
    const headers = {
      accept: 'text/event-stream',
      'accept-encoding': 'identity',
      ...this.#headers(),
      ...(lastId !== undefined && { 'last-event-id': lastId }),
    };
    const answer = await this.#requests.send({ method: 'GET', headers, signal });
    if (answer.status === 200 && mediaType(answer) === 'text/event-stream') return answer;
    if (answer.status === 404 && this.#sessionId !== undefined) throw this.#sessionEnded(answer);
    discard(answer);
    if (answer.status === 429 || answer.status >= 500) {
      throw connectionError(
        'SERVER_UNAVAILABLE',
        `\`${this.#requests.server}\` answered with HTTP status ${answer.status}`,
      );
    }
    return undefined;
  }

  #reader(id: number, received: AnswerReader['received'], cursor: Cursor): AnswerReader {
    const { server } = this.#requests;
    return {
      server,
      id,
      maxBytes: this.#limits.maxMessageBytes,
      clean: (message) => this.#requests.withoutSent(message),
      received,
      dropped: (why) => this.#log.warn({ server }, `left out of what the server sent: ${why}`),
      eventId: (eventId) => (cursor.lastId = headerSafe(eventId) ?? cursor.lastId),
      retry: (ms) => (cursor.retryMs = ms),
    };
  }

  #headers(): Record<string, string> {
    return {
      ...(this.#sessionId !== undefined && { 'mcp-session-id': this.#sessionId }),
      // 2025-03-26 has no such header, and servers of it need not bear one.
      ...(this.#version !== undefined && this.#version > '2025-03-26' && { 'mcp-protocol-version': this.#version }),
    };
  }

  #until(signal: AbortSignal | undefined): AbortSignal {
    const own = AbortSignal.timeout(SEND_MS);
    return signal === undefined ? own : AbortSignal.any([own, signal]);
  }
}

const SEND_MS = 30_000;
const CLOSE_MS = 5_000;

/** Where a stream is: from here it goes on. */
class Cursor {
  lastId: string | undefined;
  retryMs: number | undefined;
}

/** Visible ASCII alone (ibid., Session Management); another would be a header of somebody else's making. */
function sessionIdOf({ headers }: EgressStream): string | undefined {
  const id = headers['mcp-session-id'];
  return id !== undefined && /^[\x21-\x7e]{1,1024}$/.test(id) ? id : undefined;
}

const headerSafe = (id: string): string | undefined => (/^[\x20-\x7e]{1,1024}$/.test(id) ? id : undefined);

const isLoss = (error: unknown): boolean => error instanceof ChatelaineError && error.code === 'SERVER_LOST';

function fail(error: Error): never {
  throw error;
}
