import { pipeline, type Readable, type Transform } from 'node:stream';
import { constants, createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { egressError } from './errors.ts';

// An empty body under `Content-Encoding: gzip` (every HEAD has one) is no error; a body that was cut
// on its way is noticed by the framing of HTTP, not by the decoder.
const LENIENT_END = { finishFlush: constants.Z_SYNC_FLUSH };

/**
 * The body without its `Content-Encoding`. Several encodings stacked on each other serve nobody but
 * a decompression bomb, so one is understood and the rest is `EGRESS_UNREADABLE`.
 */
export function decompress(body: Readable, encoding: string): Readable {
  const decoder = decoderFor(encoding.trim().toLowerCase());
  if (decoder === undefined) return body;
  // `pipeline` ties both ends together: an abort of one, or a reader who stops early, ends the other.
  // The failure itself reaches the reader through the decoder.
  pipeline(body, decoder, () => {});
  return decoder;
}

function decoderFor(encoding: string): Transform | undefined {
  switch (encoding) {
    case '':
    case 'identity':
      return undefined;
    case 'gzip':
    case 'x-gzip':
      return createGunzip(LENIENT_END);
    case 'deflate':
      return createInflate(LENIENT_END);
    case 'br':
      return createBrotliDecompress({ finishFlush: constants.BROTLI_OPERATION_FLUSH });
    default:
      throw egressError('EGRESS_UNREADABLE', `the answer is encoded as \`${encoding}\`, which cannot be read`);
  }
}
