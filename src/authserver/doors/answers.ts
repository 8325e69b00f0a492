/** Answers that are not the provider's: pages, keys, registrations, and what went wrong. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { documentHeaders } from '#identity';
import { ChatelaineError } from '#kernel';
import { authServerError } from '../errors.ts';
import type { KeySet } from '../keys/index.ts';
import { errorBody } from '../pages/error-page.ts';
import type { Interactions, Reply } from '../provider/interactions.ts';
import type { RegistrationAnswer } from '../provider/registration.ts';

/** A page, or on to another place. */
export function sendPage(response: ServerResponse, reply: Reply): void {
  if (reply.cookies !== undefined && reply.cookies.length > 0) response.setHeader('Set-Cookie', [...reply.cookies]);
  if ('to' in reply) {
    response.writeHead(303, { ...documentHeaders(), Location: reply.to, 'Content-Length': 0 }).end();
    return;
  }
  const { text } = reply.page;
  response
    .writeHead(reply.status, {
      ...documentHeaders(undefined, reply.leadsTo),
      ...reply.headers,
      'Content-Type': 'text/html; charset=utf-8',
      ...(reply.refresh !== undefined && { Refresh: `0; url=${reply.refresh}` }),
      'Content-Length': Buffer.byteLength(text),
    })
    .end(text);
}

/** The JWK Set (RFC 7517 §5): to be kept for as long as a key is published before it signs. */
export function sendKeys(response: ServerResponse, { jwks }: KeySet): void {
  const body = JSON.stringify(jwks);
  response
    .writeHead(200, {
      'Content-Type': 'application/jwk-set+json',
      'Content-Length': Buffer.byteLength(body),
      'Cache-Control': 'public, max-age=300',
      'Access-Control-Allow-Origin': '*',
      'X-Content-Type-Options': 'nosniff',
    })
    .end(body);
}

/** Who we are as a client (Client ID Metadata Document §4.1). Who reads it may keep it for as long as a sign-in takes. */
export function sendClientDocument(
  response: ServerResponse,
  document: Readonly<Record<string, unknown>> | undefined,
): void {
  if (document === undefined)
    throw authServerError('OAUTH_PATH_UNKNOWN', 'no MCP server has a client of ours by that name');
  const body = JSON.stringify(document);
  response
    .writeHead(200, {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(body),
      'Cache-Control': 'public, max-age=300',
      'X-Content-Type-Options': 'nosniff',
    })
    .end(body);
}

/** What a page of any origin may ask for keys and registration. No cookie counts at either, so none is let along. */
export function sendPreflight(response: ServerResponse, methods: string): void {
  response
    .writeHead(204, {
      'Access-Control-Allow-Origin': '*',
      'Access-Control-Allow-Methods': methods,
      'Access-Control-Allow-Headers': 'Authorization, Content-Type, MCP-Protocol-Version',
      'Access-Control-Max-Age': '3600',
    })
    .end();
}

export function sendRegistration(response: ServerResponse, { status, body, headers }: RegistrationAnswer): void {
  response.writeHead(status, {
    ...headers,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    // For clients that run in a page: what registers is nobody, and the answer is for whoever asked.
    'Access-Control-Allow-Origin': '*',
    ...(body !== undefined && { 'Content-Type': 'application/json' }),
  });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

/** Whether whoever asked is to know what was wrong: what is on our side is for whoever runs this. */
export const isTold = (error: unknown): error is ChatelaineError =>
  error instanceof ChatelaineError && error.status < 500;

/** What went wrong: in the shape of RFC 6749 §5.2 for programs, and as a page for browsers. */
export function sendFault(
  { headers }: IncomingMessage,
  response: ServerResponse,
  error: unknown,
  { requestId, pages }: { readonly requestId: string; readonly pages: Pick<Interactions, 'page'> },
): void {
  const told = isTold(error) ? error : undefined;
  const status = told?.status ?? 503;
  const refusal = {
    error: told !== undefined && status !== 429 ? 'invalid_request' : 'temporarily_unavailable',
    description: told?.message ?? `the server met a fault of its own; its log has it under \`${requestId}\``,
  };
  const seconds = told?.details?.['retryAfterSeconds'] ?? (status === 503 ? 1 : undefined);
  const allow = told?.details?.['allow'];
  const more: Record<string, string> = {
    ...(typeof seconds === 'number' && { 'Retry-After': String(seconds) }),
    ...(typeof allow === 'string' && { Allow: allow }),
  };
  if (/\btext\/html\b/.test(headers.accept ?? '')) {
    const page = pages.page('That did not work', errorBody({ ...refusal, client: undefined, requestId }));
    return sendPage(response, { status, page, headers: { ...more, Connection: 'close' } });
  }
  response
    .writeHead(status, {
      'Content-Type': 'application/json',
      'Cache-Control': 'no-store',
      Connection: 'close',
      ...more,
    })
    .end(JSON.stringify({ error: refusal.error, error_description: refusal.description }));
}
