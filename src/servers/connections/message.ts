/**
 * JSON-RPC 2.0 as servers send it. Nothing of a message is touched beyond telling what kind it is: results pass to
 * whoever asked, unknown members and all.
 */
import { err, isRecord, ok, parseStrictJson, type JsonObject, type JsonValue, type Result } from '#kernel';

export type RequestId = string | number;

export interface ServerRequest {
  readonly kind: 'request';
  readonly id: RequestId;
  readonly method: string;
  readonly params: JsonObject | undefined;
}

export interface ServerNotification {
  readonly kind: 'notification';
  readonly method: string;
  readonly params: JsonObject;
}

export interface ServerResponse {
  readonly kind: 'response';
  /** Undefined in an error about a request whose id could not be read. */
  readonly id: RequestId | undefined;
  readonly result: JsonObject | undefined;
  readonly error: RpcFault | undefined;
  /** The HTTP status that it came with, where it came over HTTP. */
  readonly status?: number;
}

export interface RpcFault {
  readonly code: number;
  readonly message: string;
  readonly data: JsonValue | undefined;
}

export type ServerMessage = ServerRequest | ServerNotification | ServerResponse;

/** Deeper than any schema of a tool; flat enough that nobody's parser of what we pass on ends on it. */
const LIMITS = { maxDepth: 128 };

/**
 * The one message in the bytes. Refused, with why: what two readers could understand differently, and batches, which
 * one revision had and no server sends to who sends none.
 */
export function readMessage(bytes: Buffer): Result<ServerMessage, string> {
  const parsed = parseStrictJson(bytes, LIMITS);
  return parsed.ok ? messageOf(parsed.value) : parsed;
}

function messageOf(value: JsonValue): Result<ServerMessage, string> {
  if (!isRecord(value)) return err(Array.isArray(value) ? 'a batch of messages' : 'no object');
  const { jsonrpc, id, method, params, result, error } = value;
  if (jsonrpc !== '2.0') return err('`jsonrpc` is not "2.0"');
  const named = isId(id) ? id : undefined;
  if (method !== undefined) {
    if (typeof method !== 'string') return err('`method` is no text');
    if (params !== undefined && !isRecord(params)) return err('`params` is no object');
    if (id === undefined) return ok({ kind: 'notification', method, params: params ?? {} });
    return named === undefined
      ? err('`id` is neither text nor number')
      : ok({ kind: 'request', id: named, method, params });
  }
  if (error !== undefined && result === undefined) {
    const fault = faultOf(error);
    return fault === undefined
      ? err('`error` has no code and message')
      : ok({ kind: 'response', id: named, result: undefined, error: fault });
  }
  if (named === undefined || error !== undefined || !isRecord(result)) {
    return err('neither a `method`, nor an `id` with either `result` or `error`');
  }
  return ok({ kind: 'response', id: named, result, error: undefined });
}

function faultOf(error: JsonValue): RpcFault | undefined {
  if (!isRecord(error)) return undefined;
  const { code, message, data } = error;
  return typeof code === 'number' && typeof message === 'string' ? { code, message, data } : undefined;
}

const isId = (id: unknown): id is RequestId => typeof id === 'string' || typeof id === 'number';

export const encodeRequest = (id: RequestId, method: string, params: JsonObject): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method, params });

export const encodeNotification = (method: string, params: JsonObject = {}): string =>
  JSON.stringify({ jsonrpc: '2.0', method, params });

export const encodeResult = (id: RequestId, result: JsonObject): string =>
  JSON.stringify({ jsonrpc: '2.0', id, result });

export const encodeFault = (id: RequestId, error: Pick<RpcFault, 'code' | 'message'> & { data?: unknown }): string =>
  JSON.stringify({ jsonrpc: '2.0', id, error });
