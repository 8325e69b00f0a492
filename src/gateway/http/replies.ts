/**
 * Writing answers. Small ones are written at once or, when many requests come in the same turn of the
 * event loop, together at its end: reading all sockets first and writing all replies then saves a
 * third of the CPU at 16 connections, and would cost latency at one, so each turn decides by what the
 * last one saw.
 */
import type { ServerResponse } from 'node:http';

const SECURITY_HEADERS = ['X-Content-Type-Options', 'nosniff', 'Cache-Control', 'no-store'] as const;

/** The system's own buffers hold smaller answers, whoever reads them. */
const LARGE_BYTES = 64 * 1024;
/** A reader that takes nothing of a large answer for this long is cut off: its bytes are held here. */
export const STALLED_MS = 30_000;

export class Replies {
  readonly #stalledMs: number;
  #thisTurn = 0;
  #deferring = false;
  #queue: (() => void)[] = [];
  #turnEnds = false;

  constructor(stalledMs = STALLED_MS) {
    this.#stalledMs = stalledMs;
  }

  /** Sends a complete JSON answer. `headers` is a flat list: name, value, name, value. */
  json(response: ServerResponse, status: number, body: string | Buffer, headers: readonly string[] = []): void {
    this.#atTurnEnd(() => {
      const length = lengthOf(body);
      if (!begin(response, status, length, headers)) return;
      this.#watchReader(response, length);
      response.end(body);
    });
  }

  /** Sends a JSON answer whose large middle is shared between callers and never copied. */
  parts(
    response: ServerResponse,
    status: number,
    parts: readonly (string | Buffer)[],
    headers: readonly string[] = [],
  ): void {
    this.#atTurnEnd(() => {
      const length = parts.reduce((sum, part) => sum + lengthOf(part), 0);
      if (!begin(response, status, length, headers)) return;
      this.#watchReader(response, length);
      response.cork();
      for (const part of parts) response.write(part);
      response.end();
      response.uncork();
    });
  }

  /** Node's own timeout of an idle connection takes over once the answer is out. */
  #watchReader(response: ServerResponse, length: number): void {
    if (length > LARGE_BYTES) response.socket?.setTimeout(this.#stalledMs);
  }

  #atTurnEnd(send: () => void): void {
    this.#thisTurn++;
    if (!this.#turnEnds) {
      this.#turnEnds = true;
      setImmediate(() => this.#endTurn());
    }
    if (this.#deferring) this.#queue.push(send);
    else send();
  }

  #endTurn(): void {
    this.#turnEnds = false;
    this.#deferring = this.#thisTurn > 1;
    this.#thisTurn = 0;
    if (this.#queue.length === 0) return;
    const queue = this.#queue;
    this.#queue = [];
    for (const send of queue) send();
  }
}

/** Starts the answer; false when it has been given already, or nobody is there to read it. */
function begin(response: ServerResponse, status: number, length: number, headers: readonly string[]): boolean {
  if (response.headersSent || response.destroyed) return false;
  response.writeHead(status, [
    'Content-Type',
    'application/json',
    'Content-Length',
    String(length),
    ...SECURITY_HEADERS,
    ...headers,
  ]);
  return true;
}

const lengthOf = (part: string | Buffer): number => (typeof part === 'string' ? Buffer.byteLength(part) : part.length);
