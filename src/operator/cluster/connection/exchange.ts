/** One request to the API server over connections that are kept, and its answer as a stream. */
import * as http from 'node:http';
import * as https from 'node:https';
import { ChatelaineError, sha256Hex } from '#kernel';
import { clusterError } from '../errors.ts';
import type { ApiAccess, Credentials } from './access.ts';

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>> | undefined;
  readonly body?: unknown;
  readonly contentType?: string;
}

/** Large enough for a page of the largest objects that etcd takes. */
const LARGEST_ANSWER = 512 * 1024 * 1024;
/** A peer that vanished without a word is noticed by the kernel, later. */
const KEEP_ALIVE_MS = 30_000;

export class Exchange {
  readonly #access: ApiAccess;
  #agent: http.Agent | undefined;
  #material = '';

  constructor(access: ApiAccess) {
    this.#access = access;
  }

  /** Throws `CLUSTER_UNREACHABLE`, and whatever reason the signal has. */
  async send(request: ApiRequest, signal: AbortSignal): Promise<http.IncomingMessage> {
    try {
      const credentials = await unlessAborted(this.#access.credentials(), signal);
      return await this.#send(request, credentials, signal, true);
    } catch (error) {
      throw reasonOf(error, signal, this.#access.server);
    }
  }

  close(): void {
    this.#agent?.destroy();
  }

  #send(
    request: ApiRequest,
    credentials: Credentials,
    signal: AbortSignal,
    mayRepeat: boolean,
  ): Promise<http.IncomingMessage> {
    const { server } = this.#access;
    const url = new URL(`${server.href.replace(/\/$/, '')}${request.path}`);
    for (const [name, value] of Object.entries(request.query ?? {}))
      if (value !== undefined) url.searchParams.set(name, String(value));
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    const headers = {
      ...credentials.headers,
      accept: 'application/json',
      'user-agent': 'chatelaine-operator',
      ...(body === undefined
        ? {}
        : { 'content-type': request.contentType ?? 'application/json', 'content-length': Buffer.byteLength(body) }),
    };
    const { request: open } = url.protocol === 'https:' ? https : http;
    return new Promise((resolve, reject) => {
      const agent = credentials.agent ?? this.#agentFor(url.protocol, credentials);
      const sent = open(url, { method: request.method, headers, agent, signal, ...credentials.tls });
      let answered = false;
      sent.once('response', (answer) => {
        answered = true;
        resolve(answer);
      });
      sent.on('error', (error: NodeJS.ErrnoException) => {
        // What ends a stream that was answered already is told to whoever reads it.
        if (answered) return;
        // The server closed a kept connection while we took it up: what only reads is asked again.
        const stale = sent.reusedSocket && error.code === 'ECONNRESET' && request.method === 'GET';
        if (stale && mayRepeat && !signal.aborted) resolve(this.#send(request, credentials, signal, false));
        else reject(error);
      });
      sent.end(body);
    });
  }

  /** Connections are kept for as long as we are who we were when they were made. */
  #agentFor(protocol: string, { tls }: Credentials): http.Agent {
    const material = sha256Hex(JSON.stringify(tls));
    if (this.#agent !== undefined && this.#material === material) return this.#agent;
    const retired = this.#agent;
    this.#material = material;
    const options = { keepAlive: true, keepAliveMsecs: KEEP_ALIVE_MS };
    this.#agent = protocol === 'https:' ? new https.Agent({ ...options, ...tls }) : new http.Agent(options);
    // Those in use end with what uses them.
    for (const sockets of Object.values(retired?.freeSockets ?? {}))
      for (const socket of sockets ?? []) socket.destroy();
    return this.#agent;
  }
}

/** A plugin may take its time, or for ever. */
function unlessAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(signal.reason as Error);
    if (signal.aborted) leave();
    signal.addEventListener('abort', leave, { once: true });
    void promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}

/** All of an answer. Throws as `send`. */
export async function textOf(answer: http.IncomingMessage, signal: AbortSignal, server: URL): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > LARGEST_ANSWER)
        throw clusterError(
          'CLUSTER_UNREADABLE',
          `an answer of \`${server.host}\` is longer than ${LARGEST_ANSWER} bytes`,
        );
      chunks.push(chunk);
    }
  } catch (error) {
    throw reasonOf(error, signal, server);
  }
  return Buffer.concat(chunks).toString();
}

/** What ended a connection, as one of our errors, unless whoever asked did. */
export function reasonOf(error: unknown, signal: AbortSignal, server: URL): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof ChatelaineError) return error;
  const why = (error as NodeJS.ErrnoException).code ?? (error instanceof Error ? error.message : 'it broke off');
  return clusterError('CLUSTER_UNREACHABLE', `the API server at \`${server.host}\` cannot be reached: ${why}`, {
    cause: error,
  });
}
