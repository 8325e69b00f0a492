import type { IncomingMessage } from 'node:http';
import { ChatelaineError, err, ok, type Result } from '#kernel';
import { isJson, readBody } from '../http/body.ts';
import { INVALID_REQUEST, parseMessage, RpcError, type Message, type MessageFault } from './json-rpc.ts';

/** Why a POST carries no message, and the HTTP status that says so. */
export interface PostedFault extends MessageFault {
  readonly status: number;
}

/** The message of a POST, and the bytes that it came as. */
export interface Posted {
  readonly message: Message;
  readonly body: Buffer;
}

/** Reads the one message of a POST; rejects only when the client went away before it was complete. */
export async function readPosted(request: IncomingMessage, maxBodyBytes: number): Promise<Result<Posted, PostedFault>> {
  if (!isJson(request)) return unread(415, 'the body must be `application/json`');
  let body: Buffer;
  try {
    body = await readBody(request, maxBodyBytes);
  } catch (error) {
    if (error instanceof ChatelaineError) return unread(error.status, error.message);
    throw error;
  }
  const message = parseMessage(body);
  return message.ok ? ok({ message: message.value, body }) : err({ ...message.error, status: 400 });
}

const unread = (status: number, message: string) =>
  err<PostedFault>({ status, id: undefined, error: new RpcError(INVALID_REQUEST, message) });
