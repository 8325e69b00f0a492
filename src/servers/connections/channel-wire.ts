/**
 * A wire over one channel that all messages share, in whatever order: standard streams of a process, or the one
 * stream of HTTP+SSE. Answers find their request by id; answers to nobody are left out.
 */
import type { Logger } from '#kernel';
import { connectionError } from './errors.ts';
import { readMessage, type ServerResponse } from './message.ts';
import type { Wire, WireExchange, WireListener, WireRequest } from './wire.ts';

/** What carries single messages. */
export interface Channel {
  /** Resolves when the message is on its way, so that nothing piles up before a slow reader. */
  send(message: string, signal?: AbortSignal): Promise<void>;
  /** Called once, before the first message. */
  attach(listener: ChannelListener): void;
  close(): Promise<void>;
}

export interface ChannelListener {
  readonly message: (bytes: Buffer) => void;
  readonly ended: (reason: Error) => void;
}

interface Waiting {
  readonly resolve: (response: ServerResponse) => void;
  readonly reject: (error: Error) => void;
}

export class ChannelWire implements Wire {
  readonly shared = true;
  readonly #server: string;
  readonly #channel: Channel;
  readonly #log: Logger;
  readonly #waiting = new Map<number, Waiting>();
  #listener: WireListener | undefined;
  #ended: Error | undefined;

  constructor(server: string, channel: Channel, log: Logger) {
    this.#server = server;
    this.#channel = channel;
    this.#log = log;
    channel.attach({ message: (bytes) => this.#received(bytes), ended: (reason) => this.#end(reason) });
  }

  attach(listener: WireListener): void {
    this.#listener = listener;
    if (this.#ended !== undefined) listener.ended(this.#ended);
  }

  async request({ id, text }: WireRequest, { signal }: WireExchange): Promise<ServerResponse> {
    if (this.#ended !== undefined) {
      throw connectionError('SERVER_CONNECTION_ENDED', this.#ended.message, { cause: this.#ended });
    }
    const { promise, resolve, reject } = Promise.withResolvers<ServerResponse>();
    const abort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    this.#waiting.set(id, { resolve, reject });
    try {
      // Both at once: the channel may end, or the answer come, while the message still waits to be read.
      const [response] = await Promise.all([promise, this.#channel.send(text, signal)]);
      return response;
    } finally {
      this.#waiting.delete(id);
      signal.removeEventListener('abort', abort);
    }
  }

  send(message: string, signal?: AbortSignal): Promise<void> {
    return this.#channel.send(message, signal);
  }

  async close(): Promise<void> {
    await this.#channel.close();
  }

  #received(bytes: Buffer): void {
    const message = readMessage(bytes);
    if (!message.ok) return this.#dropped(message.error);
    const { value } = message;
    if (value.kind !== 'response') return this.#listener?.received(value);
    const waiting = typeof value.id === 'number' ? this.#waiting.get(value.id) : undefined;
    if (waiting === undefined) return this.#dropped('an answer to something that nobody waits for');
    waiting.resolve(value);
  }

  #dropped(why: string): void {
    this.#log.warn({ server: this.#server }, `left out of what the server sent: ${why}`);
  }

  #end(reason: Error): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    const lost = connectionError('SERVER_LOST', reason.message, { cause: reason });
    for (const { reject } of this.#waiting.values()) reject(lost);
    this.#listener?.ended(reason);
  }
}
