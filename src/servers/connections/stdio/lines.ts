/** Lines out of chunks: one message a line (MCP, stdio). */

/**
 * Takes chunks and gives lines without their end, empty ones left out. Returns false, and is of no more use, when a
 * line is longer than `maxBytes`: its end is nowhere to be seen, and memory is everybody's.
 */
export function lineReader(maxBytes: number, line: (bytes: Buffer) => void): (chunk: Buffer) => boolean {
  let parts: Buffer[] = [];
  let size = 0;
  const give = (last: Buffer): void => {
    const whole = parts.length === 0 ? last : Buffer.concat([...parts, last], size + last.length);
    parts = [];
    size = 0;
    const bare = whole.at(-1) === CARRIAGE_RETURN ? whole.subarray(0, -1) : whole;
    if (bare.length > 0) line(bare);
  };
  return (chunk) => {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      if (size + at - from > maxBytes) return false;
      give(chunk.subarray(from, at));
      from = at + 1;
    }
    if (from < chunk.length) {
      parts.push(chunk.subarray(from));
      size += chunk.length - from;
    }
    return size <= maxBytes;
  };
}

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
