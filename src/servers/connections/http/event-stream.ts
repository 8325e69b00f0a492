/** Server-sent events (HTML, 9.2), as messages come in them. */
import type { Readable } from 'node:stream';
import { createParser } from 'eventsource-parser';

export interface EventReader {
  /** Characters that one event may have; longer ones end the reading. */
  readonly maxBytes: number;
  /** One event with data; true ends the reading. */
  readonly event: (event: { readonly type: string; readonly data: string }) => boolean;
  /** The id of an event, with or without data: from there a broken stream goes on. */
  readonly id?: (id: string) => void;
  /** Milliseconds to wait before coming back. */
  readonly retry?: (ms: number) => void;
}

/** How long, and how much, is read of what nobody wants. */
const DRAIN_MS = 1000;
const DRAIN_BYTES = 64 * 1024;

/**
 * Reads until `event` says that it is done (true), or the stream ends (false). Rejects when the stream breaks, holds
 * what is not UTF-8 or an event that is too long, and with what `event` throws.
 */
export function readEvents(body: Readable, reader: EventReader): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    let over = false;
    const settle = (outcome: () => void): void => {
      if (over) return;
      over = true;
      outcome();
    };
    const fail = (error: unknown): void => {
      settle(() => reject(error instanceof Error ? error : new Error('the stream cannot be read', { cause: error })));
      body.destroy();
    };
    const parser = createParser({
      maxBufferSize: reader.maxBytes,
      onEvent: ({ event = 'message', data }) => {
        if (over) return;
        if (data.length > reader.maxBytes) throw tooLong(reader);
        if (reader.event({ type: event, data })) {
          settle(() => resolve(true));
          drain(body);
        }
      },
      onId: (id) => !over && reader.id?.(id),
      onRetry: (ms) => !over && reader.retry?.(ms),
      onError: ({ type }) => {
        if (type === 'max-buffer-size-exceeded') throw tooLong(reader);
      },
    });
    body.on('data', (chunk: Buffer) => {
      if (over) return;
      try {
        parser.feed(decoder.decode(chunk, { stream: true }));
      } catch (error) {
        fail(error);
      }
    });
    body.on('end', () => settle(() => resolve(false)));
    body.on('error', (error) => settle(() => reject(error)));
    body.on('close', () => settle(() => resolve(false)));
  });
}

/** Reads what is left, so that the connection can be used again; hangs up where that is long. */
export function drain(body: Readable): void {
  if (body.closed) return;
  const timer = setTimeout(() => body.destroy(), DRAIN_MS).unref();
  let bytes = 0;
  body.on('data', (chunk: Buffer) => {
    if ((bytes += chunk.length) > DRAIN_BYTES) body.destroy();
  });
  body.once('close', () => clearTimeout(timer));
}

const tooLong = ({ maxBytes }: EventReader): Error => new Error(`an event is longer than ${maxBytes} bytes`);
