import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { once } from 'node:events';
import type { TlsClientSettings } from '#contract';
import { tlsClient } from '#tls';
import { NotNow, TooLarge, type Sink } from './delivery.ts';

export interface HttpPiece {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface HttpSinkOptions<Item> {
  /** `https:`, or `http:` to this machine; the configuration sees to it. */
  readonly url: string;
  readonly tls: TlsClientSettings;
  readonly encode: (items: readonly Item[]) => HttpPiece;
  /** Reads from a 2xx answer how many items the receiver will not have. */
  readonly refusedIn?: (answer: string) => number;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 30_000;
const LONGEST_ANSWER = 64 * 1024;

/**
 * One POST a piece; a 2xx answer says that the receiver has it. Any other answer, also one that says
 * that we are wrong (a token that has expired), means later: what is not delivered is not dropped.
 * Redirects are not followed: they could lead to somebody who is not the receiver.
 */
export class HttpSink<Item> implements Sink<Item> {
  readonly confirmsReadingOnly = false;
  readonly #options: HttpSinkOptions<Item>;
  readonly #agent: Agent | HttpsAgent;

  constructor(options: HttpSinkOptions<Item>) {
    this.#options = options;
    this.#agent = options.url.startsWith('https:')
      ? new HttpsAgent({ keepAlive: true, maxSockets: 1 })
      : new Agent({ keepAlive: true, maxSockets: 1 });
  }

  async send(items: readonly Item[]): Promise<number> {
    const { encode, refusedIn } = this.#options;
    const { status, retryAfterMs, text } = await this.#post(encode(items));
    if (status >= 200 && status < 300) return refusedIn?.(text) ?? 0;
    const said = `the receiver answered ${status}`;
    if (status === 413) throw new TooLarge(said);
    throw retryAfterMs === undefined ? new Error(said) : new NotNow(said, retryAfterMs);
  }

  async close(): Promise<void> {
    this.#agent.destroy();
  }

  async #post({ body, headers }: HttpPiece) {
    const { url, tls, timeoutMs = TIMEOUT_MS } = this.#options;
    const signal = AbortSignal.timeout(timeoutMs);
    const options = {
      method: 'POST',
      agent: this.#agent,
      signal,
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
    };
    const request = url.startsWith('https:')
      ? httpsRequest(url, { ...options, ...tlsClient(tls) })
      : httpRequest(url, options);
    request.end(body);
    const [response] = (await once(request, 'response', { signal })) as [IncomingMessage];
    const text = await textOf(response);
    const after = Number(response.headers['retry-after']);
    return {
      status: response.statusCode ?? 0,
      retryAfterMs: Number.isFinite(after) && after > 0 ? after * 1000 : undefined,
      text,
    };
  }
}

/** The beginning of an answer; the rest is read and forgotten, so that the connection can be used again. */
async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  response.setEncoding('utf8');
  for await (const chunk of response) if (text.length < LONGEST_ANSWER) text += String(chunk);
  return text;
}
