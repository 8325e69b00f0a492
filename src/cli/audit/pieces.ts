import { once } from 'node:events';
import type { Pieces } from '#http';
import type { TextSink } from '../context.ts';

/**
 * Writes what comes as it comes, and waits while whoever reads is slower: it may be larger than memory.
 * `onBytes` is told how much it was. Rejects as the pieces do.
 */
export async function writeAll(pieces: Pieces, sink: TextSink, onBytes: (bytes: number) => void): Promise<void> {
  const decoder = new TextDecoder();
  let bytes = 0;
  const write = async (text: string): Promise<void> => {
    if (sink.write(text) === false && 'once' in sink) await once(sink as NodeJS.WritableStream, 'drain');
  };
  for await (const piece of pieces) {
    bytes += typeof piece === 'string' ? Buffer.byteLength(piece) : piece.length;
    await write(typeof piece === 'string' ? piece : decoder.decode(piece, { stream: true }));
    onBytes(bytes);
  }
  await write(decoder.decode());
}

/** The lines that pieces make up, each without its end. Rejects as they do, which `node:readline` would not. */
export async function* linesOf(pieces: Pieces): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of pieces) {
    const lines = (rest + (typeof piece === 'string' ? piece : decoder.decode(piece, { stream: true }))).split('\n');
    rest = lines.pop() as string;
    yield* lines;
  }
  if (rest !== '') yield rest;
}
