/**
 * The port to one MCP server: one connection, opened for one authorization context with the capabilities of that
 * caller's client. Both eras and every transport stand behind it; whoever uses it sees messages of the protocol and
 * nothing of how they travel.
 */
import type { InputRequest } from '#contract';
import type { JsonObject } from '#kernel';

export interface ServerConnection {
  /** `stateless` from revision 2026-07-28 on, `session` before it. */
  readonly era: 'stateless' | 'session';
  /** The revision that both sides agreed on. */
  readonly version: string;
  /** What the server says of itself: in `server/discover`, or in answer to `initialize`. */
  readonly capabilities: JsonObject;
  readonly serverInfo: JsonObject | undefined;
  readonly instructions: string | undefined;
  /**
   * Sends one request and resolves to its result as the server gave it, unknown members and all; a result of the
   * stateless era may be `input_required`. Rejects with `ServerError` for an error of the protocol, with a
   * catalogued error where there is no answer to believe, and with the signal's reason, having told the server.
   */
  request(method: string, params: JsonObject, options: RequestOptions): Promise<JsonObject>;
  /** Calls back for what belongs to no request: `list_changed`, `resources/updated`. Returns what stops it. */
  onNews(listener: (method: string, params: JsonObject) => void): () => void;
  /** Calls back once when it has ended by itself; `close` says nothing. */
  onEnd(listener: (reason: Error) => void): () => void;
  /** Ends what runs and frees everything. Idempotent. */
  close(): Promise<void>;
}

export interface RequestOptions {
  readonly signal: AbortSignal;
  /** On whose behalf, where it is somebody's (`CallerFace.context`). */
  readonly context?: string;
  /** Notifications that belong to this request, in order, and every one before the result. */
  readonly notified?: (method: string, params: JsonObject) => void;
  /**
   * A request that a server of the session era sends while this one runs. Its rejection is told to the server as an
   * error. Without it every such request is refused.
   */
  readonly asked?: (request: InputRequest) => Promise<JsonObject>;
  /** Header fields of this request alone, such as `Mcp-Param-*`; names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What the other side answered as a JSON-RPC error. */
export class ServerError extends Error {
  readonly code: number;
  readonly data: unknown;
  /** The HTTP status that it came with, where it came over HTTP. */
  readonly status: number | undefined;

  constructor(code: number, message: string, data: unknown, status?: number) {
    super(message);
    this.code = code;
    this.data = data;
    this.status = status;
  }
}
