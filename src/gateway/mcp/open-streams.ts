import type { TokenVerifier } from '#contract';
import type { EventStream } from './event-stream.ts';

const EVERY_MS = 15_000;

/**
 * All streams that stay open, looked after together: every 15 seconds each gets a comment, so that
 * quiet connections survive proxies, and its credential is verified again, so that a stream outlives
 * its revoked or expired key by 15 seconds at most.
 */
export class OpenStreams {
  readonly #verifier: TokenVerifier;
  readonly #streams = new Map<EventStream, string | undefined>();
  #timer: NodeJS.Timeout | undefined;

  constructor(verifier: TokenVerifier) {
    this.#verifier = verifier;
  }

  get size(): number {
    return this.#streams.size;
  }

  /** `credential`: what opened the stream; undefined where nothing can expire. */
  add(stream: EventStream, credential: string | undefined): void {
    this.#streams.set(stream, credential);
    stream.onClose(() => {
      this.#streams.delete(stream);
      if (this.#streams.size === 0) this.#stop();
    });
    this.#timer ??= setInterval(() => void this.round(), EVERY_MS).unref();
  }

  endAll(): void {
    for (const stream of this.#streams.keys()) stream.end();
    this.#stop();
  }

  /** One round, by the timer every 15 seconds. */
  async round(): Promise<void> {
    for (const [stream, credential] of this.#streams) {
      const verified = credential === undefined || (await this.#verifier.verify(credential)).ok;
      if (verified) stream.keepAlive();
      else stream.end();
    }
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
