/**
 * An HTTP client for who passes requests on: what comes in goes out as it flows, and so does the answer. Guarded
 * sockets as everywhere; no redirect is followed, nothing is unpacked, and no clock runs but that of the
 * connection: a stream may be silent for as long as its ends like.
 */
import type { Readable } from 'node:stream';
import type { Agent } from 'undici';
import { ChatelaineError } from '#kernel';
import type { EgressTls } from './egress-client.ts';
import type { EgressRules } from './egress-rules.ts';
import { egressError } from './errors.ts';

export interface PassedRequest {
  readonly method: string;
  /** Scheme, host and port of whom it goes to. */
  readonly origin: string;
  /** The request target: path and query. */
  readonly target: string;
  /** Flat: name, value. `Host` among them is what is sent, wherever it goes. */
  readonly headers: readonly string[];
  readonly body: Readable | Buffer | undefined;
  readonly signal: AbortSignal;
}

export interface PassedAnswer {
  readonly status: number;
  /** As they came. Flat: name, value. */
  readonly headers: readonly string[];
  /** To be read to its end, or destroyed. */
  readonly body: Readable;
}

export class PassingClient {
  readonly #options: ConstructorParameters<typeof PassingClient>[0];
  #agent: Promise<Agent> | undefined;

  constructor(options: {
    readonly rules: EgressRules;
    /** Read for each new connection: a renewed certificate is used without a restart. */
    readonly tls: () => EgressTls;
    readonly connectTimeoutMs: number;
  }) {
    this.#options = options;
  }

  /**
   * Sends the request; gives the answer when it begins. Throws `EGRESS_REFUSED` and `EGRESS_UNREACHABLE` when no
   * connection came about, so that nothing was sent; the reason of the signal; and what it met, when
   * the other side went away in between.
   */
  async pass({ method, origin, target, headers, body, signal }: PassedRequest): Promise<PassedAnswer> {
    const agent = await (this.#agent ??= this.#open());
    const answer = await agent.request({
      ...{ method, origin, path: target, signal },
      headers: [...headers],
      body: body ?? null,
      responseHeaders: 'raw',
    });
    return {
      status: answer.statusCode,
      headers: answer.headers as unknown as readonly string[],
      body: answer.body,
    };
  }

  /** Cuts what is under way. */
  async close(): Promise<void> {
    await (await this.#agent)?.destroy();
  }

  async #open(): Promise<Agent> {
    const [{ Agent: UndiciAgent, buildConnector }, { guardedConnector }] = await Promise.all([
      import('undici'),
      import('./guarded-connector.ts'),
    ]);
    const { rules, tls, connectTimeoutMs: timeoutMs } = this.#options;
    return new UndiciAgent({
      connect(target, callback) {
        const failed = (cause: Error): void => {
          if (cause instanceof ChatelaineError) return callback(cause, null);
          const message = `\`${target.protocol}//${target.host ?? target.hostname}\` cannot be reached: ${cause.message}`;
          callback(egressError('EGRESS_UNREACHABLE', message, { cause }), null);
        };
        try {
          const connect = guardedConnector(buildConnector, rules, { tls: tls(), timeoutMs });
          connect(target, (...[failure, socket]) => (failure === null ? callback(null, socket) : failed(failure)));
        } catch (error) {
          failed(error as Error);
        }
      },
      // Streams hold theirs for as long as they last: a bound would keep calls waiting behind them.
      connections: null,
      allowH2: false,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }
}
