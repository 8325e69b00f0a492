/** The answer to a request that was posted: one JSON document, or a stream of events of which the last is the response. */
import type { Readable } from 'node:stream';
import type { EgressStream } from '#egress';
import { ChatelaineError, formatSize } from '#kernel';
import { connectionError } from '../errors.ts';
import {
  readMessage,
  type ServerMessage,
  type ServerNotification,
  type ServerRequest,
  type ServerResponse,
} from '../message.ts';
import { discard } from './http-requests.ts';
import { readEvents } from './event-stream.ts';

/** Of an answer that is none of MCP, as much is read as may hold an error of it. */
const FAULT_BYTES = 64 * 1024;

export interface AnswerReader {
  /** The server's name. */
  readonly server: string;
  readonly id: number;
  readonly maxBytes: number;
  /** As `HttpRequests.withoutSent`. */
  readonly clean: (message: Buffer) => Buffer;
  readonly received: (message: ServerRequest | ServerNotification) => void;
  /** A message that is none, or an answer to somebody else: left out. */
  readonly dropped: (why: string) => void;
  readonly eventId?: (id: string) => void;
  readonly retry?: (ms: number) => void;
}

/**
 * Resolves to the response with the id, or undefined where a stream ended without it. An error of the protocol counts
 * under any HTTP status; what else has none of success is `SERVER_UNAVAILABLE` (429, 5xx) or
 * `SERVER_ANSWER_UNREADABLE`, with the status in the details. `SERVER_LOST` when it breaks off.
 */
export async function readAnswer(answer: EgressStream, reader: AnswerReader): Promise<ServerResponse | undefined> {
  const { status, body } = answer;
  const type = mediaType(answer);
  if (status < 200 || status > 299) return await readFault(answer, reader);
  if (type === 'text/event-stream') return await readStream(body, reader);
  if (type !== 'application/json') {
    discard(answer);
    throw unreadable(reader, `HTTP status ${status} and ${type === '' ? 'no content type' : `\`${type}\``}`, status);
  }
  const bytes = await readBody(body, reader.maxBytes).catch((error: unknown) => {
    throw lost(reader.server, error);
  });
  if (bytes === undefined) throw tooLong(reader);
  const message = readMessage(reader.clean(bytes));
  if (!message.ok) throw unreadable(reader, `JSON that is no message: ${message.error}`, status);
  const response = responseIn(message.value, reader);
  if (response === undefined) throw unreadable(reader, 'a message that is no answer to what was asked', status);
  return response;
}

/** Events until the response, of a POST's answer or of a stream that goes on with one. */
export async function readStream(body: Readable, reader: AnswerReader): Promise<ServerResponse | undefined> {
  let response: ServerResponse | undefined;
  const event = ({ type, data }: { type: string; data: string }): boolean => {
    // An event without data primes a client for coming back (MCP 2025-11-25, Streamable HTTP).
    if (type !== 'message' || data === '') return false;
    const message = readMessage(reader.clean(Buffer.from(data)));
    if (!message.ok) {
      reader.dropped(message.error);
      return false;
    }
    if (message.value.kind !== 'response') {
      reader.received(message.value);
      return false;
    }
    response = responseIn(message.value, reader);
    return response !== undefined;
  };
  try {
    await readEvents(body, {
      maxBytes: reader.maxBytes,
      event,
      ...(reader.eventId !== undefined && { id: reader.eventId }),
      ...(reader.retry !== undefined && { retry: reader.retry }),
    });
  } catch (error) {
    throw lost(reader.server, error);
  }
  return response;
}

/** An error without an id is about the one request that this exchange carries; any other id is not. */
function responseIn(message: ServerMessage, { id, dropped }: AnswerReader): ServerResponse | undefined {
  if (message.kind !== 'response') return undefined;
  if (message.id === id || (message.id === undefined && message.error !== undefined)) return message;
  dropped('an answer to something else');
  return undefined;
}

async function readFault(answer: EgressStream, reader: AnswerReader): Promise<ServerResponse> {
  const { status, headers } = answer;
  if (mediaType(answer) === 'application/json') {
    const bytes = await readBody(answer.body, FAULT_BYTES).catch(() => undefined);
    const message = bytes === undefined ? undefined : readMessage(reader.clean(bytes));
    const response = message?.ok === true ? responseIn(message.value, reader) : undefined;
    if (response?.error !== undefined) return { ...response, status };
  } else {
    discard(answer);
  }
  if (status !== 429 && status < 500) throw unreadable(reader, `HTTP status ${status}`, status);
  const wait = /^\d{1,6}$/.exec(headers['retry-after']?.trim() ?? '')?.[0];
  throw connectionError('SERVER_UNAVAILABLE', `\`${reader.server}\` answered with HTTP status ${status}`, {
    details: { status, ...(wait !== undefined && { retryAfterSeconds: Number(wait) }) },
  });
}

/** The body, or undefined where it is longer than `maxBytes`. */
async function readBody(body: Readable, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    if ((size += chunk.length) > maxBytes) return undefined;
  }
  return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, size);
}

export const mediaType = ({ headers }: EgressStream): string =>
  (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';

export function lost(server: string, cause: unknown): Error {
  if (cause instanceof ChatelaineError) return cause;
  const reason = cause instanceof Error ? `: ${cause.message}` : '';
  return connectionError('SERVER_LOST', `the answer of \`${server}\` broke off${reason}`, { cause });
}

const unreadable = ({ server }: AnswerReader, what: string, status: number): Error =>
  connectionError('SERVER_ANSWER_UNREADABLE', `\`${server}\` answered with ${what}`, { details: { status } });

const tooLong = ({ server, maxBytes }: AnswerReader): Error =>
  connectionError('SERVER_ANSWER_UNREADABLE', `\`${server}\` answered with more than ${formatSize(maxBytes)}`, {
    details: { maxBytes },
  });
