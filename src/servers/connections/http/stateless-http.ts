/**
 * Streamable HTTP of the stateless era: every request is a POST of its own and everything about it comes in the
 * answer. Hanging up is how a request is called off (MCP 2026-07-28, Streamable HTTP, Cancellation).
 */
import type { Logger } from '#kernel';
import type { ServerResponse } from '../message.ts';
import type { Wire, WireExchange, WireLimits, WireRequest } from '../wire.ts';
import { lost, readAnswer } from './answer.ts';
import type { HttpRequests } from './http-requests.ts';
import { statelessHeaders } from './request-headers.ts';

export class StatelessHttp implements Wire {
  readonly shared = false;
  readonly #requests: HttpRequests;
  readonly #limits: WireLimits;
  readonly #log: Logger;

  constructor(requests: HttpRequests, limits: WireLimits, log: Logger) {
    this.#requests = requests;
    this.#limits = limits;
    this.#log = log;
  }

  async request(message: WireRequest, exchange: WireExchange): Promise<ServerResponse> {
    const { server } = this.#requests;
    const answer = await this.#requests.send({
      method: 'POST',
      headers: { ...exchange.headers, ...statelessHeaders(message.method, message.params) },
      body: message.text,
      signal: exchange.signal,
    });
    const response = await readAnswer(answer, {
      server,
      id: message.id,
      maxBytes: this.#limits.maxMessageBytes,
      clean: (message) => this.#requests.withoutSent(message),
      received: exchange.received,
      dropped: (why) => this.#log.warn({ server }, `left out of what the server sent: ${why}`),
    });
    if (response === undefined) throw lost(server, undefined);
    return response;
  }

  /** This era has no messages of clients but requests. */
  send(): Promise<void> {
    return Promise.resolve();
  }

  /** Nothing comes unasked, and nothing ends: every request stands alone. */
  attach(): void {}

  close(): Promise<void> {
    return Promise.resolve();
  }
}
