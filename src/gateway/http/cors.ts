import type { IncomingMessage } from 'node:http';

const EXPOSED =
  'Mcp-Session-Id, WWW-Authenticate, DPoP-Nonce, Retry-After, X-Request-Id, ETag, Link, Idempotency-Replayed';
const ALLOWED_HEADERS =
  'Authorization, DPoP, Content-Type, Accept, MCP-Protocol-Version, Mcp-Session-Id, Mcp-Method, Mcp-Name, Last-Event-ID, If-Match, If-None-Match, Idempotency-Key, traceparent, tracestate';

/**
 * Headers that let a page of a listed origin read the answer. The origin was checked before; nothing
 * is reflected that a person did not write into the configuration.
 */
export function corsHeaders(request: IncomingMessage, origins: ReadonlySet<string>): readonly string[] {
  const { origin } = request.headers;
  if (origin === undefined || !origins.has(origin)) return NONE;
  return ['Access-Control-Allow-Origin', origin, 'Vary', 'Origin', 'Access-Control-Expose-Headers', EXPOSED];
}

const NONE: readonly string[] = [];

/** The answer to a preflight; `Mcp-Param-*` and `*_token` headers are asked for by name and granted. */
export function preflightHeaders(request: IncomingMessage): readonly string[] {
  const asked = request.headers['access-control-request-headers'] ?? '';
  const extra = asked.split(',').filter((name) => /^\s*(mcp-param-[\w-]+|[\w.-]+_token)\s*$/i.test(name));
  return [
    'Access-Control-Allow-Methods',
    'GET, POST, PUT, PATCH, DELETE',
    'Access-Control-Allow-Headers',
    [ALLOWED_HEADERS, ...extra.map((name) => name.trim())].join(', '),
    'Access-Control-Max-Age',
    '600',
  ];
}
