/** The port between what a connection means and how its messages travel: HTTP, or one channel for everything. */
import type { ServerMessage, ServerNotification, ServerRequest, ServerResponse } from './message.ts';

export interface Wire {
  /** All messages share one channel: a request is called off by a message, and not by hanging up. */
  readonly shared: boolean;
  /** Sends a request and resolves to the response with its id. Rejects as `ServerConnection.request` does. */
  request(message: WireRequest, exchange: WireExchange): Promise<ServerResponse>;
  /** Sends what is not answered: a notification, or a response. */
  send(message: string, signal?: AbortSignal): Promise<void>;
  /** Where messages go that came on no request's own stream, and where the end of the wire is told; once, at first. */
  attach(listener: WireListener): void;
  close(): Promise<void>;
}

export interface WireRequest {
  readonly id: number;
  readonly method: string;
  /** For header fields that repeat a member of it. */
  readonly params: Readonly<Record<string, unknown>>;
  /** The whole message. */
  readonly text: string;
}

export interface WireExchange {
  readonly signal: AbortSignal;
  readonly headers: Readonly<Record<string, string>>;
  /** What came on the request's own stream, in order, and before the response. */
  readonly received: (message: ServerRequest | ServerNotification) => void;
}

export interface WireListener {
  readonly received: (message: Exclude<ServerMessage, ServerResponse>) => void;
  /** The wire is no more. */
  readonly ended: (reason: Error) => void;
}

/** How much one message and one connection may hold. */
export interface WireLimits {
  /** Of one message, in bytes. */
  readonly maxMessageBytes: number;
  /** Requests of one connection at once. */
  readonly maxInFlight: number;
}

export const DEFAULT_LIMITS: WireLimits = { maxMessageBytes: 10 * 1024 * 1024, maxInFlight: 2048 };
