/**
 * An HTTP client that stays inside the egress rules: guarded sockets, redirects followed by hand,
 * bodies capped after decompression, and the caller's signal obeyed to the last byte.
 * One per source or purpose; connections are pooled and kept alive inside it. undici, DNS and decompression are
 * loaded by the first request: a server that asks nobody starts without them.
 */
import type { Readable } from 'node:stream';
import type { checkServerIdentity, SecureContextOptions } from 'node:tls';
import type { Agent, Dispatcher } from 'undici';
import { ChatelaineError } from '#kernel';
import { egressError } from './errors.ts';
import type { EgressRules } from './egress-rules.ts';
import type { Connector, Resolve } from './guarded-connector.ts';
import { MAX_REDIRECTS, nextHop, type Hop } from './redirect.ts';

export interface EgressTls extends Pick<SecureContextOptions, 'ca' | 'cert' | 'key'> {
  readonly servername?: string;
  /**
   * Pins of the server's key, in base64: it must have one of them, beside everything else. Of the origin of
   * `identityFor` alone, where that is said.
   */
  readonly pins?: readonly string[];
  /** Who the server of that origin is, where no name of a host says it, and who vouches for that: SPIFFE. */
  readonly peer?: { readonly ca: readonly string[]; readonly check: typeof checkServerIdentity };
  /** False accepts any certificate: only behind a configuration that says so, and loudly. */
  readonly rejectUnauthorized?: boolean;
}

export interface EgressClientOptions {
  readonly rules: EgressRules;
  /** Read at the first use. */
  readonly tls?: () => Promise<EgressTls>;
  /** The one origin that sees our certificate and is held to `servername`; redirects may lead elsewhere. */
  readonly identityFor?: URL;
  readonly resolve?: Resolve;
  /** Connections to one origin at once, 64 unless said; what waits beyond waits its turn. Streams hold theirs. */
  readonly maxConnections?: number;
  /** Puts what went wrong into the words of who asked; the codes stay those of egress without it. */
  readonly explain?: (error: ChatelaineError) => ChatelaineError;
}

export interface EgressStreamRequest extends Hop {
  /** Which redirects are followed; `any` unless said. */
  readonly follow?: 'any' | 'own-origin' | 'never';
  /** Ends the exchange at any point of it. The one clock of a stream. */
  readonly signal: AbortSignal;
}

export interface EgressRequest extends EgressStreamRequest {
  /** The whole exchange, redirects and body included. */
  readonly timeoutMs: number;
  /** Of the decompressed body; what is beyond is not read. */
  readonly maxBytes: number;
}

export interface EgressResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** The body was longer than `maxBytes`. */
  readonly truncated: boolean;
  /** Where the answer came from, after redirects. */
  readonly url: URL;
}

/** The head of an answer, and its body as it comes. */
export interface EgressStream extends Pick<EgressResponse, 'status' | 'headers' | 'url'> {
  /** The method that was answered: some redirects make a GET of a POST. */
  readonly method: string;
  /** Decompressed. Whoever asked reads it to its end or destroys it; it fails as the network fails. */
  readonly body: Readable;
}

const CONNECT_TIMEOUT_MS = 10_000;
// A timer holds 24.8 days at the most and fires at once beyond.
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const MAX_CONNECTIONS_PER_ORIGIN = 64;

export class EgressClient {
  readonly #options: EgressClientOptions;
  #agent: Promise<Agent> | undefined;
  #closed = false;

  constructor(options: EgressClientOptions) {
    this.#options = options;
  }

  /**
   * Sends the request and reads the answer, whatever its status.
   * Throws `EGRESS_REFUSED`, `EGRESS_UNREACHABLE`, `EGRESS_TIMEOUT`, `EGRESS_UNREADABLE` (redirects without
   * end, an answer that is not HTTP) as `explain` has them, or the reason of the signal.
   */
  async request(request: EgressRequest): Promise<EgressResponse> {
    const timeout = AbortSignal.timeout(Math.min(request.timeoutMs, LONGEST_TIMER_MS));
    const signal = AbortSignal.any([request.signal, timeout]);
    const way: Way = { hop: request };
    try {
      return await finish(await this.#answer(request, signal, way), way.hop.url, request.maxBytes);
    } catch (cause) {
      if (request.signal.aborted) throw request.signal.reason;
      if (timeout.aborted) {
        const message = `${place(way.hop)} did not answer within ${request.timeoutMs} ms`;
        throw this.#explained(egressError('EGRESS_TIMEOUT', message, { cause }));
      }
      throw this.#explained(translate(cause, way.hop));
    }
  }

  /**
   * Sends the request and gives the answer as soon as its head is there, for bodies that last. Throws as `request`
   * does until then; nothing but the signal limits its time, nothing but its reader its size.
   */
  async stream(request: EgressStreamRequest): Promise<EgressStream> {
    const way: Way = { hop: request };
    try {
      const response = await this.#answer(request, request.signal, way);
      const headers = headersOf(response);
      const body = await decompressed(response.body, headers);
      return { status: response.statusCode, headers, body, url: way.hop.url, method: way.hop.method };
    } catch (cause) {
      if (request.signal.aborted) throw request.signal.reason;
      throw this.#explained(translate(cause, way.hop));
    }
  }

  /** The answer at the end of the redirects that are followed; `way` tells where that is, on a failure too. */
  async #answer(request: EgressStreamRequest, signal: AbortSignal, way: Way): Promise<Dispatcher.ResponseData> {
    const agent = await this.#open();
    for (let redirects = 0; ; redirects++) {
      const response = await send(agent, way.hop, signal);
      const next = nextHop(way.hop, response.statusCode, single(response.headers['location']));
      if (next.ok && next.value === undefined) return response;
      // The body of a redirect is of no use; an undrained one would hold its connection.
      response.body.on('error', () => {}).destroy();
      if (!next.ok)
        throw egressError('EGRESS_REFUSED', `${place(way.hop)} redirects ${next.error}, which is not followed`);
      if (redirects === MAX_REDIRECTS) {
        throw egressError('EGRESS_UNREADABLE', `${place(request)} redirects more than ${MAX_REDIRECTS} times`);
      }
      way.hop = next.value as Hop;
      const away = way.hop.url.origin !== request.url.origin;
      if (request.follow === 'never' || (request.follow === 'own-origin' && away)) {
        const why = request.follow === 'never' ? 'which' : 'to another origin, which';
        throw egressError('EGRESS_REFUSED', `${place(request)} redirects ${why} is not followed with a key in it`);
      }
    }
  }

  /** Connects to the origin of the URL, TLS included, and hangs up: no request is made. */
  async connect(url: URL, signal: AbortSignal): Promise<void> {
    const connector = await this.#connector();
    const hop: Hop = { method: 'CONNECT', url, headers: {}, body: undefined };
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const abort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    connector({ hostname: url.hostname, host: url.host, protocol: url.protocol, port: url.port }, (failure, socket) => {
      socket?.destroy();
      if (failure === null) resolve();
      else reject(failure);
    });
    try {
      await promise;
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      throw this.#explained(translate(cause, hop));
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  /** Lets requests under way end, then closes the connections. */
  async close(): Promise<void> {
    this.#closed = true;
    const agent = await this.#agent?.catch(() => undefined);
    if (agent !== undefined && !agent.closed) await agent.close();
  }

  #explained(error: ChatelaineError): ChatelaineError {
    return this.#options.explain?.(error) ?? error;
  }

  #open(): Promise<Agent> {
    if (this.#closed) throw egressError('EGRESS_UNREACHABLE', 'the client is closed');
    if (this.#agent === undefined) {
      const opening = this.#createAgent();
      this.#agent = opening;
      // A certificate file that could not be read may be there at the next call.
      opening.catch(() => (this.#agent = undefined));
    }
    return this.#agent;
  }

  async #createAgent(): Promise<Agent> {
    const { Agent } = await import('undici');
    return new Agent({
      connect: await this.#connector(),
      connections: this.#options.maxConnections ?? MAX_CONNECTIONS_PER_ORIGIN,
      allowH2: false,
      // One clock rules the exchange: the signal of the request.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  async #connector(): Promise<Connector> {
    const [{ buildConnector }, { guardedConnector }] = await Promise.all([
      import('undici'),
      import('./guarded-connector.ts'),
    ]);
    const { rules, tls, resolve, identityFor } = this.#options;
    return guardedConnector(buildConnector, rules, {
      tls: { ...(await tls?.()) },
      ...(identityFor !== undefined && { identityFor }),
      timeoutMs: CONNECT_TIMEOUT_MS,
      ...(resolve !== undefined && { resolve }),
    });
  }
}

/** How far a request has come. */
interface Way {
  hop: Hop;
}

async function send(agent: Agent, hop: Hop, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
  return agent.request({
    origin: hop.url.origin,
    path: hop.url.pathname + hop.url.search,
    method: hop.method,
    headers: { 'accept-encoding': 'gzip, deflate, br', ...hop.headers },
    body: hop.body ?? null,
    signal,
  });
}

async function finish(response: Dispatcher.ResponseData, url: URL, maxBytes: number): Promise<EgressResponse> {
  const headers = headersOf(response);
  const { body, truncated } = await readCapped(await decompressed(response.body, headers), maxBytes);
  return { status: response.statusCode, headers, body, truncated, url };
}

function headersOf(response: Dispatcher.ResponseData): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return headers;
}

async function decompressed(body: Readable, headers: Readonly<Record<string, string>>): Promise<Readable> {
  const encoding = headers['content-encoding'];
  return encoding === undefined ? body : (await decompressor())(body, encoding);
}

const decompressor = async () => (await import('./decompress.ts')).decompress;

/** Stops reading at the cap: an endless answer, or a few bytes that unpack to gigabytes, end there. */
async function readCapped(stream: Readable, maxBytes: number): Promise<{ body: Buffer; truncated: boolean }> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > maxBytes) break;
  }
  return { body: Buffer.concat(chunks).subarray(0, maxBytes), truncated: size > maxBytes };
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

/** Method and address for messages: no query, which may hold a key. */
const place = (hop: Hop): string => `\`${hop.method} ${hop.url.origin}${hop.url.pathname}\``;

function translate(cause: unknown, hop: Hop): ChatelaineError {
  if (cause instanceof ChatelaineError) return cause;
  const reason = reasonOf(cause);
  return egressError('EGRESS_UNREACHABLE', `\`${hop.url.origin}\` cannot be reached: ${reason}`, { cause });
}

function reasonOf(cause: unknown): string {
  // Happy Eyeballs reports one failure per address; the first says enough.
  const failure = cause instanceof AggregateError ? cause.errors[0] : cause;
  const { code, message } = failure as NodeJS.ErrnoException;
  return code === undefined || message.includes(code) ? message : `${message} (${code})`;
}
