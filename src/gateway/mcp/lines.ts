import type { Readable } from 'node:stream';

const NEWLINE = 0x0a;

/**
 * The lines of a byte stream, without their ends; a line longer than `limit` bytes comes as undefined,
 * once, and is not kept. Bytes, not text: Node's `readline` also splits at U+2028 and U+2029, which may
 * stand inside a JSON string, and repairs what is not UTF-8 before anybody can refuse it.
 */
export async function* linesOf(input: Readable, limit: number): AsyncGenerator<Buffer | undefined, void> {
  let parts: Buffer[] = [];
  let size = 0;
  const take = (part: Buffer): void => {
    size += part.length;
    if (size <= limit) parts.push(part);
    else parts = [];
  };
  const line = (): Buffer | undefined => {
    const whole = size > limit ? undefined : Buffer.concat(parts, size);
    parts = [];
    size = 0;
    return whole;
  };
  try {
    for await (const chunk of input as AsyncIterable<Buffer>) {
      let start = 0;
      for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
        take(chunk.subarray(start, end));
        yield line();
        start = end + 1;
      }
      if (start < chunk.length) take(chunk.subarray(start));
    }
  } catch {
    // Input that breaks off, or is closed from here, has ended; half a line of it is none.
    return;
  }
  if (size > 0) yield line();
}
