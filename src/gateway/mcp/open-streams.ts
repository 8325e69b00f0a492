import type { TokenVerifier } from '#contract';
import type { Caller } from '../pipeline/authenticate.ts';
import type { EventStream } from './event-stream.ts';

const EVERY_MS = 15_000;

/**
 * All streams that stay open, looked after together: every 15 seconds each gets a comment, so that
 * quiet connections survive proxies, and its credential is verified again, so that a stream outlives
 * its revoked or expired key by 15 seconds at most.
 */
export class OpenStreams {
  readonly #verifier: TokenVerifier;
  readonly #streams = new Map<EventStream, Caller>();
  #timer: NodeJS.Timeout | undefined;

  constructor(verifier: TokenVerifier) {
    this.#verifier = verifier;
  }

  get size(): number {
    return this.#streams.size;
  }

  /** `caller`: who opened the stream. */
  add(stream: EventStream, caller: Caller): void {
    this.#streams.set(stream, caller);
    this.#timer ??= setInterval(() => void this.round(), EVERY_MS).unref();
    stream.onClose(() => {
      this.#streams.delete(stream);
      if (this.#streams.size === 0) this.#stop();
    });
  }

  /** One round, by the timer every 15 seconds. */
  async round(): Promise<void> {
    for (const [stream, caller] of this.#streams) {
      if (await this.#counts(caller)) stream.keepAlive();
      else stream.end();
    }
  }

  /** Whatever keeps a credential from being verified ends its streams: the client asks again. */
  async #counts({ credential, peer }: Caller): Promise<boolean> {
    try {
      return (await this.#verifier.verify(credential, peer)).ok;
    } catch {
      return false;
    }
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
