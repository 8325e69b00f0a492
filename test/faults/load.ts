/** A steady load: a request is due every so often, whatever became of those before (an open loop). */
import { Agent, request as httpRequest } from 'node:http';
import type { Answer, Sample, Around } from './judge.ts';

/** Nobody waits longer; who is not answered by then has status 0. */
const PATIENCE_MS = 60_000;

export interface Question {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** Asks once. Never rejects: what has no answer has status 0 and the reason as its code. */
export function ask(url: URL, { method, headers, body }: Question = {}, agent?: Agent): Promise<Answer> {
  return new Promise((resolve) => {
    const fail = (reason: string): void => resolve({ status: 0, code: reason, retryAfter: undefined, text: '' });
    const sent = httpRequest(
      url,
      {
        ...(agent !== undefined && { agent }),
        method: method ?? (body === undefined ? 'GET' : 'POST'),
        headers: { ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }), ...headers },
        signal: AbortSignal.timeout(PATIENCE_MS),
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', (error) => fail(codeOf(error)));
        response.once('end', () => {
          const text = Buffer.concat(chunks).toString();
          const code = /"code":"([A-Z_]+)"|"error":"([a-z_]+)"/.exec(text);
          const retryAfter = response.headers['retry-after'];
          resolve({ status: response.statusCode ?? 0, code: code?.[1] ?? code?.[2], retryAfter, text });
        });
      },
    );
    sent.once('error', (error) => fail(codeOf(error)));
    sent.end(body);
  });
}

const codeOf = (error: Error): string => (error as NodeJS.ErrnoException).code ?? error.message;

export class SteadyLoad {
  readonly samples: Sample[] = [];
  readonly #ask: (count: number) => Promise<Answer>;
  readonly #timer: NodeJS.Timeout;
  readonly #open = new Set<Promise<void>>();
  #count = 0;

  /** Begins at once. */
  constructor(perSecond: number, question: (count: number) => Promise<Answer>) {
    this.#ask = question;
    this.#timer = setInterval(() => this.#send(), 1000 / perSecond);
  }

  #send(): void {
    const at = performance.now();
    const answered = this.#ask(this.#count++).then((answer) => {
      this.samples.push({ at, ms: performance.now() - at, ...answer });
      this.#open.delete(answered);
    });
    this.#open.add(answered);
  }

  /** Asks no more, and waits for what is not answered yet. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#open);
  }
}

/** What was asked between two moments of `performance.now()`. */
export const between = (samples: readonly Sample[], from: number, to = Number.POSITIVE_INFINITY): readonly Sample[] =>
  samples.filter(({ at }) => at >= from && at < to);

/** What was asked before a moment, and what from it on. */
export const around = (samples: readonly Sample[], from: number, moment: number, to: number): Around => ({
  before: between(samples, from, moment),
  during: between(samples, moment, to),
});

export const keptAlive = (connections = 64): Agent => new Agent({ keepAlive: true, maxSockets: connections });
