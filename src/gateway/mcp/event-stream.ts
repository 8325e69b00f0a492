import type { ServerResponse } from 'node:http';

/** What a reader may leave unread before the stream is cut: memory belongs to all callers. */
const MAX_UNREAD_BYTES = 1024 * 1024;

/**
 * A stream of server-sent events on one HTTP response. `X-Accel-Buffering: no` keeps nginx from
 * holding events back. A reader that stops reading is cut off at 1 MiB.
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
    return this.#write(`event: message\ndata: ${message}\n\n`);
  }

  /** A comment, which keeps the connection open through proxies that close quiet ones. */
  keepAlive(): void {
    this.#write(': keep-alive\n\n');
  }

  end(): void {
    if (this.open) this.#response.end();
  }

  onClose(closed: () => void): void {
    this.#response.once('close', closed);
  }

  #write(text: string): boolean {
    if (!this.open) return false;
    this.#response.write(text);
    if (this.#response.writableLength > MAX_UNREAD_BYTES) this.#response.destroy();
    return true;
  }
}
