import type { Caller } from '../pipeline/caller.ts';
import type { EventStream } from './event-stream.ts';

const EVERY_MS = 15_000;

/**
 * All streams that stay open, looked after together: every 15 seconds each gets a comment, so that
 * quiet connections survive proxies, and its credential is verified again, so that a stream outlives
 * its revoked or expired key by 15 seconds at most.
 */
export class OpenStreams {
  readonly #streams = new Map<EventStream, Caller['verifyAgain']>();
  #timer: NodeJS.Timeout | undefined;

  get size(): number {
    return this.#streams.size;
  }

  /** `verifyAgain`: asks about the credential that opened the stream. */
  add(stream: EventStream, verifyAgain: Caller['verifyAgain']): void {
    this.#streams.set(stream, verifyAgain);
    this.#timer ??= setInterval(() => void this.round(), EVERY_MS).unref();
    stream.onClose(() => {
      this.#streams.delete(stream);
      if (this.#streams.size === 0) this.#stop();
    });
  }

  /** One round, by the timer every 15 seconds. */
  async round(): Promise<void> {
    for (const [stream, verifyAgain] of this.#streams) {
      if (await counts(verifyAgain)) stream.keepAlive();
      else stream.end();
    }
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/** Whatever keeps a credential from being verified ends its streams: the client asks again. */
async function counts(verifyAgain: Caller['verifyAgain']): Promise<boolean> {
  try {
    return (await verifyAgain()).ok;
  } catch {
    return false;
  }
}
