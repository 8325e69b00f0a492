/**
 * HTTP+SSE of revision 2024-11-05: one stream brings everything, its first event the address that takes messages.
 * Only for servers that are configured so; who sends the address chooses where credentials go, so it stays at home.
 */
import type { EgressStream } from '#egress';
import type { Logger } from '#kernel';
import type { Channel, ChannelListener } from '../channel-wire.ts';
import { connectionError } from '../errors.ts';
import type { WireLimits } from '../wire.ts';
import { mediaType } from './answer.ts';
import { readEvents } from './event-stream.ts';
import { discard, type HttpRequests } from './http-requests.ts';

const SEND_MS = 30_000;

export class SseChannel implements Channel {
  readonly #requests: HttpRequests;
  readonly #limits: WireLimits;
  readonly #log: Logger;
  readonly #closing = new AbortController();
  readonly #endpoint = Promise.withResolvers<URL>();
  #listener: ChannelListener | undefined;
  #ended: Error | undefined;

  private constructor(requests: HttpRequests, limits: WireLimits, log: Logger) {
    this.#requests = requests;
    this.#limits = limits;
    this.#log = log;
    // Whoever opens waits for it, unless what it waits for before fails first.
    this.#endpoint.promise.catch(() => {});
  }

  /** Opens the stream and waits for the address. Rejects as `HttpRequests.send`, and with `SERVER_ANSWER_UNREADABLE`. */
  static async open(requests: HttpRequests, limits: WireLimits, log: Logger, signal: AbortSignal): Promise<SseChannel> {
    const channel = new SseChannel(requests, limits, log);
    const abort = (): void => {
      channel.#closing.abort(signal.reason);
      channel.#endpoint.reject(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
    try {
      const headers = { accept: 'text/event-stream', 'accept-encoding': 'identity' };
      const answer = await requests.send({ method: 'GET', headers, signal: channel.#closing.signal });
      void channel.#read(answer);
      await channel.#endpoint.promise;
      return channel;
    } catch (error) {
      channel.#closing.abort(error);
      throw error;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  attach(listener: ChannelListener): void {
    this.#listener = listener;
    if (this.#ended !== undefined) listener.ended(this.#ended);
  }

  async send(message: string, signal?: AbortSignal): Promise<void> {
    const timeout = AbortSignal.timeout(SEND_MS);
    const answer = await this.#requests.send({
      method: 'POST',
      url: await this.#endpoint.promise,
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: message,
      signal: AbortSignal.any([timeout, this.#closing.signal, ...(signal === undefined ? [] : [signal])]),
    });
    discard(answer);
    if (answer.status < 200 || answer.status > 299)
      throw this.#unreadable(`took a message with HTTP status ${answer.status}`);
  }

  close(): Promise<void> {
    this.#ended ??= this.#reason('was closed');
    this.#closing.abort(this.#ended);
    return Promise.resolve();
  }

  async #read(answer: EgressStream): Promise<void> {
    try {
      if (answer.status !== 200 || mediaType(answer) !== 'text/event-stream') {
        discard(answer);
        throw this.#unreadable(`has no stream of events there (HTTP status ${answer.status})`);
      }
      await readEvents(answer.body, {
        maxBytes: this.#limits.maxMessageBytes,
        event: ({ type, data }) => {
          if (type === 'endpoint') this.#endpoint.resolve(this.#atHome(data));
          else if (type === 'message' && data !== '')
            this.#listener?.message(this.#requests.withoutSent(Buffer.from(data)));
          return false;
        },
      });
      throw this.#reason('ended the stream');
    } catch (error) {
      this.#endpoint.reject(error);
      if (this.#ended !== undefined) return;
      this.#ended = error instanceof Error ? error : this.#reason('broke off');
      this.#log.debug({ server: this.#requests.server, err: error }, 'the stream of an MCP server ended');
      this.#listener?.ended(this.#ended);
    }
  }

  #atHome(address: string): URL {
    const url = URL.parse(address, this.#requests.url.href);
    if (url?.origin === this.#requests.url.origin && url.username === '' && url.password === '') return url;
    throw this.#unreadable('wants messages sent to another origin, which is not done');
  }

  #unreadable(what: string): Error {
    return connectionError('SERVER_ANSWER_UNREADABLE', `\`${this.#requests.server}\` ${what}`);
  }

  #reason(how: string): Error {
    return connectionError('SERVER_CONNECTION_ENDED', `\`${this.#requests.server}\` ${how}`);
  }
}
