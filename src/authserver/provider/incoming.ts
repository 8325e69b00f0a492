import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { authServerError } from '../errors.ts';

/** As the provider has it; a token request is some hundred bytes, a client assertion a few thousand. */
const MOST_BYTES = 64 * 1024;

/** The body of the request, as bytes. Throws `OAUTH_BODY_TOO_LARGE`. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > MOST_BYTES) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  // Not destroyed by being left: whoever sends too much is told so before the connection ends.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MOST_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const tooLarge = (): Error =>
  authServerError('OAUTH_BODY_TOO_LARGE', `the body of the request is larger than ${MOST_BYTES} bytes`);

/** What of a request is said in our words before the provider reads it. */
export interface Rewritten {
  /** Where clients reach the endpoint: what the provider builds URLs from, and compares `htu` and `aud` with. */
  readonly base: URL;
  /** Path and query. */
  readonly url?: string;
  readonly body?: Buffer;
  /** The `Cookie` header; null for none. */
  readonly cookie?: string | null;
}

/**
 * The request with other words in it, for the provider alone: a stream of its own, since the body of the real
 * one has been read, over the same connection.
 *
 * TLS may end in front of us, and `Host` is whatever the caller wrote: neither says where we are.
 */
export function rewritten(request: IncomingMessage, { base, url, body, cookie }: Rewritten): IncomingMessage {
  const headers = { ...request.headers, host: base.host };
  if (cookie === null) delete headers.cookie;
  else if (cookie !== undefined) headers.cookie = cookie;
  if (body !== undefined) {
    headers['content-length'] = String(body.length);
    delete headers['transfer-encoding'];
  }
  const stream = Readable.from(body === undefined ? [] : [body], { objectMode: false });
  return Object.assign(stream, {
    headers,
    base,
    url: url ?? request.url,
    originalUrl: url ?? request.url,
    method: request.method,
    socket: request.socket,
    connection: request.socket,
    httpVersion: request.httpVersion,
    httpVersionMajor: request.httpVersionMajor,
    httpVersionMinor: request.httpVersionMinor,
  }) as unknown as IncomingMessage;
}
