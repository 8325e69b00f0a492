import type { IncomingMessage } from 'node:http';
import type { ChatelaineError } from '#kernel';
import { gatewayError } from '../errors.ts';

/**
 * The body of a request, whole, at most `limit` bytes: refused by its declared length before a byte
 * is kept, and while it arrives when it declared none. Compressed bodies are refused (a small one
 * can unpack to gigabytes, and no MCP client sends any).
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity')
    throw gatewayError('MEDIA_TYPE_UNSUPPORTED', `the body is encoded as \`${encoding}\`; send it unencoded`);
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > limit) throw tooLarge(limit);
  // Nearly every request comes in one packet. Its body is then here one turn after its head, and taking
  // it as it stands saves the events of a stream, which cost more than all the rest of reading.
  await Promise.resolve();
  if (declared > 0 && request.readableLength === declared) return request.read() as Buffer;
  return collect(request, limit);
}

function collect(request: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) {
        request.removeAllListeners('data');
        request.resume();
        return reject(tooLarge(limit));
      }
      chunks.push(chunk);
    });
    request.on('end', () => resolve(Buffer.concat(chunks, size)));
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
