import type { IncomingMessage } from 'node:http';
import type { ChatelaineError } from '#kernel';
import { gatewayError } from '../errors.ts';

/**
 * The body of a request, whole, at most `limit` bytes: refused by its declared length before a byte
 * is kept, and while it arrives when it declared none. Compressed bodies are refused (a small one
 * can unpack to gigabytes, and no MCP client sends any).
 */
export function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (request.headers['content-encoding'] !== undefined && request.headers['content-encoding'] !== 'identity') {
      return reject(
        gatewayError(
          'MEDIA_TYPE_UNSUPPORTED',
          `the body is encoded as \`${request.headers['content-encoding']}\`; send it unencoded`,
        ),
      );
    }
    const declared = Number(request.headers['content-length'] ?? 0);
    if (declared > limit) return reject(tooLarge(limit));
    let first: Buffer | undefined;
    let rest: Buffer[] | undefined;
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) {
        request.removeAllListeners('data');
        request.resume();
        return reject(tooLarge(limit));
      }
      // Nearly every call fits one chunk: no list, no copy.
      if (first === undefined) first = chunk;
      else (rest ??= [first]).push(chunk);
    });
    request.on('end', () => resolve(rest === undefined ? (first ?? Buffer.alloc(0)) : Buffer.concat(rest)));
    request.on('error', reject);
    request.on('close', () => reject(gone));
  });
}

const gone = new Error('the client went away before its request was complete');

const tooLarge = (limit: number): ChatelaineError =>
  gatewayError('BODY_TOO_LARGE', `the body is larger than ${limit} bytes`);

/** Whether the request says its body is JSON; parameters such as `charset=utf-8` are fine. */
export function isJson(request: IncomingMessage): boolean {
  const type = request.headers['content-type'];
  return type === 'application/json' || (type !== undefined && /^application\/json\s*(;|$)/i.test(type));
}
