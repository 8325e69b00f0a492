import type { IncomingMessage, ServerResponse } from 'node:http';
import { STALLED_MS } from '../http/replies.ts';

/** A reader who has left more than this unread gets nothing more: memory belongs to all callers. */
const MAX_UNREAD_BYTES = 1024 * 1024;

/**
 * A stream of server-sent events on one HTTP response. `X-Accel-Buffering: no` keeps nginx from
 * holding events back. A reader that stops reading is cut off by the next event past 1 MiB; one event
 * may be larger, since every large answer is unread when it has just been sent.
 */
export class EventStream {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse, headers: readonly string[] = []) {
    this.#response = response;
    response.writeHead(200, [
      'Content-Type',
      'text/event-stream',
      'Cache-Control',
      'no-store, no-transform',
      'X-Accel-Buffering',
      'no',
      'X-Content-Type-Options',
      'nosniff',
      ...headers,
    ]);
    response.flushHeaders();
  }

  get open(): boolean {
    return !this.#response.writableEnded && !this.#response.destroyed;
  }

  /** Sends one JSON message; false when the stream is over. */
  send(message: string): boolean {
    return this.#write(event(message));
  }

  /** A comment, which keeps the connection open through proxies that close quiet ones. */
  keepAlive(): void {
    this.#write(': keep-alive\n\n');
  }

  /** Ends the stream, with one more message where it has one. */
  end(message?: string): void {
    if (!this.open) return;
    this.#response.socket?.setTimeout(STALLED_MS);
    this.#response.end(message === undefined ? undefined : event(message));
  }

  /** Calls back when the connection is over; at once when it is already. */
  onClose(closed: () => void): void {
    if (this.#response.destroyed) closed();
    else this.#response.once('close', closed);
  }

  #write(text: string): boolean {
    if (!this.open) return false;
    if (this.#response.writableLength > MAX_UNREAD_BYTES) {
      this.#response.destroy();
      return false;
    }
    this.#response.write(text);
    return true;
  }
}

const event = (message: string): string => `event: message\ndata: ${message}\n\n`;

/**
 * Whether the client lists `text/event-stream` in `Accept`. It must be listed: a wildcard
 * is what clients send that never thought of streams.
 */
export function acceptsEventStream(request: IncomingMessage): boolean {
  return EVENT_STREAM.test(request.headers.accept ?? '');
}

const EVENT_STREAM = /(?:^|,)\s*text\/event-stream\s*(?:;|,|$)/i;
