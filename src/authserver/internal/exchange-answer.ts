/** What an exchange comes to: for the wire and, apart from it, for the record. */
import type { ServerResponse } from 'node:http';
import { reveal } from '#kernel';
import type { UpstreamAccessToken } from '#contract';
import { ACCESS_TOKEN } from '#token-exchange';
import type { FormFault } from './exchange-request.ts';

/** A refusal as the peer learns of it. */
export interface Refused {
  readonly status: 400 | 401 | 404 | 405 | 413 | 429 | 503;
  readonly error:
    | FormFault['error']
    | 'invalid_client'
    | 'invalid_grant'
    | 'invalid_token'
    | 'not_found'
    | 'server_error'
    | 'slow_down'
    | 'temporarily_unavailable';
  readonly description: string;
  readonly retryAfterSeconds?: number;
  /** Nothing more is heard on the connection. */
  readonly hangsUp?: true;
}

/** What became of a request. `reason` and `details` are for the record alone. */
export type Judged = { readonly details?: Readonly<Record<string, string>> } & (
  | { readonly granted: UpstreamAccessToken }
  | { readonly refused: Refused; readonly reason: string }
);

/**
 * The one answer to every subject token that opens nothing here, whatever is the matter with it: a session of somebody
 * else's server must not be told from one that there is not (INT-018; RFC 8693 §2.2.2).
 */
export const SUBJECT: Refused = {
  status: 400,
  error: 'invalid_request',
  description: 'the subject token is of no session of this owner that goes on',
};

export const NOBODY: Refused = {
  status: 401,
  error: 'invalid_client',
  description: 'the certificate of the connection is that of no owner who may come in here',
  hangsUp: true,
};

export const BOUND_ELSEWHERE: Refused = {
  status: 401,
  error: 'invalid_token',
  description: 'the subject token is bound to another key than that of this connection',
};

export const AT_FAULT: Refused = {
  status: 503,
  error: 'server_error',
  description: 'the authorization server cannot answer now',
  retryAfterSeconds: 1,
};

export function send(response: ServerResponse, judged: Judged): void {
  if ('granted' in judged) return write(response, 200, {}, replyOf(judged.granted));
  const { status, error, description, retryAfterSeconds, hangsUp } = judged.refused;
  const headers = {
    ...(retryAfterSeconds !== undefined && { 'Retry-After': String(retryAfterSeconds) }),
    ...(hangsUp === true && { Connection: 'close' }),
    ...(status === 405 && { Allow: 'POST' }),
    ...(error === 'invalid_token' && { 'WWW-Authenticate': 'Bearer error="invalid_token"' }),
  };
  write(response, status, headers, { error, error_description: description });
}

/** RFC 8693 §2.2.1. Never a refresh token: whoever has one needs no session and no consent any more. */
const replyOf = ({ accessToken, expiresInSeconds, scopes }: UpstreamAccessToken) => ({
  access_token: reveal(accessToken),
  issued_token_type: ACCESS_TOKEN,
  token_type: 'Bearer',
  ...(expiresInSeconds !== undefined && { expires_in: expiresInSeconds }),
  ...(scopes.length > 0 && { scope: scopes.join(' ') }),
});

function write(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  content: Readonly<Record<string, unknown>>,
): void {
  const body = JSON.stringify(content);
  response
    .writeHead(status, {
      'Content-Type': 'application/json',
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      ...headers,
      'Content-Length': Buffer.byteLength(body),
    })
    .end(body);
}
