/** JSON-RPC 2.0 as MCP uses it: one message, ids that are strings or integers, params an object. */
import { ClientInterruption } from '#contract';
import { err, isRecord, ok, parseStrictJson, type JsonObject, type JsonValue, type Result } from '#kernel';

export type RequestId = string | number;

export type Message =
  | {
      readonly kind: 'request';
      readonly id: RequestId;
      readonly method: string;
      readonly params: JsonObject | undefined;
    }
  | { readonly kind: 'notification'; readonly method: string; readonly params: JsonObject | undefined }
  | { readonly kind: 'response'; readonly id: RequestId; readonly result?: JsonObject; readonly error?: JsonObject };

const PARSE_ERROR = -32700;
export const INVALID_REQUEST = -32600;
export const METHOD_NOT_FOUND = -32601;
export const INVALID_PARAMS = -32602;
export const INTERNAL_ERROR = -32603;
/** 2025-11-25 and earlier: resource not found. */
export const RESOURCE_NOT_FOUND = -32002;
/** MCP 2026-07-28: header values and body values differ, or a required header is missing. */
export const HEADER_MISMATCH = -32020;
export const MISSING_CLIENT_CAPABILITY = -32021;
/** 2025-11-25: a page has to be opened before the call can go on. */
export const URL_ELICITATION_REQUIRED = -32042;
export const UNSUPPORTED_PROTOCOL_VERSION = -32022;

/** An error response: the JSON-RPC part, and how HTTP says the same. Passes through handlers untouched. */
export class RpcError extends ClientInterruption {
  readonly code: number;
  readonly data: JsonValue | undefined;
  readonly status: number;
  /** Flat list of header names and values. */
  readonly headers: readonly string[];

  constructor(
    code: number,
    message: string,
    options: { data?: JsonValue; status?: number; headers?: readonly string[] } = {},
  ) {
    super(message);
    this.code = code;
    this.data = options.data;
    this.status = options.status ?? 200;
    this.headers = options.headers ?? [];
  }
}

/** Why bytes are no message: the error to answer with, and the id where one could be read. */
export interface MessageFault {
  readonly error: RpcError;
  readonly id: RequestId | undefined;
}

/** Reads the one message that the bytes hold. */
export function parseMessage(bytes: Buffer): Result<Message, MessageFault> {
  const parsed = parseStrictJson(bytes);
  if (!parsed.ok) {
    const message = `the message is not JSON that can be read one way only: ${parsed.error}`;
    return err({ error: new RpcError(PARSE_ERROR, message), id: undefined });
  }
  const read = readMessage(parsed.value);
  return read.ok ? read : err({ error: new RpcError(INVALID_REQUEST, read.error.message), id: read.error.id });
}

/** Batches were in MCP for one revision (2025-03-26) and no client sends them. */
function readMessage(value: JsonValue): Result<Message, { message: string; id: RequestId | undefined }> {
  if (Array.isArray(value))
    return err({ message: 'batches are not supported; send one message per request', id: undefined });
  if (!isRecord(value)) return err({ message: 'a JSON-RPC message is an object', id: undefined });
  const { jsonrpc, id, method, params } = value;
  const echo = isRequestId(id) ? id : undefined;
  if (jsonrpc !== '2.0') return err({ message: '`jsonrpc` must be "2.0"', id: echo });
  if (method === undefined) return readResponse(value, echo);
  if (typeof method !== 'string' || method === '')
    return err({ message: '`method` must be a non-empty string', id: echo });
  if (params !== undefined && !isRecord(params)) return err({ message: '`params` must be an object', id: echo });
  if (id === undefined) return ok({ kind: 'notification', method, params });
  if (echo === undefined) return err({ message: '`id` must be a string or an integer', id: undefined });
  return ok({ kind: 'request', id: echo, method, params });
}

function readResponse(
  value: JsonObject,
  id: RequestId | undefined,
): Result<Message, { message: string; id: RequestId | undefined }> {
  const { result, error } = value;
  if (id === undefined || (result === undefined) === (error === undefined)) {
    return err({ message: 'a message has a `method`, or an `id` with either `result` or `error`', id });
  }
  if (result !== undefined && !isRecord(result)) return err({ message: '`result` must be an object', id });
  if (error !== undefined && !isRecord(error)) return err({ message: '`error` must be an object', id });
  return ok({ kind: 'response', id, ...(result !== undefined && { result }), ...(error !== undefined && { error }) });
}

const isRequestId = (id: JsonValue | undefined): id is RequestId =>
  typeof id === 'string' || (typeof id === 'number' && Number.isSafeInteger(id));

export const encodeResult = (id: RequestId, result: unknown): string =>
  `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${JSON.stringify(result)}}`;

/** Without an id that could be read, 2025 clients expect `null` and 2026 ones no id: null suits both. */
export function encodeError(id: RequestId | undefined, error: RpcError): string {
  return JSON.stringify({
    jsonrpc: '2.0',
    id: id ?? null,
    error: { code: error.code, message: error.message, ...(error.data !== undefined && { data: error.data }) },
  });
}

export const encodeNotification = (method: string, params: JsonObject): string =>
  JSON.stringify({ jsonrpc: '2.0', method, params });
