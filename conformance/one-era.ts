/**
 * What a server of one era answers to clients of the other, for a shim in front of one that serves both: by the header
 * that every stateless request has (MCP 2026-07-28, Streamable HTTP) and no request of a session that opens.
 */
import type { IncomingMessage } from 'node:http';

export type Era = 'stateless' | 'session';

export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const STATELESS = '2026-07-28';

/** Undefined for what a server of that era takes. */
export function refusedBy(era: Era, { method, headers }: IncomingMessage): Refusal | undefined {
  const isStateless = headers['mcp-protocol-version'] === STATELESS;
  if (era === 'session') {
    // As servers from before it say it: an error of no code that anybody agreed on.
    return isStateless ? json(400, { code: -32_000, message: 'Bad Request: Unsupported protocol version' }) : undefined;
  }
  if (isStateless) return undefined;
  if (method !== 'POST') return { status: 405, headers: { allow: 'POST' }, body: '' };
  return json(400, {
    code: -32_022,
    message: 'Unsupported protocol version',
    data: { supported: [STATELESS] },
  });
}

const json = (status: number, error: object): Refusal => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ jsonrpc: '2.0', id: null, error }),
});
