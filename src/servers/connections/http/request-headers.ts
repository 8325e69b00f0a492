/**
 * Header fields that repeat the body, for who routes without reading it (MCP 2026-07-28, Streamable HTTP, Request
 * Metadata), and the form in which any text fits into one (ibid., Value Encoding).
 */
import { STATELESS_VERSION } from '../revision.ts';

export const POST_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  // Messages are small and close by: what unpacking costs, and may hide, is more than what it spares.
  'accept-encoding': 'identity',
};

/** The member of the params that `Mcp-Name` repeats, by method. */
const NAMED: ReadonlyMap<string, string> = new Map([
  ['tools/call', 'name'],
  ['prompts/get', 'name'],
  ['resources/read', 'uri'],
]);

/** The header fields of one request of the stateless era, but for those that the tool itself asks for. */
export function statelessHeaders(method: string, params: Readonly<Record<string, unknown>>): Record<string, string> {
  const headers: Record<string, string> = {
    ...POST_HEADERS,
    'mcp-protocol-version': STATELESS_VERSION,
    'mcp-method': encodeHeaderValue(method),
  };
  const member = NAMED.get(method);
  const name = member === undefined ? undefined : params[member];
  if (typeof name === 'string') headers['mcp-name'] = encodeHeaderValue(name);
  return headers;
}

const PLAIN = /^[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?$/;
const SENTINEL = /^=\?base64\?.*\?=$/;

/**
 * A text as a header value: as it is where it is plain ASCII without space at its ends, else as `=?base64?…?=`; so
 * too where it looks like that form already, which a reader would decode.
 */
export function encodeHeaderValue(text: string): string {
  if (text === '' || (PLAIN.test(text) && !SENTINEL.test(text))) return text;
  return `=?base64?${Buffer.from(text, 'utf8').toString('base64')}?=`;
}
